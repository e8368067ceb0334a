"""A small world in which everything is right: a history, and the evidence that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4, uuid5

from cli.torture.evidence import CONSUMERS, Entry, Evidence, newest
from cli.torture.history import Attempt, Operation

COMPANY, DEAL, LEAD, TOUCH, PERSON = (
    "crm.contacts.company",
    "crm.sales.deal",
    "crm.marketing.lead",
    "crm.contacts.touch",
    "crm.contacts.person",
)
_ROWS = {
    COMPANY: "customer_dimension",
    PERSON: "customer_dimension",
    DEAL: "deal_fact",
    LEAD: "lead_fact",
    TOUCH: "touch_fact",
}
_COLUMNS = {
    "customer_dimension": ("name",),
    "deal_fact": ("name", "status", "amount", "currency", "lead"),
    "lead_fact": ("status",),
    "touch_fact": ("status",),
}


@dataclass
class Model:
    """Plays operations and keeps what they leave behind."""

    tenant: UUID = field(default_factory=uuid4)
    history: list[Operation] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    clock: float = 0.0

    def create(self, topic: str) -> UUID:
        """A command that makes a record, acknowledged; its id."""
        operation = self._operation(f"create {topic}", "POST")
        operation.creates = True
        entry = self._write(topic, uuid4(), operation.marker, {"name": "a name"})
        self._answer(operation, entry)
        return entry.subject

    def change(self, topic: str, subject: UUID, *, acknowledged: bool = True) -> None:
        """A change of a record that the client had just seen."""
        operation = self._operation(f"change {topic}", "PATCH")
        before = self.last(subject)
        operation.subject, operation.seen_version = subject, before.version
        operation.edits = ("name",)
        state = {**(before.state or {}), "name": operation.marker}
        entry = self._write(topic, subject, operation.marker, state, changed={"name": "before"})
        self._answer(operation, entry if acknowledged else None)

    def read(self, subject: UUID) -> None:
        operation = self._operation("read", "GET")
        operation.subject = subject
        operation.attempts = [self._attempt("200", version=self.last(subject).version)]

    def refuse(self) -> None:
        """A command that had no effect, and says so."""
        operation = self._operation("change company", "PATCH")
        attempt = self._attempt("412")
        attempt.outcome = "fail"
        operation.attempts = [attempt]

    def submit(self) -> UUID:
        """A form, and everything that follows from it; the lead's id."""
        operation = self._operation("submit form", "POST")
        operation.creates = True
        mark, lead = operation.marker, uuid4()
        entry = self._write(LEAD, lead, mark, {"status": "captured"}, actor="form:1")
        self._answer(operation, entry, {"lead": str(lead)})
        person, touch, deal = (uuid5(lead, name) for name in ("person", "touch", "deal"))
        customer = {"type": "person", "id": str(person)}
        self._write(PERSON, person, mark, {"given_name": "x"}, actor="system:contacts")
        told = {"lead": str(lead), "status": "done", "customer": customer}
        self._write(TOUCH, touch, mark, told, actor="system:contacts")
        state = {"lead": str(lead), "status": "open", "name": "of a form", "amount": None}
        self._write(DEAL, deal, mark, state, actor="system:sales")
        converted = {"status": "converted", "deal": str(deal), "customer": customer}
        self._write(LEAD, lead, mark, converted, actor="system:marketing")
        return lead

    def evidence(self) -> Evidence:
        """What is found at rest."""
        last = newest(self.journal)
        found = Evidence(
            journal=list(self.journal),
            records={
                (entry.tenant, entry.subject): (entry.version, entry.state or {})
                for entry in last.values()
            },
            applied={
                (consumer, subject): entry.version
                for consumer, topics in CONSUMERS.items()
                for subject, entry in last.items()
                if subject[0] in topics
            },
            waiting={"sales: outbox": 0, "sales: parked": 0},
            last_words={subject: entry.version for subject, entry in last.items()},
        )
        for (topic, tenant, subject), entry in last.items():
            table, state = _ROWS[topic], entry.state or {}
            row = {name: state[name] for name in _COLUMNS[table] if name in state}
            if "amount" in row:
                row["currency"] = None
            rows = found.projections.setdefault(table, {})
            rows[tenant, subject] = {"version": entry.version, **row}
        return found

    def last(self, subject: UUID) -> Entry:
        return next(entry for entry in reversed(self.journal) if entry.subject == subject)

    def _operation(self, kind: str, method: str) -> Operation:
        operation = Operation(
            client=1,
            kind=kind,
            tenant=self.tenant,
            marker=str(uuid4()),
            method=method,
            path="/",
            number=len(self.history),
        )
        self.history.append(operation)
        return operation

    def _attempt(self, said: str, version: int | None = None) -> Attempt:
        self.clock += 1
        return Attempt(
            began=self.clock, ended=self.clock + 0.5, said=said, outcome="ok", version=version
        )

    def _answer(
        self, operation: Operation, entry: Entry | None, answer: dict[str, str] | None = None
    ) -> None:
        """Answer an operation; None loses the answer on its way."""
        attempt = self._attempt("200")
        if entry is None:
            attempt.outcome, attempt.said = "unknown", "TimeoutError"
        else:
            attempt.written = (f"{entry.topic}/{entry.subject}@{entry.version}",)
            attempt.version, attempt.answer = entry.version, answer
        operation.attempts = [attempt]

    def _write(
        self,
        topic: str,
        subject: UUID,
        marker: str,
        state: Mapping[str, object],
        *,
        actor: str = "somebody",
        changed: dict[str, object] | None = None,
    ) -> Entry:
        version = 1 + sum(entry.subject == subject for entry in self.journal)
        entry = Entry(
            tenant=self.tenant,
            topic=topic,
            subject=subject,
            version=version,
            type=f"{topic}.{'created' if version == 1 else 'changed'}.v1",
            actor=actor,
            marker=marker,
            changed=changed or {},
            state=dict(state),
        )
        self.journal.append(entry)
        return entry
