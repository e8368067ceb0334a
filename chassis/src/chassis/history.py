"""What became of a record: each of its versions, and the record as of a time, from the journal.

"As of" goes by the time at which the owner committed a version, not by when it
happened in the business: it answers what one could have known at that moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from chassis.database import Database
from chassis.fields import Sight
from chassis.journal import encoder
from chassis.paging import Page, cursor_of, limit_of, position_of
from chassis.problems import InvalidRequest
from events.topics import Aggregate

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_BEYOND_ALL = 2**63 - 1
_OF_THE_RECORD_ITSELF = ("id", "version")


class FieldChange(msgspec.Struct, frozen=True):
    """The value of a field before a version and after it."""

    before: Any
    after: Any


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a record: who made it of the one before, when, why, and what changed.

    The attributes are those of its event. The first version changes what differs
    from the defaults. A version whose content was erased shows no changes.
    """

    version: int
    type: str
    verb: str
    actor: str | None
    reason: str | None
    origin: str | None
    correlationid: str | None
    time: datetime
    recordedtime: datetime
    changed: dict[str, FieldChange]

    def seen_with(self, sight: Sight) -> Version:
        """The version as far as it may be seen."""
        before = sight.visible({name: change.before for name, change in self.changed.items()})
        after = sight.visible({name: change.after for name, change in self.changed.items()})
        changed = {name: FieldChange(before[name], after[name]) for name in before}
        time = self.time if sight.tells_time else self.recordedtime
        return msgspec.structs.replace(self, changed=changed, time=time)


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """What a history is asked for: `limit` versions, the newest first, those below `below`."""

    limit: int
    below: int

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> HistoryRequest:
        """From a query string of known parameters; `InvalidRequest` names what is wrong."""
        cursor = query.get("cursor")
        return cls(limit_of(query), _version_of(cursor) if cursor else _BEYOND_ALL)

    def page(self, versions: Sequence[Version]) -> Page:
        """The page that these versions, one more than the limit, make."""
        shown = versions[: self.limit]
        more = len(versions) > self.limit
        cursor = cursor_of(b"%d" % shown[-1].version) if more else None
        return Page([encoder.encode(version).decode() for version in shown], cursor)


def as_of(query: Mapping[str, str]) -> datetime | None:
    """The moment of the parameter `as_of`; None without it."""
    return moment(query, "as_of")


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """The moment of a parameter, in UTC; None without it."""
    text = query.get(name)
    if text is None:
        return None
    try:
        # In a query string a + that is not escaped arrives as a space.
        return msgspec.convert(text.replace(" ", "+"), _Moment).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise InvalidRequest(
            "a time with its offset, as 2026-07-01T12:00:00Z", field=name
        ) from None


async def versions(
    database: Database, aggregate: Aggregate, tenant: UUID, id: UUID, request: HistoryRequest
) -> list[Version]:
    """The versions of a record that `request` asks for, newest first, and one more."""
    rows = await database.pool.fetch(
        # Of a state that may be large only the changed fields are wanted.
        """select version, type, time, recordedtime,
                  body ->> 'actor' as actor, body ->> 'reason' as reason,
                  body ->> 'origin' as origin, body ->> 'correlationid' as correlationid,
                  coalesce(body #>> '{data,changed}', '{}') as before,
                  coalesce(case when version = 1 then body #>> '{data,after}' else (
                      select json_object_agg(field, body #> array['data', 'after', field])::text
                      from json_object_keys(body #> '{data,changed}') as field
                  ) end, '{}') as after
           from journal
           where tenant = $1 and subject = $2 and topic = $3 and version < $4
           order by version desc limit $5""",
        tenant,
        id,
        aggregate.topic.name,
        request.below,
        request.limit + 1,
    )
    return [
        _version(
            {
                **row,
                "before": msgspec.json.decode(row["before"]),
                "after": msgspec.json.decode(row["after"]),
            },
            aggregate,
        )
        for row in rows
    ]


async def state_as_of(
    database: Database, aggregate: Aggregate, tenant: UUID, id: UUID, at: datetime
) -> tuple[int, str] | None:
    """(version, state as JSON) of a record as it was recorded at `at`.

    None where it did not exist then, was deleted, or what it was is not kept.
    """
    row = await database.pool.fetchrow(
        """select version, body #>> '{data,after}' as state from journal
           where tenant = $1 and subject = $2 and topic = $3 and recordedtime <= $4
           order by version desc limit 1""",
        tenant,
        id,
        aggregate.topic.name,
        at,
    )
    return (row["version"], row["state"]) if row is not None and row["state"] else None


def version_of_event(body: str, recorded: datetime, aggregate: Aggregate) -> Version:
    """The version that an event of the journal tells of."""
    event = msgspec.json.decode(body)
    after, before = event["data"]["after"] or {}, event["data"].get("changed", {})
    if event["aggregateversion"] > 1:
        after = {name: after.get(name) for name in before} if after else {}
    return _version(
        {
            "version": event["aggregateversion"],
            "type": event["type"],
            "time": msgspec.convert(event["time"], datetime),
            "recordedtime": recorded,
            **{name: event.get(name) for name in ("actor", "reason", "origin", "correlationid")},
            "before": before,
            "after": after,
        },
        aggregate,
    )


def _version(row: Mapping[str, Any], aggregate: Aggregate) -> Version:
    before: dict[str, Any] = row["before"]
    after: dict[str, Any] = row["after"]
    if row["version"] == 1:
        before = _defaults(aggregate)
    return Version(
        version=row["version"],
        type=row["type"],
        verb=row["type"].split(".")[3],
        actor=row["actor"],
        reason=row["reason"],
        origin=row["origin"],
        correlationid=row["correlationid"],
        time=row["time"],
        recordedtime=row["recordedtime"],
        changed={
            name: FieldChange(before.get(name), value)
            for name, value in after.items()
            if name not in _OF_THE_RECORD_ITSELF and before.get(name) != value
        },
    )


def _defaults(aggregate: Aggregate) -> dict[str, Any]:
    """The fields of the aggregate's state that have a default, with it as JSON has it."""
    return {
        field.name: msgspec.json.decode(encoder.encode(field.default))
        for field in msgspec.structs.fields(aggregate.state)
        if field.default is not msgspec.NODEFAULT
    } | {
        field.name: field.default_factory()
        for field in msgspec.structs.fields(aggregate.state)
        if field.default_factory is not msgspec.NODEFAULT
    }


def _version_of(cursor: str) -> int:
    try:
        text = position_of(cursor).decode("ascii")
    except ValueError:
        text = ""
    if not text.isdigit() or len(text) > 18:
        raise InvalidRequest("not a cursor of this history", field="cursor")
    return int(text)
