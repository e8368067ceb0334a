"""What one can ask about presence."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Database
from chassis.identity import Identity
from chassis.journal import encoder
from chassis.paging import Page
from events.directory import User
from gateway.directory.absences.store import absences
from gateway.directory.departments.store import departments
from gateway.directory.presence import presence as rules
from gateway.directory.presence.presence import MembersRequest
from gateway.directory.presence.store import members
from gateway.directory.working_time.use_cases import working_times


async def members_of(
    database: Database, identity: Identity, id: UUID, asked: MembersRequest
) -> Page:
    """A page of a department's members whom one may see; `NotFound` beyond one's reach."""
    _, state = await departments.read(database, identity, id)
    found = await members(database, identity, departments.decode(state), asked)
    around = await absences.around(database, identity.tenant, asked.at.date())
    absent = rules.absent_at(around, asked.at)
    times = await working_times(database, identity.tenant, {_office(user) for user in found})
    is_open = {
        office: None if working_time is None else working_time.at(asked.at)[0]
        for office, working_time in times.items()
    }
    answers = [
        (user.id, rules.member(user, absent, is_open=is_open[_office(user)])) for user in found
    ]
    return asked.page.of([(id, encoder.encode(answer).decode()) for id, answer in answers])


def _office(user: User) -> UUID:
    assert user.department is not None, "everybody works in a department"
    return user.department
