"""What an absence is: days on which somebody does not work, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis.problems import Conflict, RuleBroken
from events.directory import Absence, AbsenceKind, User
from events.values import ExternalId
from gateway.directory.working_time.working_time import EARLIEST, LATEST

LONGEST_DAYS = 1_100
"""Three years with a child, and some weeks."""


class AbsenceDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of an absence that clients set; without an `owner` it is one's own.

    Both dates are days of the absence.
    """

    owner: UUID | None = None
    kind: AbsenceKind
    starts_on: date
    ends_on: date
    deputy: UUID | None = None
    external_ids: tuple[ExternalId, ...] = ()


class DatesBackwards(RuleBroken):
    title = "An absence ends on the day it starts, or later"


class AbsenceTooLong(RuleBroken):
    title = f"An absence has at most {LONGEST_DAYS} days, from 1970 to 2200"


class UnknownAbsentee(RuleBroken):
    title = "Who is absent is a user within your reach"


class AbsenteeStays(RuleBroken):
    title = "An absence stays with who is absent"


class UnknownDeputy(RuleBroken):
    title = "Who stands in is another user, who is not disabled"


class AbsencesOverlap(Conflict):
    title = "Nobody is absent twice on one day"


@dataclass(frozen=True, slots=True)
class Staff:
    """What of the directory decides whether absences may be as drafted.

    `offices` are the departments of those named whose absences one may record; `deputies` are
    whom one may see of those named; `absences` are all of the former, by who is absent and id, as
    they become one after the other.
    """

    offices: Mapping[UUID, UUID]
    deputies: Mapping[UUID, User]
    absences: dict[UUID | None, dict[UUID, Absence]]

    def admit(self, absence: Absence, before: Absence | None = None) -> Absence:
        """`absence`, which from now on is one of them; raises the rule that forbids it."""
        # A deputy stays, also one who has left, or whom one may not see.
        if before is None or absence.deputy != before.deputy:
            self._check_deputy(absence)
        known = self.absences.setdefault(absence.owner, {})
        for other in known.values():
            if (
                other.id != absence.id
                and other.starts_on <= absence.ends_on
                and absence.starts_on <= other.ends_on
            ):
                raise AbsencesOverlap(
                    f"there is one from {other.starts_on} to {other.ends_on}", field="starts_on"
                )
        known[absence.id] = absence
        return absence

    def office_of(self, user: UUID | None) -> UUID:
        """The department of who is absent; `UnknownAbsentee` for a stranger and beyond reach."""
        if user is None or user not in self.offices:
            raise UnknownAbsentee(f"there is no user {user}", field="owner")
        return self.offices[user]

    def _check_deputy(self, absence: Absence) -> None:
        if absence.deputy is None:
            return
        deputy = self.deputies.get(absence.deputy)
        if deputy is None or deputy.status == "disabled" or deputy.id == absence.owner:
            raise UnknownDeputy(f"{absence.deputy} cannot stand in", field="deputy")


def recorded(id: UUID, owner: UUID | None, draft: AbsenceDraft, staff: Staff) -> Absence:
    """A new absence as drafted, of `owner`."""
    absence = Absence(
        id=id,
        version=0,
        owner=owner,
        department=staff.office_of(owner),
        kind=draft.kind,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        deputy=draft.deputy,
        external_ids=draft.external_ids,
    )
    return staff.admit(_dated(absence))


def changed(absence: Absence, draft: AbsenceDraft, staff: Staff) -> Absence:
    """The absence with the draft's fields."""
    if draft.owner not in (None, absence.owner):
        raise AbsenteeStays("delete it, and record another", field="owner")
    after = replace(
        absence,
        kind=draft.kind,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        deputy=draft.deputy,
        external_ids=draft.external_ids,
    )
    return staff.admit(_dated(after), absence)


def _dated(absence: Absence) -> Absence:
    if absence.ends_on < absence.starts_on:
        raise DatesBackwards(f"{absence.ends_on} is before {absence.starts_on}", field="ends_on")
    if not (absence.starts_on >= EARLIEST and absence.ends_on < LATEST) or (
        (absence.ends_on - absence.starts_on).days >= LONGEST_DAYS
    ):
        raise AbsenceTooLong(f"from {absence.starts_on} to {absence.ends_on}", field="ends_on")
    return absence
