"""Every event reached every consumer that reads its topic, and nothing is left on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cli.torture.checks.violation import Violation
from cli.torture.evidence import CONSUMERS, Evidence, newest
from cli.torture.history import Operation


def every_consumer_has_applied(
    _: Sequence[Operation],
    evidence: Evidence,
    consumers: Mapping[str, tuple[str, ...]] = CONSUMERS,
) -> Iterator[Violation]:
    """What each consumer has applied of a key is its newest version, no less and no more."""
    last = newest(evidence.journal)
    for consumer, topics in consumers.items():
        for subject, entry in last.items():
            if subject[0] not in topics:
                continue
            applied = evidence.applied.get((consumer, subject), 0)
            if applied != entry.version:
                what = f"{consumer} is at {applied} of {entry.version}: {subject[0]}/{subject[2]}"
                yield Violation("delivery", what)
    for consumer, subject in evidence.applied:
        if subject not in last:
            yield Violation("delivery", f"{consumer} knows {subject[0]}/{subject[2]}: nobody's")


def nothing_waits(_: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """Outboxes are empty, no key is parked, nothing could not be decoded."""
    for place, count in evidence.waiting.items():
        if count:
            yield Violation("waiting", f"{place} holds {count}")


def the_broker_has_the_last_word(_: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """The last record of every key is its newest version: that is what compaction leaves."""
    for subject, entry in newest(evidence.journal).items():
        said = evidence.last_words.get(subject)
        if said != entry.version:
            what = f"{subject[0]}/{subject[2]} ends with {said}, the journal with {entry.version}"
            yield Violation("last word", what)
