"""What was acknowledged is stored; what nobody knows of happened once or not at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from cli.torture.checks.violation import Violation
from cli.torture.evidence import Entry, Evidence
from cli.torture.history import Operation

Effects = Mapping[str, Sequence[Entry]]
"""Marker -> what its command itself journalled; what others did about it is left out."""


def acknowledged_is_stored(history: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """Every version that an answer named is in the journal, caused by just that command."""
    everything = {(entry.topic, entry.subject, entry.version) for entry in evidence.journal}
    effects = effects_of(evidence.journal)
    for operation in history:
        answered = operation.answered
        if answered is None or not operation.is_command:
            continue
        done = {(e.subject, e.version) for e in effects.get(operation.marker, ())}
        for token in answered.written:
            topic, subject, version = parsed(token)
            if (topic, subject, version) not in everything:
                yield _about(operation, "stored", f"acknowledged, but not there: {token}")
            elif operation.tenant is not None and (subject, version) not in done:
                yield _about(operation, "stored", f"{token} belongs to another command")
        for subject, version in verdicts(operation) - done:
            what = f"a verdict says {subject}@{version}, the journal does not"
            yield _about(operation, "stored", what)


def happened_at_most_once(history: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """No command had its effect twice, none had one that was refused, all answers agree."""
    effects = effects_of(evidence.journal)
    for operation in history:
        if not operation.is_command or operation.tenant is None:
            continue
        done = effects.get(operation.marker, ())
        if operation.outcome == "fail" and done:
            yield _about(operation, "once", f"refused, and yet: {_listed(done)}")
        times = Counter(entry.subject for entry in done)
        if any(count > 1 for count in times.values()):
            yield _about(operation, "once", f"happened again: {_listed(done)}")
        made = [entry for entry in done if entry.version == 1]
        if len(made) > _most_made(operation):
            yield _about(operation, "once", f"made too many: {_listed(made)}")
        answers = [a.answer for a in operation.attempts if a.outcome == "ok"]
        if any(answer != answers[0] for answer in answers):
            yield _about(operation, "once", f"its answers differ: {answers}")


def answered_as_it_happened(
    history: Sequence[Operation], evidence: Evidence
) -> Iterator[Violation]:
    """An acknowledged command did neither more nor less than its answer says."""
    effects = effects_of(evidence.journal)
    for operation in history:
        answered = operation.answered
        if answered is None or not operation.is_command or operation.tenant is None:
            continue
        done = {(entry.subject, entry.version) for entry in effects.get(operation.marker, ())}
        if bool(done) != bool(answered.written):
            what = f"it says it wrote {answered.written}, it did {sorted(map(str, done))}"
            yield _about(operation, "answers", what)
        if isinstance(answered.answer, list) and done != verdicts(operation):
            yield _about(operation, "answers", "the verdicts are not what was journalled")


def nobody_met_a_bug(history: Sequence[Operation], _: Evidence) -> Iterator[Violation]:
    """Whatever breaks, it is answered as what it is, never as an error of the platform's own."""
    for operation in history:
        for attempt in operation.attempts:
            if attempt.said.startswith("500"):
                yield _about(operation, "answers", f"answered with {attempt.said}")


def effects_of(journal: Sequence[Entry]) -> Effects:
    effects: dict[str, list[Entry]] = defaultdict(list)
    for entry in journal:
        if not entry.is_reaction:
            effects[entry.marker].append(entry)
    return effects


def verdicts(operation: Operation) -> set[tuple[UUID, int]]:
    """(id, version) of everything that a bulk request says it wrote."""
    answered = operation.answered
    if answered is None or not isinstance(answered.answer, list):
        return set()
    return {
        (UUID(id), version)
        for verdict, id, version in answered.answer
        if verdict in ("created", "updated")
    }


def parsed(token: str) -> tuple[str, UUID, int]:
    """The topic, subject and version of `topic/id@version`."""
    place, _, version = token.rpartition("@")
    topic, _, subject = place.partition("/")
    return topic, UUID(subject), int(version)


def _most_made(operation: Operation) -> int:
    if not operation.creates:
        return 0
    body = operation.body
    return len(body["items"]) if isinstance(body, dict) and "items" in body else 1


def _listed(entries: Sequence[Entry]) -> str:
    return ", ".join(f"{e.topic}/{e.subject}@{e.version} {e.verb}" for e in entries[:5])


def _about(operation: Operation, check: str, what: str) -> Violation:
    return Violation(check, f"{operation.kind}: {what}", operation.number)
