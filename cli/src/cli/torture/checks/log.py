"""The gateway's log: every version once, in one order for each tenant, and the newest beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from cli.torture.checks.violation import Violation
from cli.torture.evidence import Evidence, Subject, newest
from cli.torture.history import Operation


def the_log_is_what_was_journalled(
    _: Sequence[Operation], evidence: Evidence
) -> Iterator[Violation]:
    """Every version of every record, each once; none is forgotten within a day."""
    logged = [(subject, version) for _, subject, version in evidence.log]
    journalled = {(entry.of, entry.version) for entry in evidence.journal}
    if len(logged) != len(set(logged)):
        yield Violation("log", f"{len(logged) - len(set(logged))} versions are there twice")
    for subject, version in journalled ^ set(logged):
        what = f"version {version} of {subject[0]}/{subject[2]} is in one of the two alone"
        yield Violation("log", what)
    last = {subject: entry.version for subject, entry in newest(evidence.journal).items()}
    for subject in last.keys() | evidence.heads.keys():
        if last.get(subject) != evidence.heads.get(subject):
            yield Violation("log", f"the newest of {subject[0]}/{subject[2]} is another")


def the_log_has_one_order_without_holes(
    _: Sequence[Operation], evidence: Evidence
) -> Iterator[Violation]:
    """A tenant's numbers are 1, 2, 3, …, and the versions of a record rise along them."""
    expected: dict[UUID, int] = defaultdict(int)
    reached: dict[Subject, int] = {}
    for sequence, subject, version in sorted(evidence.log):
        expected[subject[1]] += 1
        if sequence != expected[subject[1]]:
            yield Violation("log", f"{sequence} stands where {expected[subject[1]]} should")
            expected[subject[1]] = sequence
        if version <= reached.get(subject, 0):
            yield Violation("log", f"{subject[0]}/{subject[2]} goes back to version {version}")
        reached[subject] = version
