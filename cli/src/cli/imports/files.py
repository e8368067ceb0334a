"""The four files as they lie on the disk: which of them are unusable, and their rows.

A file is inspected as a whole before anything is written anywhere: what makes it
unusable is said once, by `UnusableFile`. What is wrong with a single row is that
row's own affair.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

ENCODING = "utf-8-sig"
PIECE = 1 << 20
"""Bytes read at once; also the longest line that is still taken for a line."""


@dataclass(frozen=True)
class Layout:
    """A file's name and the columns that it must have, in the order rows are handed out."""

    file: str
    columns: tuple[str, ...]


ACCOUNTS = Layout(
    "accounts.csv",
    (
        "account", "sector", "year_established", "revenue", "employees", "office_location",
        "subsidiary_of",
    ),
)  # fmt: skip
PRODUCTS = Layout("products.csv", ("product", "series", "sales_price"))
SALES_TEAMS = Layout("sales_teams.csv", ("sales_agent", "manager", "regional_office"))
SALES_PIPELINE = Layout(
    "sales_pipeline.csv",
    (
        "opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date",
        "close_date", "close_value",
    ),
)  # fmt: skip
LAYOUTS = (ACCOUNTS, PRODUCTS, SALES_TEAMS, SALES_PIPELINE)


class UnusableFile(Exception):
    """A file that cannot be imported at all; `file` is its name, `why` names line or column."""

    def __init__(self, file: str, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}")


class Row(NamedTuple):
    """One record: the line it begins on, its cells in the layout's order.

    `fault` says why it is no record of this file; its cells are then as they stand.
    """

    line: int
    cells: tuple[str, ...]
    fault: str | None = None


class Source:
    """One inspected file: usable, with `lines` line breaks in it."""

    def __init__(self, layout: Layout, path: Path, lines: int) -> None:
        self.layout, self.path, self.lines = layout, path, lines

    def rows(self) -> Iterator[Row]:
        """Read the records one by one, however many there are; empty lines are passed over."""
        with self.path.open(encoding=ENCODING, newline="") as file:
            reader = csv.reader(file, strict=True)
            arranged = _arrangement(self.layout, _header(self.layout, reader))
            width = len(self.layout.columns)
            line = reader.line_num
            while True:
                start = line + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    line = reader.line_num
                    yield Row(start, (), _unreadable(error, start, line))
                    continue
                line = reader.line_num
                if len(cells) == width:
                    yield Row(start, arranged(cells))
                elif cells:
                    yield Row(
                        start, tuple(cells), f"{len(cells)} values where {width} are expected"
                    )


def inspect(directory: Path) -> dict[Layout, Source]:
    """Look all four files through; the first unusable one raises `UnusableFile`."""
    if not directory.is_dir():
        raise UnusableFile(str(directory), "is not a directory")
    return {layout: _inspect(layout, directory / layout.file) for layout in LAYOUTS}


def _inspect(layout: Layout, path: Path) -> Source:
    if not path.exists():
        raise UnusableFile(layout.file, f"is not in {path.parent}")
    try:
        lines = _decodable_lines(layout, path)
        with path.open(encoding=ENCODING, newline="") as file:
            _arrangement(layout, _header(layout, csv.reader(file, strict=True)))
    except OSError as error:
        raise UnusableFile(layout.file, f"cannot be read: {error.strerror}") from error
    return Source(layout, path, lines)


def _decodable_lines(layout: Layout, path: Path) -> int:
    """Count the line breaks of a file that is UTF-8 from its first byte to its last."""
    lines, rest = 0, b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if len(piece) == PIECE and b"\n" not in piece:
                raise UnusableFile(layout.file, f"line {lines + 1} is longer than {PIECE} bytes")
            rest = _decode(layout, rest + piece, lines)
            lines += piece.count(b"\n")
    if rest:
        raise _not_utf8(layout, lines + 1)
    return lines


def _decode(layout: Layout, content: bytes, lines: int) -> bytes:
    """What is left over: the first bytes of a character that goes on in the next piece."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return content[error.start :]
        raise _not_utf8(layout, lines + 1 + content[: error.start].count(b"\n")) from error
    return b""


def _not_utf8(layout: Layout, line: int) -> UnusableFile:
    return UnusableFile(
        layout.file, f"is not UTF-8 (line {line}); save it as 'CSV UTF-8' and import it again"
    )


def _header(layout: Layout, reader: Iterator[list[str]]) -> list[str]:
    """The names of the columns as the file has them, in small letters."""
    try:
        cells = next((cells for cells in reader if cells), None)
    except csv.Error as error:
        raise UnusableFile(layout.file, f"has no readable header: {error}") from error
    if cells is None:
        raise UnusableFile(layout.file, "is empty")
    return [cell.strip().casefold() for cell in cells]


def _arrangement(layout: Layout, header: list[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """What puts the cells of a row into the layout's order; columns that do not fit are named."""
    faults = [f"column {name!r} is missing" for name in layout.columns if name not in header]
    for position, name in enumerate(header, start=1):
        if not name:
            faults.append(f"column {position} has no name")
        elif name not in layout.columns:
            faults.append(f"column {_short(name)!r} is not known")
        elif header.index(name) != position - 1:
            faults.append(f"column {name!r} appears twice")
    if faults:
        raise UnusableFile(
            layout.file, f"{'; '.join(faults)} (expected: {', '.join(layout.columns)})"
        )
    first, *others = (header.index(name) for name in layout.columns)
    return itemgetter(first, *others)


def _unreadable(error: csv.Error, first: int, last: int) -> str:
    where = f"lines {first} to {last} are" if last > first else "the line is"
    return f"{where} not readable as CSV: {error}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
