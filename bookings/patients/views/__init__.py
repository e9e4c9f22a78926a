"""The patient's side. A GET shows and never acts; a view loads, asks, makes one call, redirects."""
