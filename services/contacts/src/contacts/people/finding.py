"""By what people are found, beside their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.search import searchable
from contacts.contact_details import email_key
from events.contacts import Person

FILTERS = {"company": "company"}
SEARCHED = ("family_name", "given_name", "patronymic", "emails", "phones")


def columns(person: Person) -> dict[str, Any]:
    """What queries filter, search and recognise people by."""
    return {
        "company": person.company,
        "addresses": addresses(person.emails, person.phones),
        "search": searchable(person, SEARCHED),
    }


def addresses(emails: Iterable[str], phones: Iterable[str]) -> list[str]:
    """By what two people are the same, of e-mails and phones in their normal form."""
    return [*map(email_key, emails), *phones]
