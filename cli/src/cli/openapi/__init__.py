"""The public API as one document, and the Python client that is made of it."""
