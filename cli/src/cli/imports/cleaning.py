"""The declared rules of cleaning: what an import puts right, notes, and rejects.

`RULES` is the whole list; a report counts for each rule the rows it touched. The
functions below apply them to single values. They add the code of what they did
to `notes` and raise `Rejected` where a row cannot stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Generic, Literal, TypeVar

CENT = Decimal("0.01")
LONGEST_NAME = 200
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199

PRODUCT_ALIASES: Mapping[str, str] = {"gtxpro": "GTX Pro"}
INDUSTRY_SPELLINGS: Mapping[str, str] = {"technolgy": "technology"}
COUNTRY_SPELLINGS: Mapping[str, str] = {"philipines": "Philippines"}


@dataclass(frozen=True)
class Rule:
    """One rule: what happens to a row that it touches, and in which words."""

    code: str
    kind: Literal["put right", "noted", "rejected"]
    does: str


RULES: tuple[Rule, ...] = (
    Rule("white_space", "put right", "outer and repeated white space is taken away"),
    Rule("unicode_form", "put right", "letters written as several characters become one (NFC)"),
    Rule("letter_case", "put right", "a known name in other letters takes the known spelling"),
    Rule("product_alias", "put right", "GTXPro is GTX Pro"),
    Rule("industry_spelling", "put right", "technolgy is technology"),
    Rule("country_spelling", "put right", "Philipines is Philippines"),
    Rule("american_date", "put right", "M/D/YYYY is read as month, day, year"),
    Rule("dressed_number", "put right", "a dollar sign and thousands commas are taken away"),
    Rule("empty_value", "put right", "an empty value is not known (null)"),
    Rule("formula_text", "noted", "text that begins like a formula stays text; reports quote it"),
    Rule("without_customer", "noted", "a deal without a customer is accepted"),
    Rule("without_date", "noted", "a deal without a date of engaging is accepted"),
    Rule("list_price", "noted", "a deal not won is worth its product's list price: the stake"),
    Rule("value_not_kept", "noted", "the close value of a deal not won is not kept"),
    Rule("close_date_not_kept", "noted", "the close date of an open deal is not kept"),
    Rule("parent_not_known", "noted", "an owner that is not among the accounts is left out"),
    Rule("ownership_circle", "noted", "owners or managers that form a circle are left out"),
    Rule("malformed_row", "rejected", "the line is no record of the file"),
    Rule("missing_value", "rejected", "a value that a row must have is empty"),
    Rule("too_long", "rejected", "a text is longer than its field"),
    Rule("control_character", "rejected", "a text holds a control character"),
    Rule("duplicate", "rejected", "an earlier accepted row of the file has the same name or id"),
    Rule("not_known", "rejected", "an account, agent or product that no accepted row describes"),
    Rule("unknown_stage", "rejected", "a stage other than Prospecting, Engaging, Won, Lost"),
    Rule("unknown_office", "rejected", "an office whose time zone nobody has named"),
    Rule("not_a_date", "rejected", "no day of the calendar"),
    Rule("not_a_number", "rejected", "no amount or number of the expected size and precision"),
    Rule("negative", "rejected", "a negative amount or number"),
    Rule("close_before_engage", "rejected", "a deal closed before it was engaged"),
    Rule("closed_without_date", "rejected", "a won or lost deal without a close date"),
    Rule("won_without_value", "rejected", "a won deal without a close value"),
    Rule("refused", "rejected", "the platform refused it; its own words say why"),
)


class Rejected(Exception):
    """A row that cannot stand: the rule that says so, and why in words."""

    def __init__(self, code: str, why: str) -> None:
        self.code, self.why = code, why
        super().__init__(why)


Notes = list[str]
Entry = TypeVar("Entry")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FORMULA = ("=", "+", "-", "@")
_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_DRESSED = re.compile(r"-?\$? ?[0-9]{1,3}(?:,[0-9]{3}){0,4}(?:\.[0-9]{1,9})?|-?\$ ?[0-9.]{1,25}")


def record(cells: tuple[str, ...], fault: str | None) -> tuple[str, ...]:
    """The cells of a row that is a record; `fault` says why it is none."""
    if fault is not None:
        raise Rejected("malformed_row", fault)
    return cells


def refuse_seen(key: str, seen: Container[str], column: str, name: str) -> None:
    """Reject a row whose name or id an earlier row has."""
    if key in seen:
        raise Rejected("duplicate", f"{column} {name!r} appears in an earlier row already")


def text(value: str, column: str, notes: Notes, longest: int = LONGEST_NAME) -> str | None:
    """A cell as one line of text; None when it is empty."""
    cleaned = " ".join(value.split())
    if cleaned != value:
        notes.append("white_space")
    if not cleaned:
        notes.append("empty_value")
        return None
    if len(cleaned) > longest:
        raise Rejected("too_long", f"{column} has {len(cleaned)} characters; {longest} fit")
    if not cleaned.isprintable() and _CONTROL.search(cleaned):
        raise Rejected("control_character", f"{column} holds a control character")
    if not cleaned.isascii() and not unicodedata.is_normalized("NFC", cleaned):
        cleaned = unicodedata.normalize("NFC", cleaned)
        notes.append("unicode_form")
    if cleaned.startswith(_FORMULA):
        notes.append("formula_text")
    return cleaned


def required(value: str, column: str, notes: Notes, longest: int = LONGEST_NAME) -> str:
    """A cell as text that a row cannot do without."""
    cleaned = text(value, column, notes, longest)
    if cleaned is None:
        raise Rejected("missing_value", f"{column} is empty")
    return cleaned


def respelled(name: str, spellings: Mapping[str, str], code: str, notes: Notes) -> str:
    """`name`, or what `spellings` declares it to mean."""
    meant = spellings.get(name.casefold())
    if meant is None or meant == name:
        return name
    notes.append(code)
    return meant


def product_name(value: str, notes: Notes) -> str:
    """The product that a cell names."""
    name = required(value, "product", notes)
    return respelled(name, PRODUCT_ALIASES, "product_alias", notes)


def industry(value: str, notes: Notes) -> str | None:
    """The sector in small letters, spelled as it should be."""
    name = text(value, "sector", notes, longest=100)
    if name is None:
        return None
    if not name.islower():
        notes.append("letter_case")
    return respelled(name.lower(), INDUSTRY_SPELLINGS, "industry_spelling", notes)


def country(value: str, notes: Notes) -> str | None:
    """The country, spelled as it should be."""
    name = text(value, "office_location", notes, longest=100)
    if name is None:
        return None
    return respelled(name, COUNTRY_SPELLINGS, "country_spelling", notes)


def day(value: str, column: str, notes: Notes) -> date | None:
    """A day as Americans or ISO 8601 write it; None when the cell is empty."""
    found = _day(value)
    if found is None:
        cleaned = text(value, column, notes)
        if cleaned is None:
            return None
        found = _day(cleaned)
    if found is None:
        raise Rejected("not_a_date", f"{column} is {value.strip()!r}, which is no day (M/D/YYYY)")
    if "/" in value:
        notes.append("american_date")
    return found


@lru_cache(maxsize=8_192)
def _day(value: str) -> date | None:
    if match := _AMERICAN.fullmatch(value):
        month, day_, year = map(int, match.groups())
    elif match := _ISO.fullmatch(value):
        year, month, day_ = map(int, match.groups())
    else:
        return None
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    try:
        return date(year, month, day_)
    except ValueError:
        return None


def number(value: str, column: str, notes: Notes, places: int = 2) -> Decimal | None:
    """A number of at most `places` decimals, not negative; None when the cell is empty."""
    plain = value
    if not _NUMBER.fullmatch(value):
        cleaned = text(value, column, [])
        if cleaned is None:
            notes.append("empty_value")
            return None
        plain = _undressed(cleaned, column)
        notes.append("white_space" if plain == cleaned else "dressed_number")
    amount = Decimal(plain)
    if amount < 0:
        raise Rejected("negative", f"{column} is {plain}, less than nothing")
    if len(plain.partition(".")[2].rstrip("0")) > places:
        fits = f"at most {places} decimals fit" if places else "no whole number"
        raise Rejected("not_a_number", f"{column} is {plain}: {fits}")
    return abs(amount)


def _undressed(cleaned: str, column: str) -> str:
    if _DRESSED.fullmatch(cleaned):
        cleaned = cleaned.replace("$", "").replace(",", "").replace(" ", "")
    if not _NUMBER.fullmatch(cleaned):
        raise Rejected("not_a_number", f"{column} is {cleaned[:40]!r}, which is no number")
    return cleaned


def money(value: str, column: str, notes: Notes) -> Decimal | None:
    """An amount to the cent, below a million millions; None when the cell is empty."""
    amount = number(value, column, notes)
    if amount is None:
        return None
    if amount >= 10**12:
        raise Rejected("not_a_number", f"{column} is {amount}, beyond any deal")
    return amount.quantize(CENT)


def millions(value: str, column: str, notes: Notes) -> Decimal | None:
    """An amount given in millions, in units to the cent; None when the cell is empty."""
    amount = number(value, column, notes, places=8)
    if amount is None:
        return None
    if amount >= 10**9:
        raise Rejected("not_a_number", f"{column} is {amount} million, beyond any company")
    return (amount * 1_000_000).quantize(CENT)


def whole(value: str, column: str, notes: Notes, least: int, most: int) -> int | None:
    """A whole number from `least` to `most`; None when the cell is empty."""
    amount = number(value, column, notes, places=0)
    if amount is None:
        return None
    if not least <= amount <= most:
        raise Rejected("not_a_number", f"{column} is {amount}, not between {least} and {most}")
    return int(amount)


class Known(Generic[Entry]):
    """What earlier rows described, found by name whatever its letters' case."""

    def __init__(self, kind: str, file: str) -> None:
        self.kind, self.file = kind, file
        self._entries: dict[str, tuple[str, Entry]] = {}

    def add(self, name: str, entry: Entry) -> None:
        self._entries[name.casefold()] = (name, entry)

    def find(self, name: str, notes: Notes) -> Entry:
        """What is known by `name`; `Rejected` when nothing is."""
        found = self._entries.get(name.casefold())
        if found is None:
            raise Rejected(
                "not_known", f"{self.kind} {name!r} is not in {self.file}, or was rejected there"
            )
        if found[0] != name:
            notes.append("letter_case")
        return found[1]

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return (entry for _, entry in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)
