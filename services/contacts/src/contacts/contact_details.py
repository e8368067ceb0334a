"""How a customer's details are written down: names, e-mails and phones in one form each.

What is kept in one form can be found, compared and not entered twice. Every
function here gives its own result back unchanged when applied to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.contacts import Address
from events.values import ExternalId

Emails = Annotated[tuple[Annotated[str, Meta(max_length=400)], ...], Meta(max_length=50)]
"""E-mails as clients send them, spaces around them and all."""
Phones = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=50)]
"""Phones as people write them."""
ExternalIds = Annotated[tuple[ExternalId, ...], Meta(max_length=50)]
"""What other systems call the record."""

_LONGEST_EMAIL = 320
_LONGEST_ADDRESS_PART = 300
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+?[0-9 ().\-\u00a0\u2010-\u2015]+")
_SHORTEST_PHONE, _LONGEST_PHONE = 3, 20
# 8 and ten digits is how Russia dials within itself; 3, 4, 7, 8 and 9 begin its area codes.
_RUSSIAN_TRUNK = re.compile(r"8[34789][0-9]{9}")
_RUSSIAN_WITHOUT_PLUS = re.compile(r"7[34789][0-9]{9}")


class EmailMalformed(RuleBroken):
    title = "This is not an e-mail address"


class PhoneMalformed(RuleBroken):
    title = "This is not a phone number"


class AddressTooLong(RuleBroken):
    title = "A part of the address is too long"


def spaced(text: str) -> str:
    """`text` without spaces around it and with single ones inside."""
    return " ".join(text.split())


def spaced_or_none(text: str | None) -> str | None:
    """As `spaced`; what is blank is not there at all."""
    return spaced(text) or None if text is not None else None


def normal_email(text: str) -> str:
    """The address trimmed, its domain in lower case; raises `EmailMalformed`."""
    trimmed = text.strip()
    mailbox, _, domain = trimmed.rpartition("@")
    email = f"{mailbox}@{domain.lower()}"
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise EmailMalformed(f"{trimmed[:100]!r} is not of the form name@domain", field="emails")
    return email


def normal_phone(text: str) -> str:
    """Digits, with a + where the country code is known; raises `PhoneMalformed`.

    `8 (916) 123-45-67`, as Russians dial, becomes `+79161234567`; `00` before a
    country code becomes `+`; a local number stays without +.
    """
    trimmed = text.strip()
    digits = re.sub(r"[^0-9]", "", trimmed)
    if not _PHONE.fullmatch(trimmed) or not _SHORTEST_PHONE <= len(digits) <= _LONGEST_PHONE:
        raise PhoneMalformed(
            f"{trimmed[:100]!r} is not a number of {_SHORTEST_PHONE} to {_LONGEST_PHONE} digits",
            field="phones",
        )
    if trimmed.startswith("+"):
        return "+" + digits
    if _RUSSIAN_TRUNK.fullmatch(digits):
        return "+7" + digits[1:]
    if _RUSSIAN_WITHOUT_PLUS.fullmatch(digits):
        return "+" + digits
    if digits.startswith("00") and len(digits) >= len("00") + 8:
        return "+" + digits[2:]
    return digits


def normal_emails(given: Iterable[str]) -> tuple[str, ...]:
    """Each address once, in the order given; case makes no difference between two."""
    by_key: dict[str, str] = {}
    for email in map(normal_email, given):
        by_key.setdefault(email_key(email), email)
    return tuple(by_key.values())


def normal_phones(given: Iterable[str]) -> tuple[str, ...]:
    """Each number once, in the order given."""
    return tuple(dict.fromkeys(map(normal_phone, given)))


def email_key(email: str) -> str:
    """By what two addresses are the same: no provider tells mailboxes apart by case."""
    return email.lower()


def normal_address(address: Address | None) -> Address | None:
    """The address with its parts spaced; one without any part is none."""
    if address is None:
        return None
    parts = {
        "country": spaced_or_none(address.country),
        "city": spaced_or_none(address.city),
        "line": spaced_or_none(address.line),
        "postcode": spaced_or_none(address.postcode),
    }
    for name, part in parts.items():
        if part is not None and len(part) > _LONGEST_ADDRESS_PART:
            raise AddressTooLong(
                f"{name} has more than {_LONGEST_ADDRESS_PART} characters", field=f"address.{name}"
            )
    return replace(address, **parts) if any(parts.values()) else None
