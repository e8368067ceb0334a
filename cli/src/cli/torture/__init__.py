"""Torture: random commands while a nemesis breaks things, and then: is everything still true?

`stage` sets the platform up between proxies, `workload` commands, `nemesis` breaks, `history`
records, `evidence` is what the databases and the broker hold afterwards, `checks` judge.
"""
