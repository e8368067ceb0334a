"""The local platform: PostgreSQL, the broker and every service as processes of this machine."""
