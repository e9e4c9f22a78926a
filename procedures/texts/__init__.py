"""The texts of pages: rendered, checked, compared."""
