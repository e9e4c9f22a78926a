"""What patients type. Forms validate; none writes."""
