"""What clients do while the nemesis is at work: random commands, and reads of what they wrote."""
