"""What we ask of whoever wants an appointment, typed by patients or by colleagues for them."""
