"""What must be true after torture: pure functions of the history and the evidence."""
