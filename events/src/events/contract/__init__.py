"""The published language for programs: JSON Schemas, AsyncAPI, and the rules of its evolution.

Everything here follows from the types beside it. `archive` keeps what was made
of them in version control; `documents` is what the gateway serves.
"""
