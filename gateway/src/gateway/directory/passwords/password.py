"""What a password is: long, hard to guess, and the same however a keyboard composes its letters.

How hard to guess is what zxcvbn says: it knows the passwords and words that are
tried first, and the dates, rows of keys and replaced letters that people trust in.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from msgspec import Meta
from zxcvbn import zxcvbn

from chassis.problems import RuleBroken

SHORTEST = 10

# Hashing an endless text would be work done for an attacker.
Password = Annotated[str, Meta(min_length=SHORTEST, max_length=1_000)]


# More than anybody tries at one login, and than a stolen hash of Argon2id is worth trying.
_FEWEST_GUESSES = 10**8
# Beyond it zxcvbn takes long, and the password is hard to guess or a repetition.
_LONGEST_JUDGED = 72
_LATIN_KEYS = str.maketrans(
    "йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
)


class PasswordTooEasy(RuleBroken):
    title = "This password is easy to guess"


def require_hard_to_guess(password: str) -> None:
    """Raise `PasswordTooEasy` for one of those that are tried first."""
    typed = unicodedata.normalize("NFKC", password)[:_LONGEST_JUDGED]
    # A Latin word on Russian keys, or a Russian word on Latin ones, is no secret.
    for spelling in {typed, typed.lower().translate(_LATIN_KEYS)}:
        if zxcvbn(spelling)["guesses"] < _FEWEST_GUESSES:
            raise PasswordTooEasy(
                "it is among the first that are tried: a few unrelated words are harder",
                field="password",
            )


def composed(password: str) -> bytes:
    """The bytes that are hashed: й typed as one letter or as two is one password."""
    return unicodedata.normalize("NFKC", password).encode()
