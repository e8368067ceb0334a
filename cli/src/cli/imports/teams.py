"""`sales_teams.csv`: agents and their managers as users, regional offices as departments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from cli.imports import cleaning
from cli.imports.cleaning import Known, Rejected
from cli.imports.files import SALES_TEAMS, Source
from cli.imports.hierarchy import levels
from cli.imports.identity import external_id
from cli.imports.ledger import ImportedRow
from cli.imports.logins import Logins
from events.values import ExternalId
from meridian_client.models import User

TIME_ZONES: Mapping[str, str] = {
    "Central": "America/Chicago",
    "East": "America/New_York",
    "West": "America/Los_Angeles",
}
"""The offices that are known, and where their clocks are; `--time-zone` names more."""

Role = Literal["manager", "agent"]


class DepartmentItem(Struct, frozen=True):
    """What the platform is asked for."""

    name: str
    time_zone: str
    external_ids: tuple[ExternalId]


class UserItem(Struct, frozen=True):
    """What the platform is asked for; what the file does not say is not set."""

    name: str
    login: str
    roles: tuple[Role, ...]
    department: UUID
    external_ids: tuple[ExternalId]
    manager: UUID | UnsetType | None = UNSET
    email: str | UnsetType = UNSET


class Office(Struct):
    """A regional office; `id` is its department's, once there is one."""

    name: str
    time_zone: str
    id: UUID | None = None

    def item(self) -> DepartmentItem:
        """What the platform is asked for."""
        return DepartmentItem(self.name, self.time_zone, external_id("office", self.name))


class Person(Struct):
    """Somebody on the teams. `row` is the agent's own; who only manages has none."""

    name: str
    office: Office
    manages: bool = False
    manager: str | None = None
    row: ImportedRow | None = None
    id: UUID | None = None

    @property
    def roles(self) -> tuple[Role, ...]:
        """Manager, agent or both."""
        sells: tuple[Role, ...] = ("agent",) if self.row else ()
        return ("manager", *sells) if self.manages else sells


class Agent(Struct, frozen=True):
    """What an opportunity needs to know of who works on it."""

    user: UUID
    department: UUID
    time_zone: str


class Teams:
    """The whole file: its rows in order, the offices, the people, the agents that stand."""

    def __init__(self, source: Source, time_zones: Mapping[str, str]) -> None:
        """Read `source` to its end; `time_zones` maps the names of offices to IANA names."""
        self.rows: list[ImportedRow] = []
        self.offices: dict[str, Office] = {}
        self.known: Known[Agent] = Known("agent", SALES_TEAMS.file)
        self._zones = {name.casefold(): (name, zone) for name, zone in time_zones.items()}
        self._people: dict[str, Person] = {}
        for line, cells, fault in source.rows():
            row = ImportedRow(SALES_TEAMS.file, line, cells[0] if cells else "", [])
            try:
                self._read(cells, fault, row)
            except Rejected as rejected:
                row.reject(rejected)
            self.rows.append(row)

    def levels(self) -> Iterator[list[Person]]:
        """The people, managers before those whom they manage.

        The people of one level must have their ids before the next is asked for.
        """
        sorted_names, circle = levels({name: p.manager for name, p in self._people.items()})
        for name in circle:
            person = self._people[name]
            person.manager = None
            if person.row is not None:
                person.row.rules.append("ownership_circle")
        for names in sorted_names:
            yield [self._people[name] for name in names]

    def item(self, person: Person, login: str, email_domain: str | None) -> UserItem:
        """What the platform is asked for about a person.

        `Rejected` when it refused the person's office or manager before.
        """
        department = person.office.id
        if department is None:
            raise Rejected("refused", f"office {person.office.name!r} was rejected")
        manager: UUID | UnsetType | None = UNSET if person.row is None else None
        if person.manager is not None:
            above = self._people[person.manager]
            if above.id is None:
                raise Rejected("refused", f"manager {above.name!r} was rejected")
            manager = above.id
        return UserItem(
            name=person.name,
            login=login,
            roles=person.roles,
            department=department,
            external_ids=external_id("user", person.name),
            manager=manager,
            email=UNSET if email_domain is None else f"{login}@{email_domain}",
        )

    def take(self, person: Person, user: UUID) -> None:
        """The platform knows `person` as `user` now: an agent can own opportunities."""
        person.id = user
        if person.row is not None and person.office.id is not None:
            agent = Agent(user, person.office.id, person.office.time_zone)
            self.known.add(person.name, agent)

    def _read(self, cells: tuple[str, ...], fault: str | None, row: ImportedRow) -> None:
        sales_agent, manager, regional_office = cleaning.record(cells, fault)
        notes = row.rules
        name = cleaning.required(sales_agent, "sales_agent", notes)
        known = self._people.get(name.casefold())
        if known is not None and known.row is not None:
            raise Rejected("duplicate", f"sales_agent {name!r} appears in an earlier row already")
        managed_by = cleaning.text(manager, "manager", notes)
        office = self._office(cleaning.required(regional_office, "regional_office", notes), notes)
        person = self._person(name, office)
        person.office, person.row = office, row
        if managed_by is not None:
            above = self._person(managed_by, office)
            above.manages = True
            person.manager = managed_by.casefold()

    def _person(self, name: str, office: Office) -> Person:
        return self._people.setdefault(name.casefold(), Person(name, office))

    def _office(self, name: str, notes: list[str]) -> Office:
        known = self._zones.get(name.casefold())
        if known is None:
            raise Rejected(
                "unknown_office",
                f"regional_office {name!r} has no known time zone: "
                f"name one with --time-zone '{name}=Area/City'",
            )
        if known[0] != name:
            notes.append("letter_case")
        return self.offices.setdefault(name.casefold(), Office(*known))


def logins_by_external_id(users: Iterable[User]) -> dict[ExternalId, str]:
    """The logins that users have already, by each external id."""
    return {
        ExternalId(known.system, known.type, known.id): user.login
        for user in users
        for known in user.external_ids
    }


def login_for(person: Person, existing: Mapping[ExternalId, str], logins: Logins) -> str:
    """The login that a person has, or a new one."""
    (identity,) = external_id("user", person.name)
    return existing.get(identity) or logins.give(person.name)
