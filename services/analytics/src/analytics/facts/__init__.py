"""What happened, a row each: deals, spend, leads, touches. Each belongs to an owner."""
