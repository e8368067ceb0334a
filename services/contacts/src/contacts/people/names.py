"""Telling the parts of a person's name apart, as Russian and other names are built."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PATRONYMIC = re.compile(r".+(?:ович|евич|ьич|овна|евна|ична)", re.IGNORECASE)
_LONGEST_PART = 150


@dataclass(frozen=True, slots=True)
class PersonName:
    given: str
    family: str = ""
    patronymic: str = ""


def parts_of(full_name: str) -> PersonName:
    """The parts of a name written in one line.

    A patronymic shows by its ending and tells where the others stand: `Иванова
    Анна Петровна` and `Анна Петровна Иванова` are the same. Without one the
    given name comes first. A part beyond 150 characters is cut off: no name is
    so long, and what was typed stays in the lead.
    """
    words = [word[:_LONGEST_PART] for word in full_name.split()]
    match words:
        # The middle first: Роман Аркадьевич Абрамович has a family name like a patronymic.
        case [given, patronymic, family] if _PATRONYMIC.fullmatch(patronymic):
            return PersonName(given, family, patronymic)
        case [family, given, patronymic] if _PATRONYMIC.fullmatch(patronymic):
            return PersonName(given, family, patronymic)
        case [given, patronymic] if _PATRONYMIC.fullmatch(patronymic):
            return PersonName(given, patronymic=patronymic)
        case [given, *rest]:
            return PersonName(given, " ".join(rest)[:_LONGEST_PART].rstrip())
        case _:
            return PersonName("")
