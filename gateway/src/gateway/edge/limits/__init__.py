"""How much one may ask: what is granted, and where it is counted."""
