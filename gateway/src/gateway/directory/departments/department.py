"""What a department is: a node of its tenant's tree, in a city and a time zone, with its hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.problems import RuleBroken
from events.directory import CalendarException, Department, Holidays, Languages, Week
from events.values import ExternalId, Name
from gateway.directory.tags import WrittenSkills, tagged
from gateway.directory.working_time.calendar import ordered_exceptions, ordered_week
from gateway.directory.working_time.public_holidays import known

Tree = Mapping[UUID, Department]
"""All departments of one tenant, by id."""

# Every request carries the path of who asks.
DEEPEST = 20


class DepartmentDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a department that clients set; without a parent it is below the root."""

    name: Name
    parent: UUID | None = None
    city: Annotated[str, Meta(max_length=200)] | None = None
    time_zone: Annotated[str, Meta(description="IANA name, as Asia/Vladivostok")]
    working_hours: Week | None = None
    holidays: Holidays | None = None
    calendar_exceptions: Annotated[tuple[CalendarException, ...], Meta(max_length=400)] = ()
    languages: Languages = ()
    skills: WrittenSkills = ()
    external_ids: tuple[ExternalId, ...] = ()


class UnknownTimeZone(RuleBroken):
    title = "There is no such time zone"


class UnknownParent(RuleBroken):
    title = "A department lies below one of the same tenant"


class DepartmentBelowItself(RuleBroken):
    title = "A department cannot lie below itself"


class RootStaysRoot(RuleBroken):
    title = "The first department stays above all others"


class TreeTooDeep(RuleBroken):
    title = f"Departments lie at most {DEEPEST} levels deep"


def root(id: UUID, *, name: str, city: str | None, time_zone: str) -> Department:
    """A tenant's first department."""
    return Department(
        id=id,
        version=0,
        department=id,
        name=name,
        path=(id,),
        city=city,
        time_zone=_known(time_zone),
    )


def created(id: UUID, draft: DepartmentDraft, tree: Tree) -> Department:
    """A new department as drafted."""
    parent = _parent(draft.parent, tree)
    return Department(
        id=id,
        version=0,
        department=id,
        parent=parent.id,
        path=_path(parent, tree, id),
        holidays=known(draft.holidays),
        **_drafted(draft),
    )


def changed(department: Department, draft: DepartmentDraft, tree: Tree) -> Department:
    """The department with the draft's fields, and the path that follows from them."""
    # Those that it has stay, whatever another version of the library makes of them.
    holidays = draft.holidays if draft.holidays == department.holidays else known(draft.holidays)
    after = replace(department, holidays=holidays, **_drafted(draft))
    if department.parent is None:
        if draft.parent is not None:
            raise RootStaysRoot("it has no parent", field="parent")
        return after
    parent = _parent(draft.parent, tree)
    if department.id in _upwards(parent, tree):
        raise DepartmentBelowItself(f"{parent.name} lies below {department.name}", field="parent")
    return replace(after, parent=parent.id, path=_path(parent, tree, department.id))


def repathed(tree: Tree) -> list[Department]:
    """The departments whose path does not follow from their parents, with the path that does."""
    return [
        replace(department, path=path)
        for department in tree.values()
        if (path := _path(department, tree)) != department.path
    ]


def _drafted(draft: DepartmentDraft) -> dict[str, Any]:
    """What is as the draft says, wherever the department lies."""
    return {
        "name": draft.name,
        "city": draft.city,
        "time_zone": _known(draft.time_zone),
        "working_hours": ordered_week(draft.working_hours),
        "calendar_exceptions": ordered_exceptions(draft.calendar_exceptions),
        "languages": tuple(dict.fromkeys(draft.languages)),
        "skills": tagged(draft.skills),
        "external_ids": draft.external_ids,
    }


def _parent(id: UUID | None, tree: Tree) -> Department:
    if id is None:
        return next(department for department in tree.values() if department.parent is None)
    try:
        return tree[id]
    except KeyError:
        raise UnknownParent(f"there is no department {id}", field="parent") from None


def _path(department: Department, tree: Tree, *below: UUID) -> tuple[UUID, ...]:
    """The ids from the root to `department`, and on to what lies `below` it."""
    path = (*reversed(list(_upwards(department, tree))), *below)
    if len(path) > DEEPEST:
        raise TreeTooDeep(f"this would be level {len(path)}", field="parent")
    return path


def _upwards(department: Department, tree: Tree) -> Iterator[UUID]:
    """The ids from `department` up to the root."""
    at: Department | None = department
    while at is not None:
        yield at.id
        at = tree[at.parent] if at.parent is not None else None


def _known(time_zone: str) -> str:
    if time_zone not in _time_zones():
        raise UnknownTimeZone(
            f"{time_zone!r} is no IANA name, as Asia/Vladivostok", field="time_zone"
        )
    return time_zone


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
