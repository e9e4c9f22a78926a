"""What patients and staff type. Forms validate, in sentences that say what to do; none writes."""
