"""What a patient sees: the form, the private page, and their buttons."""
