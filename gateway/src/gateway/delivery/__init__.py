"""What goes out to other systems, and what comes in from them."""
