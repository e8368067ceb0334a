"""What documents are called: ids are text, the same as in events, topics and logs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from events.envelope import partition_key
from events.topics import Aggregate
from events.values import ExternalId


def kind_of(aggregate: Aggregate) -> str:
    """The collection of an aggregate: `person`, of the topic `crm.contacts.person`."""
    return aggregate.topic.name.rpartition(".")[2]


def key_of(tenant: UUID, id: UUID) -> str:
    """The `_id` of an aggregate's document: the key of its events."""
    return partition_key(tenant, str(id)).decode()


def parts_of(key: str) -> tuple[str, str]:
    """(tenant, id) of a key."""
    tenant, _, id = key.partition(":")
    return tenant, id


def row_id(key: str, version: int) -> str:
    """The `_id` of a row of the journal: no version of a subject has two."""
    return f"{key}@{version}"


def text_of(*parts: str) -> str:
    """Parts as one text that no others make."""
    return msgspec.json.encode(parts).decode()


def external_id_text(item: ExternalId) -> str:
    return text_of(item.system, item.type, item.id)


def external_id_of(text: str) -> ExternalId:
    return ExternalId(*msgspec.json.decode(text))


def kept(value: Any) -> Any:
    """A value as documents have it."""
    return str(value) if isinstance(value, UUID) else value
