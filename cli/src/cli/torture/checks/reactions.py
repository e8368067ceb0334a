"""What services do when others speak happened exactly once: a form becomes a lead, and so on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from cli.torture.checks.violation import Violation
from cli.torture.evidence import Entry, Evidence, newest
from cli.torture.history import Operation

LEAD, TOUCH, DEAL, PERSON = (
    "crm.marketing.lead",
    "crm.contacts.touch",
    "crm.sales.deal",
    "crm.contacts.person",
)
TENANT, PIPELINE = "crm.directory.tenant", "crm.sales.pipeline"


def every_lead_became_a_deal_once(
    history: Sequence[Operation], evidence: Evidence
) -> Iterator[Violation]:
    """One touch with a person, one deal, one conversion: of each lead, and of nothing else."""
    touches, deals = _of_leads(evidence.journal, TOUCH), _of_leads(evidence.journal, DEAL)
    people = {entry.subject for entry in evidence.journal if entry.topic == PERSON}
    leads = {e.subject: e for e in newest(evidence.journal).values() if e.topic == LEAD}
    for id, lead in leads.items():
        yield from _one(id, "touches", touches.pop(id, []))
        yield from _one(id, "deals", made := deals.pop(id, []))
        state = lead.state or {}
        if state.get("status") != "converted" or lead.version != 2:
            what = f"lead {id} is {state.get('status')} at version {lead.version}"
            yield Violation("reactions", what)
        elif made and state["deal"] != str(made[0].subject):
            yield Violation("reactions", f"lead {id} became another deal: {state['deal']}")
        customer = state.get("customer")
        if customer is not None and UUID(customer["id"]) not in people:
            yield Violation("reactions", f"lead {id} became nobody: {customer}")
    for id in touches.keys() | deals.keys():
        yield Violation("reactions", f"there is no lead {id}, but what should follow from it")
    for operation in history:
        answered = operation.answered
        if operation.kind == "submit form" and answered is not None:
            lead_id = UUID(answered.answer["lead"])
            if lead_id not in leads:
                what = f"the acknowledged lead {lead_id} is not there"
                yield Violation("reactions", what, operation.number)


def every_tenant_began_with_a_pipeline(
    _: Sequence[Operation], evidence: Evidence
) -> Iterator[Violation]:
    """Sales welcomed each tenant once."""
    tenants = {entry.tenant for entry in evidence.journal if entry.topic == TENANT}
    welcomed: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in evidence.journal:
        if entry.topic == PIPELINE and entry.is_reaction and entry.verb == "created":
            welcomed[entry.tenant].append(entry)
    for tenant in tenants | welcomed.keys():
        if tenant not in tenants or len(welcomed[tenant]) != 1:
            what = f"tenant {tenant} was welcomed {len(welcomed[tenant])} times"
            yield Violation("reactions", what)


def _of_leads(journal: Sequence[Entry], topic: str) -> dict[UUID, list[Entry]]:
    """The first versions of records of a topic that name a lead, by lead."""
    found: dict[UUID, list[Entry]] = defaultdict(list)
    for entry in journal:
        if entry.topic == topic and entry.version == 1 and entry.state is not None:
            lead = entry.state.get("lead")
            if lead is not None:
                found[UUID(lead)].append(entry)
    return found


def _one(lead: UUID, what: str, found: Sequence[Entry]) -> Iterator[Violation]:
    if len(found) != 1:
        ids = [str(entry.subject) for entry in found]
        yield Violation("reactions", f"lead {lead} has {len(found)} {what}: {ids}")
