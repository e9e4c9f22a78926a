"""The manager's side of the desk: accounts, and what was done to them."""
