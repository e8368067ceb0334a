"""How personal data is masked: enough is left to tell two apart, too little to reach anybody.

| mask | leaves | as |
|---|---|---|
| email | the first letter and the domain | `i…@example.ru` |
| phone | the last two digits | `...67` |
| initials | the first letter of each word | `И. П.` |

What is masked has the form that the field asks for, and masking it again changes
nothing. A list is masked entry by entry: how many there are can be seen, as can whether
there is anything at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from events.topics import Mask

_LEFT_OF_PHONES = 2


def masked(value: Any, mask: Mask) -> Any:
    """`value`, as decoded JSON, with `mask` over every text in it; None for what is no text."""
    if isinstance(value, str):
        return _MASKS[mask](value) if value else value
    if isinstance(value, list):
        return [masked(entry, mask) for entry in value]
    return None


def _email(text: str) -> str:
    mailbox, at, domain = text.rpartition("@")
    return f"{mailbox[:1]}…@{domain}" if at else f"{text[0]}…"


def _phone(text: str) -> str:
    digits = [letter for letter in text if letter.isascii() and letter.isdigit()]
    return "..." + "".join(digits[-_LEFT_OF_PHONES:])


def _initials(text: str) -> str:
    return " ".join(f"{word[0]}." for word in text.split())


_MASKS: Mapping[Mask, Callable[[str], str]] = {
    "email": _email,
    "phone": _phone,
    "initials": _initials,
}
