"""What one can ask about working time, a function per question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from chassis.database import Database
from chassis.identity import Identity
from chassis.journal import encoder
from chassis.paging import Page, PageRequest
from events.directory import Department
from gateway.directory.departments.store import departments
from gateway.directory.users.store import users
from gateway.directory.working_time import public_holidays, questions
from gateway.directory.working_time.calendar import in_force
from gateway.directory.working_time.questions import Due, NoWorkingHours, Span, Task, Timetable
from gateway.directory.working_time.store import with_those_above
from gateway.directory.working_time.working_time import WorkingTime, zone_of

WorkingTimes = Mapping[UUID, WorkingTime | None]
"""By department; None where nobody has said when work is done."""


async def timetable(database: Database, identity: Identity, id: UUID, span: Span) -> Timetable:
    """When a department works on these days, and why not; holidays in one's own language."""
    return questions.timetable(*await _known(database, identity, id), span)


async def due(database: Database, identity: Identity, id: UUID, task: Task) -> Due:
    """By when a task is done if the department begins with it at its start."""
    return questions.due(*await _known(database, identity, id), task)


async def openings(database: Database, identity: Identity, page: PageRequest, at: datetime) -> Page:
    """A page of the departments that one may see: who is open, and until or from when."""
    found = await departments.page(database, identity, page)
    shown = [departments.decode(state) for state in found.states]
    times = await working_times(database, identity.tenant, [of.id for of in shown])
    answers = (questions.opening(of, times[of.id], at) for of in shown)
    return Page([encoder.encode(answer).decode() for answer in answers], found.next_cursor)


async def working_times(
    database: Database, tenant: UUID, ids: Iterable[UUID], language: str = "en"
) -> WorkingTimes:
    """The working times of departments of a tenant; holidays are named in `language`."""
    wanted = list(ids)
    tree = await with_those_above(database, tenant, wanted)
    if any(department.holidays is not None for department in tree.values()):
        await public_holidays.loaded()
    return {id: _working_time(tree[id], tree, language) for id in wanted}


async def _known(
    database: Database, identity: Identity, id: UUID
) -> tuple[Department, WorkingTime]:
    """A department and its working time; raises `NotFound` and `NoWorkingHours`."""
    _, state = await departments.read(database, identity, id)
    asking = await users.standing(database, identity.tenant, identity.user)
    language = "en" if asking is None else asking[0].language
    times = await working_times(database, identity.tenant, [id], language)
    department, working_time = departments.decode(state), times[id]
    if working_time is None:
        raise NoWorkingHours(f"{department.name} has none so far")
    return department, working_time


def _working_time(
    department: Department, tree: Mapping[UUID, Department], language: str
) -> WorkingTime | None:
    calendar = in_force(tree[id] for id in reversed(department.path) if id in tree)
    if calendar is None:
        return None
    holidays = calendar.holidays
    return WorkingTime(
        zone_of(department),
        calendar.week,
        {exception.date: exception for exception in calendar.exceptions},
        (lambda _: {})
        if holidays is None
        else partial(public_holidays.names, holidays, language=language),
    )
