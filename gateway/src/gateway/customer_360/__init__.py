"""A customer from all sides: what the services know, in one answer."""
