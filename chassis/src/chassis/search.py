"""Searching names as people type them: any case, accent, word order; Latin and Cyrillic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement

_MOST_WORDS = 8


def folded(parts: Iterable[str | None]) -> str:
    """The searchable text of `parts`: lower case, without accents, ё as е, one space between."""
    text = " ".join(part for part in parts if part)
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ё", "е"))
    # й and ё decompose into a letter and a mark; й is a letter of its own, so keep its mark.
    plain = "".join(
        c for c in decomposed if not unicodedata.combining(c) or c == "\N{COMBINING BREVE}"
    )
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", plain)).strip()


def matches(column: Column[str], search: str) -> list[ColumnElement[bool]]:
    """That every word of `search` occurs in a column of `folded` text."""
    words = folded([search]).split(" ")[:_MOST_WORDS]
    return [column.contains(word, autoescape=True) for word in words if word]
