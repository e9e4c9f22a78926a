"""Public pages. They use no session and set no cookie, so that any cache may keep them."""
