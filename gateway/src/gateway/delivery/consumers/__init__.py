"""Named consumers: where a program has come to, kept for it, with how far it is behind."""
