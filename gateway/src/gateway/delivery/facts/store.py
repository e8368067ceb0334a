"""Every query of facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

from chassis.aggregates import AggregateStore
from chassis.paging import PageRequest
from chassis.problems import InvalidRequest
from chassis.schema import aggregate_table, metadata
from events.catalogue import FACT
from events.integration import Fact

TABLE = aggregate_table(
    "fact",
    metadata,
    Column("kind", Text),
    Column("system", Text),
    Column("document_type", Text),
    Column("document", Text),
    Column("customer", Uuid),
    Column("received_at", TIMESTAMP(timezone=True)),
)
SINCE = "since"


class FactStore(AggregateStore[Fact]):
    """Facts, each the newest version of its document; they belong to nobody."""

    single = frozenset({SINCE})

    def conditions(self, page: PageRequest) -> list[ColumnElement[bool]]:
        """As of every list; `since` is when the newest version was received, or later."""
        rest = {name: value for name, value in page.filters.items() if name != SINCE}
        found = super().conditions(PageRequest(page.limit, page.after, page.search, rest))
        if SINCE in page.filters:
            (moment, *more) = page.values(SINCE, datetime)
            if more or moment.tzinfo is None:
                raise InvalidRequest("one time, with its offset", field=SINCE)
            found.append(self.table.c.received_at >= moment)
        return found


def columns(fact: Fact) -> dict[str, Any]:
    """What queries filter facts by."""
    return {
        "kind": fact.kind,
        "system": fact.document.system,
        "document_type": fact.document.type,
        "document": fact.document.id,
        "customer": fact.customer.id if fact.customer is not None else None,
        "received_at": fact.received_at,
    }


facts = FactStore(
    FACT,
    TABLE,
    state=Fact,
    resource="facts",
    columns=columns,
    filters={
        "kind": "kind",
        "system": "system",
        "document_type": "document_type",
        "document": "document",
        "customer": "customer",
        SINCE: "received_at",
    },
)
