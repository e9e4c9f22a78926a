"""What other systems read of the diary: each through an address or a token of its own."""
