"""Planted: a replica takes whatever comes for the newest, without a look at versions."""

from __future__ import annotations

import importlib
import sys
from typing import Any
from uuid import UUID

from chassis.decoding import AnyEvent
from chassis.inbox import Reaction, Replica, _Batch

_checked = _Batch.apply
_MARK = """
    insert into applied (consumer, topic, tenant, key, version) values ($1, $2, $3, $4, $5)
    on conflict (consumer, topic, tenant, key) do update set version = excluded.version
"""


async def apply(self: _Batch, handler: Replica | Reaction, events: list[AnyEvent]) -> None:
    if isinstance(handler, Reaction):
        await _checked(self, handler, events)
        return
    last = {(event.tenantid, UUID(event.subject)): event for event in events}
    ordered = [last[key] for key in sorted(last)]
    connection = self.kept._connection  # type: ignore[attr-defined]
    await handler.apply(connection, ordered)
    topic = handler.aggregate.topic.name
    for (tenant, subject), event in sorted(last.items(), key=_key):
        await connection.execute(_MARK, self.name, topic, tenant, subject, event.aggregateversion)


def _key(item: tuple[tuple[UUID, UUID], Any]) -> tuple[UUID, UUID]:
    return item[0]


def main(arguments: list[str]) -> int:
    _Batch.apply = apply  # type: ignore[method-assign]
    projection: Any = importlib.import_module("analytics.projection")
    projection._UPSERT = projection._UPSERT.partition("where {table}.version")[0]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
