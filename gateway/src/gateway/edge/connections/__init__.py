"""Connections to the services behind the door: strict about framing, bounded, used again."""
