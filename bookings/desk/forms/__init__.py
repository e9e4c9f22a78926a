"""What staff type. Forms validate, and their errors say what to do; they never write."""
