"""Drafts of the papers that a clinic's data protection officer needs, filled in by the software."""
