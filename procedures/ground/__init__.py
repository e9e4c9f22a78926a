"""What both apps stand on. It knows neither pages nor requests."""
