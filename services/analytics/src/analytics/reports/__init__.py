"""What it all amounts to: a module per report, each its query and its answer.

A report reads facts only through `store.Reading`, within the reader's reach.
"""
