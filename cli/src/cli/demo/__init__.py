"""`./meridian demo`: an invented company and its half-year, played through the public API."""
