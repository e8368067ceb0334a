"""Facts from other systems: documents of an ERP, and what they say, version by version."""
