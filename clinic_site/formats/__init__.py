"""How the admin formats dates and times."""
