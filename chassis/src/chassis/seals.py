"""Seals: what tells a row that its consumer wrote from one that somebody altered later.

The statement that writes a row of a projection also writes `seal`, a 64-bit hash
over the row's own columns; whoever changes a column by hand leaves a seal that
does not fit. PostgreSQL computes both, with the hash that decides where the rows of hash
partitions lie, and that therefore stays the same. It guards against accidents, not against somebody
who means to deceive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table of `tenant`, `id`, `version` and more, with a `seal` over all these columns."""

    name: str
    columns: tuple[str, ...]

    def seal(self, source: str) -> str:
        """The SQL expression of the seal of a row of `source`, which has the same columns."""
        listed = ", ".join(f"{source}.{column}" for column in sorted(self.columns))
        return f"hash_record_extended(row({listed}), 0)"


def begin_sealing(name: str, columns: Iterable[str]) -> list[str]:
    """The DDL after which a table has seals; the rows that are there count as they are."""
    table = SealedTable(name, tuple(columns))
    return [
        f"alter table {name} add column seal bigint",
        f"update {name} set seal = {table.seal(name)}",  # noqa: S608
        f"alter table {name} alter column seal set not null",
    ]


DEPARTMENT = SealedTable("department", ("tenant", "id", "version", "path", "time_zone"))
"""The replica of departments, which every service has."""
