"""What customers and products are called, by us and by other systems, each name one text."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from events.integration import PartyRef, RecordRef
from events.values import ExternalId


class Called(msgspec.Struct):
    """Of a state, by what other systems may call it."""

    id: UUID
    external_ids: tuple[ExternalId, ...] = ()
    tax_id: str | None = None


def names_of(record: Called) -> list[str]:
    """Every name by which a fact may mean `record`."""
    names = [str(record.id), *map(name_of, record.external_ids)]
    return [*names, _of_taxpayer(record.tax_id)] if record.tax_id else names


def all_names(records: Iterable[Called]) -> list[str]:
    """Every name of each, once."""
    return list(dict.fromkeys(name for record in records for name in names_of(record)))


def meant(reference: PartyRef | RecordRef | None) -> str | None:
    """The name by which a fact means somebody or something: the first that it gives."""
    if reference is None:
        return None
    if reference.id is not None:
        return str(reference.id)
    if reference.external_id is not None:
        return name_of(reference.external_id)
    tax_id = reference.tax_id if isinstance(reference, PartyRef) else None
    return None if tax_id is None else _of_taxpayer(tax_id)


def name_of(external: ExternalId) -> str:
    """An external id as a text that no other makes."""
    return msgspec.json.encode((external.system, external.type, external.id)).decode()


def _of_taxpayer(tax_id: str) -> str:
    return f"tax {tax_id}"
