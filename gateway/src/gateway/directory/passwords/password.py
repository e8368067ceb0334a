"""What a password is: long enough, and the same however a keyboard composes its letters."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from msgspec import Meta

SHORTEST = 10

# Hashing an endless text would be work done for an attacker.
Password = Annotated[str, Meta(min_length=SHORTEST, max_length=1_000)]


def composed(password: str) -> bytes:
    """The bytes that are hashed: й typed as one letter or as two is one password."""
    return unicodedata.normalize("NFKC", password).encode()
