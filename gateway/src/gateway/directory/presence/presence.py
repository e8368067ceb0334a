"""Who is there: members of departments, whether they are absent, and who stands in for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from uuid import UUID

from msgspec import Struct

from chassis.clocks import zone
from chassis.paging import PageRequest
from chassis.problems import InvalidRequest
from events.directory import Absence, User
from gateway.directory.tags import tagged
from gateway.directory.working_time.questions import possible_moment

Absent = Mapping[UUID, Absence]
"""The absence that somebody is in, by user."""


class Member(Struct, kw_only=True):
    """Somebody of a department at a moment.

    `absent_until` is the last day of an absence; why somebody is absent, absences tell. `stand_in`
    is the deputy, or the deputy's deputy if that one is absent too, and so on; nobody, if there is
    none. `is_at_work` is, for who is not absent, whether their department is open; null where
    nobody has said when it is.
    """

    user: User
    is_absent: bool
    absent_until: date | None
    stand_in: UUID | None
    is_at_work: bool | None


@dataclass(frozen=True, slots=True)
class MembersRequest:
    """Which members are asked for: also those `below`, who know and speak all that is named."""

    at: datetime
    below: bool
    skills: list[str]
    languages: list[str]
    page: PageRequest

    @classmethod
    def parse(cls, query: Mapping[str, str], now: datetime) -> Self:
        """From a query string; values of one parameter are separated by commas."""
        below = query.get("below", "false")
        if below not in ("true", "false"):
            raise InvalidRequest("true or false", field="below")
        return cls(
            at=possible_moment(query, "at") or now,
            below=below == "true",
            skills=list(tagged(_values(query, "skill"))),
            languages=_values(query, "language"),
            page=PageRequest.parse(query),
        )


def _values(query: Mapping[str, str], name: str) -> list[str]:
    text = query.get(name, "")
    return text.split(",") if text else []


def absent_at(absences: Iterable[tuple[Absence, str]], at: datetime) -> Absent:
    """Who is absent at a moment: each absence goes by the clocks of its time zone."""
    return {
        absence.owner: absence
        for absence, time_zone in absences
        if absence.owner is not None
        and absence.starts_on <= at.astimezone(zone(time_zone)).date() <= absence.ends_on
    }


def stand_in(user: UUID, absent: Absent) -> UUID | None:
    """Who does the work of somebody absent: the first along the deputies who is not absent."""
    asked: set[UUID] = set()
    at: UUID | None = user
    while at is not None and at in absent:
        if at in asked:
            return None
        asked.add(at)
        at = absent[at].deputy
    return at


def member(user: User, absent: Absent, *, is_open: bool | None) -> Member:
    """What of a member is to be known, whose department `is_open`."""
    absence = absent.get(user.id)
    return Member(
        user=user,
        is_absent=absence is not None,
        absent_until=None if absence is None else absence.ends_on,
        stand_in=None if absence is None else stand_in(user.id, absent),
        is_at_work=is_open if absence is None else False,
    )
