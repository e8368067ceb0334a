"""Passwords: hashed so that nobody reads them, the same whichever keyboard typed them."""

import unicodedata

import pytest

from gateway.directory.passwords.hashing import Hashing

PASSWORD = "Ёжик и йод 2026"


@pytest.fixture
def hashing() -> Hashing:
    return Hashing(threads=1)


async def test_the_right_password_holds_and_no_other(hashing: Hashing) -> None:
    kept = await hashing.hash(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert await hashing.verify(kept, PASSWORD)
    assert not await hashing.verify(kept, PASSWORD.lower())


async def test_letters_composed_of_two_are_the_same_letters(hashing: Hashing) -> None:
    kept = await hashing.hash(unicodedata.normalize("NFC", PASSWORD))
    assert await hashing.verify(kept, unicodedata.normalize("NFD", PASSWORD))


async def test_nobody_has_no_password(hashing: Hashing) -> None:
    assert not await hashing.verify(None, "nobody")
