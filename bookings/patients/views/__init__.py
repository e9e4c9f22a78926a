"""The patient's side. GET shows and never acts; a view loads, asks, makes one call, redirects."""
