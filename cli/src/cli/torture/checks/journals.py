"""Journals are whole: versions without a gap, and the last of each is what the table holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cli.torture.checks.violation import Violation
from cli.torture.evidence import Evidence, Subject, newest
from cli.torture.history import Operation


def versions_are_contiguous(_: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """The versions of every key are 1, 2, 3, ..., in the order of the journal."""
    versions: dict[Subject, list[int]] = defaultdict(list)
    for entry in evidence.journal:
        versions[entry.of].append(entry.version)
    for (topic, _tenant, subject), found in versions.items():
        if found != list(range(1, len(found) + 1)):
            yield Violation("versions", f"{topic}/{subject} has the versions {found}")


def tables_are_the_last_version(_: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """Every record is as its newest event says, and there is none besides."""
    last = {(entry.tenant, entry.subject): entry for entry in newest(evidence.journal).values()}
    for key, entry in last.items():
        stored = evidence.records.get(key)
        told = None if entry.state is None else (entry.version, entry.state)
        if stored != told:
            what = f"{entry.topic}/{entry.subject}: stored {stored}, journalled {told}"
            yield Violation("tables", what[:1_000])
    for tenant, id in evidence.records.keys() - last.keys():
        yield Violation("tables", f"{id} of {tenant} was never journalled")
