"""Passwords: hashed so that nobody reads them, the same whichever keyboard typed them."""

import unicodedata

import pytest

from gateway.directory.passwords.hashing import Hashing
from gateway.directory.passwords.password import PasswordTooEasy, require_hard_to_guess

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


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "qwertyuiop",
        "йцукенгшщз",
        "пароль12345",
        "Password123!",
        "iloveyou2024",
        "aaaaaaaaaaaa",
        "x" * 1_000,
    ],
)
async def test_what_is_tried_first_is_no_password(hashing: Hashing, password: str) -> None:
    with pytest.raises(PasswordTooEasy):
        await hashing.hash(password)


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery", "лошадь батарея скрепка", "стол окно k7#Vq"]
)
def test_a_few_words_are_a_password(password: str) -> None:
    require_hard_to_guess(password)
