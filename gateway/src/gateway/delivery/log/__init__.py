"""The log: every event of every service, in one order for each tenant, and the newest of each."""
