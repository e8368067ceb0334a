"""How one event is told to each of many: what several see alike is made once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from gateway.delivery.cursor import cursor_after
from gateway.delivery.log.entry import Entry
from gateway.delivery.stream import messages
from gateway.delivery.stream.filter import Filter, Side
from gateway.delivery.stream.messages import Changed, Removal, Removed
from gateway.delivery.stream.subscription import Subscription
from gateway.delivery.visibility import RESOURCES, Visibility


class _Data(msgspec.Struct):
    after: dict[str, Any] | None
    changed: dict[str, Any] = {}


class _Body(msgspec.Struct):
    data: _Data


_BODY = msgspec.json.Decoder(_Body)


class Telling:
    """An entry of a tenant's log on its way to readers."""

    def __init__(self, tenant: UUID, entry: Entry) -> None:
        self.entry = entry
        self._tenant = tenant
        self._made: dict[tuple[str, ...] | Removal, bytes] = {}

    def to(self, visibility: Visibility, subscription: Subscription) -> bytes | None:
        """The message for somebody; None where there is none."""
        seen = visibility.seen(self.entry) if subscription.takes(self.entry) else None
        if seen is None:
            return None
        if not self.entry.remains:
            return self._removed("deleted")
        if seen == "withdrawn":
            return self._removed("withdrawn")
        return self._whole(visibility, subscription.filter)

    def _whole(self, visibility: Visibility, filter: Filter | None) -> bytes | None:
        side = "inside" if filter is None else self._side(filter)
        if side == "inside":
            return self._changed(visibility.named(self.entry.topic, self._data.changed))
        return self._removed("filtered") if side == "left" else None

    def _side(self, filter: Filter) -> Side:
        data = self._data
        # Of what was emptied later nothing can be said.
        return "outside" if data.after is None else filter.side(data.after, data.changed)

    @cached_property
    def _data(self) -> _Data:
        return _BODY.decode(self.entry.body).data

    @cached_property
    def _id(self) -> str:
        return cursor_after(self._tenant, self.entry.sequence)

    @cached_property
    def _common(self) -> Mapping[str, Any]:
        entry = self.entry
        return {
            "resource": RESOURCES[entry.topic],
            "id": entry.subject,
            "type": entry.type,
            "version": entry.version,
        }

    def _changed(self, names: tuple[str, ...]) -> bytes:
        made = self._made.get(names)
        if made is None:
            told = Changed(**self._common, changed=names)
            made = self._made[names] = messages.changed(self._id, told)
        return made

    def _removed(self, reason: Removal) -> bytes:
        made = self._made.get(reason)
        if made is None:
            told = Removed(**self._common, reason=reason)
            made = self._made[reason] = messages.removed(self._id, told)
        return made
