"""What a text says: rendered, checked, compared."""
