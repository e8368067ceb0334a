"""Reasons: the managed list of why deals are won and lost."""
