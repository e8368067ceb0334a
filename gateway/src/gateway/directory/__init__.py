"""Who works here: tenants, departments, users, what they may do, and how they sign in."""
