"""Snapshots: the newest state of everything of one kind, and the cursor to go on from."""
