"""Rebuilding projections from events, beside the live ones, and swapping them in.

`rebuild` runs it, `tables` makes and swaps what stands beside, `differences`
says how the live tables had strayed.
"""
