"""The gateway in a test: a real process, people who speak to it, services behind it.

Needs httpx, which only the tests install.
"""
