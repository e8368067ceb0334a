"""Servers and tools written in Go: built once from pinned modules, kept in the checkout's tools.

Each folder here is a module that names one program and every version it is made of.
"""
