"""Searching names as people type them: any case, accent, word order; Latin and Cyrillic."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement

_MOST_WORDS = 8


class _WithoutMarks(dict[int, int | None]):
    """A table for `str.translate` that takes accents away; filled with what texts hold."""

    def __missing__(self, code: int) -> int | None:
        letter = chr(code)
        # й and ё decompose into a letter and a mark; й is a letter of its own, so keep its mark.
        kept = not unicodedata.combining(letter) or letter == "\N{COMBINING BREVE}"
        self[code] = code if kept else None
        return self[code]


_WITHOUT_MARKS = _WithoutMarks()


def folded(parts: Iterable[str | None]) -> str:
    """The searchable text of `parts`: lower case, without accents, ё as е, one space between."""
    text = " ".join(part for part in parts if part)
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ё", "е"))
    plain = unicodedata.normalize("NFC", decomposed.translate(_WITHOUT_MARKS))
    return " ".join(plain.split())


def searchable(state: object, fields: Iterable[str]) -> str:
    """The searchable text of `fields` of a state: texts, lists of texts, or nothing."""
    parts: list[str | None] = []
    for field in fields:
        value = getattr(state, field)
        parts += value if isinstance(value, tuple) else (value,)
    return folded(parts)


def words_of(search: str) -> list[str]:
    """The words that all have to occur in what is found."""
    return [word for word in folded([search]).split(" ")[:_MOST_WORDS] if word]


def matches(column: Column[str], search: str) -> list[ColumnElement[bool]]:
    """That every word of `search` occurs in a column of `folded` text."""
    return [column.contains(word, autoescape=True) for word in words_of(search)]
