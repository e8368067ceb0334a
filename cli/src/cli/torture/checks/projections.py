"""Projections equal a fold of the journals: the newest state of each key, computed here anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from cli.torture.checks.violation import Violation
from cli.torture.evidence import Entry, Evidence, Row, newest
from cli.torture.history import Operation

TOPICS_OF: Mapping[str, tuple[str, ...]] = {
    "tenant_dimension": ("crm.directory.tenant",),
    "department_dimension": ("crm.directory.department",),
    "user_dimension": ("crm.directory.user",),
    "customer_dimension": ("crm.contacts.company", "crm.contacts.person"),
    "pipeline_dimension": ("crm.sales.pipeline",),
    "product_dimension": ("crm.sales.product",),
    "reason_dimension": ("crm.sales.reason",),
    "channel_dimension": ("crm.marketing.channel",),
    "campaign_dimension": ("crm.marketing.campaign",),
    "deal_fact": ("crm.sales.deal",),
    "spend_fact": ("crm.marketing.spend",),
    "lead_fact": ("crm.marketing.lead",),
    "touch_fact": ("crm.contacts.touch",),
}
DEPARTMENT = "crm.directory.department"


def projections_are_a_fold(_: Sequence[Operation], evidence: Evidence) -> Iterator[Violation]:
    """Every row of analytics is its key's newest state, in each value that the state has too."""
    last = newest(evidence.journal).values()
    for table, topics in TOPICS_OF.items():
        states = {
            (entry.tenant, entry.subject): entry
            for entry in last
            if entry.topic in topics and entry.state is not None
        }
        rows = evidence.projections.get(table, {})
        for key in states.keys() | rows.keys():
            wrong = _difference(states.get(key), rows.get(key))
            if wrong:
                yield Violation("projections", f"{table} {key[1]}: {wrong}")


def department_replicas_are_a_fold(
    _: Sequence[Operation], evidence: Evidence
) -> Iterator[Violation]:
    """Every service knows every department at its newest version, with its path."""
    last = {
        (entry.tenant, entry.subject): entry
        for entry in newest(evidence.journal).values()
        if entry.topic == DEPARTMENT
    }
    for service, rows in evidence.departments.items():
        if service == "gateway":
            continue
        for key, entry in last.items():
            row, state = rows.get(key), entry.state or {}
            path = "/" + "".join(f"{step}/" for step in state.get("path", ()))
            if row is None or (row["version"], row["path"]) != (entry.version, path):
                yield Violation("projections", f"{service} knows department {key[1]} as {row}")


def _difference(entry: Entry | None, row: Row | None) -> str:
    """What is wrong with a row, in words; nothing when it is right."""
    if entry is None or entry.state is None:
        return "there should be no such row"
    if row is None:
        return f"missing at version {entry.version}"
    if row["version"] != entry.version:
        return f"at version {row['version']} of {entry.version}"
    expected = _flat(entry.state)
    for column, value in row.items():
        if column in expected and not _same(value, expected[column]):
            return f"{column} is {value!r}, should be {expected[column]!r}"
    return ""


def _flat(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state by the names of columns: money is two of them, a customer its id."""
    flat = {name: value for name, value in state.items() if not isinstance(value, (dict, list))}
    for name, currency in (("amount", "currency"), ("cost", "cost_currency")):
        if name in state:
            money = state[name] or {}
            flat[name], flat[currency] = money.get("amount"), money.get("currency")
    if "customer" in state:
        flat["customer"] = (state["customer"] or {}).get("id")
    return flat


def _same(value: Any, told: Any) -> bool:
    """Whether a column's value is what JSON tells of it."""
    if value is None or told is None:
        return value is None and told is None
    if isinstance(value, Decimal):
        return bool(value == Decimal(str(told)))
    if isinstance(value, datetime):
        return bool(value == datetime.fromisoformat(told))
    told_as: object = str(value) if isinstance(value, (UUID, date)) else value
    return bool(told_as == told)
