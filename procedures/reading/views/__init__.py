"""Public pages. They ask for no session and set no cookie, so that any cache may hold them."""
