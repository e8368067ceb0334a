"""What became of every row: counted by file and rule, and written down whole on request."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self
from uuid import UUID

import msgspec

from cli.imports.cleaning import Rejected
from meridian_client import explain
from meridian_client.models import Verdict

EXAMPLES = 5
"""Rejected rows of each file that are kept for showing; the written report has them all."""

RowVerdict = Literal["created", "updated", "unchanged", "rejected"]
VERDICTS: tuple[RowVerdict, ...] = ("created", "updated", "unchanged", "rejected")
COLUMNS = ("file", "line", "record", "verdict", "why", "rules", "id")


class UnwritableReport(Exception):
    """The report cannot be written where, or as what, it is named."""


class ImportedRow(msgspec.Struct):
    """One row on its way: what it names, the rules that touched it, its item and verdict.

    `item` is what the row asks the platform for; a row without one was rejected
    here. What is in no row of any file (an office, a manager) has no `line`.
    """

    file: str
    line: int | None
    record: str
    rules: list[str]
    item: object | None = None
    verdict: RowVerdict | None = None
    why: str | None = None
    id: UUID | None = None

    def reject(self, rejected: Rejected) -> None:
        """The row cannot stand."""
        self.item, self.verdict, self.why = None, "rejected", rejected.why
        self.rules.append(rejected.code)

    def settle(self, verdict: Verdict) -> None:
        """The platform has spoken."""
        self.verdict = verdict.verdict
        self.id = None if verdict.verdict == "rejected" else verdict.id
        if verdict.problem is not None:
            self.why = explain(verdict.problem)
            self.rules.append("refused")


class Ledger(AbstractContextManager["Ledger"]):
    """The counts of an import, and its report when `report` names a file.

    The report is written row by row while the import runs, so that its size does
    not matter. Entering raises `UnwritableReport`.
    """

    def __init__(self, report: Path | None = None) -> None:
        self.files: dict[str, Counter[str]] = {}
        self.rules: Counter[str] = Counter()
        self.examples: list[ImportedRow] = []
        self._report = report
        self._file: IO[str] | None = None
        self._write: Callable[[ImportedRow], None] | None = None

    def __enter__(self) -> Self:
        if self._report is not None:
            suffix = self._report.suffix.lower()
            if suffix not in (".csv", ".json"):
                raise UnwritableReport(f"{self._report} ends neither in .csv nor in .json")
            try:
                self._file = self._report.open("w", encoding="utf-8", newline="")
            except OSError as error:
                raise UnwritableReport(f"{self._report}: {error.strerror}") from error
            self._write = _csv(self._file) if suffix == ".csv" else _json(self._file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            if self._report is not None and self._report.suffix.lower() == ".json":
                self._file.write("\n]\n" if self.files else "[]\n")
            self._file.close()

    def enter(self, row: ImportedRow) -> None:
        """Enter a row that has its verdict."""
        verdict = row.verdict or "rejected"
        counts = self.files.setdefault(row.file, Counter())
        counts[verdict] += 1
        self.rules.update(dict.fromkeys(row.rules, 1))
        if verdict == "rejected" and counts[verdict] <= EXAMPLES:
            self.examples.append(row)
        if self._write is not None:
            self._write(row)

    def enter_all(self, rows: Iterable[ImportedRow]) -> None:
        """Enter rows in their order."""
        for row in rows:
            self.enter(row)

    def rows(self, file: str) -> int:
        """How many rows of a file have been entered."""
        return self.files[file].total() if file in self.files else 0

    @property
    def rejected(self) -> int:
        """How many rows (and offices, managers) were rejected."""
        return sum(counts["rejected"] for counts in self.files.values())


def _csv(file: IO[str]) -> Callable[[ImportedRow], None]:
    writer = csv.writer(file)
    writer.writerow(COLUMNS)

    def write(row: ImportedRow) -> None:
        rules = " ".join(dict.fromkeys(row.rules))
        texts = (row.file, row.line, _harmless(row.record), row.verdict, _harmless(row.why or ""))
        writer.writerow((*texts, rules, row.id))

    return write


def _json(file: IO[str]) -> Callable[[ImportedRow], None]:
    encoder = msgspec.json.Encoder()
    before = "[\n"

    def write(row: ImportedRow) -> None:
        nonlocal before
        members = {name: getattr(row, name) for name in COLUMNS}
        members["rules"] = list(dict.fromkeys(row.rules))
        file.write(before + encoder.encode(members).decode())
        before = ",\n"

    return write


def _harmless(text: str) -> str:
    """`text` so that a spreadsheet which opens the report shows it and runs nothing."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
