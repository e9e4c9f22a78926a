"""British formats with a 24-hour clock, like the rest of the site."""
