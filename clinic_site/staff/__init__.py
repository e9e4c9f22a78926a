"""The accounts of staff: who has one and what for, how they sign in, and when that ends.

Neither app owns them: what a leaver leaves behind is in both. Only `accounts`, `sessions` and
`sign_ins` write.
"""
