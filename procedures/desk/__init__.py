"""What editors, reviewers and publishers see and decide."""
