"""As the rest of the site does: 24 hours."""
