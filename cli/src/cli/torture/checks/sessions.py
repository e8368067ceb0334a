"""What single clients may rely on: edits are not lost, and reads see what was acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from cli.torture.checks.commands import effects_of, parsed
from cli.torture.checks.violation import Violation
from cli.torture.evidence import Entry, Evidence
from cli.torture.history import Operation


def no_edit_is_lost(history: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """A change with If-Match went through only if nobody had changed its fields since."""
    versions: dict[UUID, dict[int, Entry]] = defaultdict(dict)
    for entry in evidence.journal:
        versions[entry.subject][entry.version] = entry
    effects = effects_of(evidence.journal)
    for operation in history:
        seen = operation.seen_version
        done = [e for e in effects.get(operation.marker, ()) if e.subject == operation.subject]
        if seen is None or not done:
            continue
        for version in range(seen + 1, done[0].version):
            between = versions[done[0].subject].get(version)
            overwritten = set(operation.edits) & set(between.changed if between else ())
            if overwritten:
                what = f"{operation.kind}: overwrote {overwritten} of version {version} unseen"
                yield Violation("edits", what, operation.number)


def reads_see_what_was_acknowledged(
    history: Sequence[Operation], _evidence: Evidence
) -> Iterator[Violation]:
    """No read that began after an answer shows an older version than that answer named."""
    acknowledged = sorted(_acknowledged(history))
    reads = sorted(
        ((attempt.began, operation, attempt.version)
         for operation in history if not operation.is_command
         for attempt in operation.attempts if attempt.outcome == "ok"),
        key=lambda read: read[0],
    )  # fmt: skip
    newest: dict[UUID, int] = {}
    at = 0
    for began, operation, version in reads:
        while at < len(acknowledged) and acknowledged[at][0] < began:
            _, subject, written = acknowledged[at]
            newest[subject] = max(newest.get(subject, 0), written)
            at += 1
        assert operation.subject is not None
        expected = newest.get(operation.subject, 0)
        if version is None or version < expected:
            what = f"{operation.kind}: read version {version}, {expected} was acknowledged"
            yield Violation("reads", what, operation.number)


def _acknowledged(history: Sequence[Operation]) -> Iterator[tuple[float, UUID, int]]:
    """(when, subject, version) of everything that answers named."""
    for operation in history:
        for attempt in operation.attempts:
            for token in attempt.written:
                _, subject, version = parsed(token)
                yield attempt.ended, subject, version
