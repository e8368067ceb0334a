"""What breaks things: a schedule that follows from the seed, and one module for each way."""
