"""Written by `./meridian language`: nothing here is changed by hand."""
