"""The import itself: the files' records to the platform, in the order they need one another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from uuid import UUID

from cli.imports import products
from cli.imports.accounts import Account, Accounts
from cli.imports.cleaning import Known, Rejected
from cli.imports.files import ACCOUNTS, PRODUCTS, SALES_PIPELINE, SALES_TEAMS, Layout, Source
from cli.imports.ledger import ImportedRow, Ledger
from cli.imports.logins import Logins
from cli.imports.opportunities import PIPELINE_NAME, Opportunities, pipeline_item
from cli.imports.products import Products
from cli.imports.request import Options
from cli.imports.teams import TIME_ZONES, Agent, Person, Teams, login_for, logins_by_external_id
from events.values import ExternalId
from meridian_client import LARGEST_CHUNK, AsyncMeridian, OutOfPatience, Problem

OFFICES, MANAGERS, PIPELINE = "offices", "managers", "pipeline"
"""What the ledger counts beside the rows of files."""

Advance = Callable[[Layout, int], None]
"""Told how many more rows of a file have their verdicts."""


class Stopped(Exception):
    """The import could not go on; `file` and `line` name the first row without a verdict.

    Every row before it stands, and importing again goes on from there.
    """

    def __init__(self, file: str, line: int | None, cause: object) -> None:
        self.file, self.line = file, line
        where = file if line is None else f"{file} line {line}"
        super().__init__(f"stopped at {where}: {cause}")


class Import:
    """One run over four inspected files, by a signed-in client.

    `run` raises `Stopped` when the platform refuses or stays out of reach.
    """

    def __init__(
        self,
        client: AsyncMeridian,
        sources: Mapping[Layout, Source],
        ledger: Ledger,
        options: Options,
        advance: Advance,
    ) -> None:
        self._client, self._sources, self._ledger = client, sources, ledger
        self._options, self._advance = options, advance

    async def run(self) -> UUID:
        """Import everything; the id of the pipeline that the opportunities are in."""
        with _stopping_at("the tenant"):
            tenant = (await self._client.tenant.read()).id
        agents = await self._teams()
        sold = await self._products()
        pipeline = await self._pipeline(tenant)
        accounts = await self._accounts()
        opportunities = Opportunities(tenant, pipeline, agents, sold, accounts)
        rows = opportunities.read(self._sources[SALES_PIPELINE])
        await self._deliver("/v1/deals", SALES_PIPELINE, rows)
        return pipeline

    async def _teams(self) -> Known[Agent]:
        """Offices first, then managers, then those whom they manage."""
        zones = {**TIME_ZONES, **self._options.time_zones}
        teams = Teams(self._sources[SALES_TEAMS], zones)
        await self._offices(teams)
        with _stopping_at(SALES_TEAMS.file):
            users = [user async for user in self._client.users.list()]
        existing = logins_by_external_id(users)
        logins = Logins(user.login for user in users)
        for people in teams.levels():
            rows = [self._user_row(teams, person, existing, logins) for person in people]
            await self._settle("/v1/users", SALES_TEAMS.file, rows)
            for person, row in zip(people, rows, strict=True):
                if row.id is not None:
                    teams.take(person, row.id)
                if person.row is None:
                    self._ledger.enter(row)
        self._enter(SALES_TEAMS, teams.rows)
        return teams.known

    async def _offices(self, teams: Teams) -> None:
        offices = list(teams.offices.values())
        rows = [ImportedRow(OFFICES, None, office.name, [], office.item()) for office in offices]
        await self._settle("/v1/departments", OFFICES, rows)
        for office, row in zip(offices, rows, strict=True):
            office.id = row.id
        self._ledger.enter_all(rows)

    def _user_row(
        self,
        teams: Teams,
        person: Person,
        existing: Mapping[ExternalId, str],
        logins: Logins,
    ) -> ImportedRow:
        """The row of the file that is about `person`; a mere manager has none in any file."""
        row = person.row or ImportedRow(MANAGERS, None, person.name, [])
        try:
            login = login_for(person, existing, logins)
            row.item = teams.item(person, login, self._options.email_domain)
        except Rejected as rejected:
            row.reject(rejected)
        return row

    async def _products(self) -> Products:
        sold = Products()
        rows = products.read(self._sources[PRODUCTS])
        await self._deliver("/v1/products", PRODUCTS, rows, then=sold.take)
        return sold

    async def _pipeline(self, tenant: UUID) -> UUID:
        row = ImportedRow(PIPELINE, None, PIPELINE_NAME, [], pipeline_item(tenant))
        await self._settle("/v1/pipelines", PIPELINE, [row])
        self._ledger.enter(row)
        if row.id is None:
            raise Stopped(PIPELINE, None, row.why or "it was rejected")
        return row.id

    async def _accounts(self) -> Known[Account]:
        """Companies that own others first, so that each is created whole, by one event."""
        accounts = Accounts(self._sources[ACCOUNTS])
        for rows in accounts.levels():
            await self._settle("/v1/companies", ACCOUNTS.file, rows)
        self._enter(ACCOUNTS, accounts.rows)
        return accounts.known

    async def _settle(self, path: str, file: str, rows: Iterable[ImportedRow]) -> None:
        """Ask for the items of `rows` and give each row its verdict."""
        asking = [row for row in rows if row.item is not None]
        with _stopping_at(file, asking):
            async with aclosing(self._client.bulk(path, [row.item for row in asking])) as chunks:
                verdicts = [verdict async for chunk in chunks for verdict in chunk]
        for row, verdict in zip(asking, verdicts, strict=True):
            row.settle(verdict)

    def _enter(self, layout: Layout, rows: list[ImportedRow]) -> None:
        self._ledger.enter_all(rows)
        self._advance(layout, len(rows))

    async def _deliver(
        self,
        path: str,
        layout: Layout,
        rows: Iterator[ImportedRow],
        then: Callable[[ImportedRow], None] | None = None,
    ) -> None:
        """Stream rows through the bulk endpoint and enter each, in order, with its verdict."""
        waiting: deque[ImportedRow] = deque()

        def items() -> Iterator[object]:
            for row in rows:
                waiting.append(row)
                if row.item is not None:
                    yield row.item

        def enter_next() -> ImportedRow:
            row = waiting.popleft()
            self._ledger.enter(row)
            if then is not None:
                then(row)
            return row

        batch, in_flight = min(self._options.batch, LARGEST_CHUNK), self._options.in_flight
        stream = self._client.bulk(path, items(), chunk=batch, in_flight=in_flight)
        with _stopping_at(layout.file, waiting):
            async with aclosing(stream) as chunks:
                async for verdicts in chunks:
                    before = len(waiting)
                    for verdict in verdicts:
                        while waiting[0].item is None:
                            enter_next()
                        waiting[0].settle(verdict)
                        enter_next()
                    self._advance(layout, before - len(waiting))
        rest = len(waiting)
        while waiting:
            enter_next()
        self._advance(layout, rest)


@contextmanager
def _stopping_at(file: str, rows: Iterable[ImportedRow] = ()) -> Iterator[None]:
    """Say where the import stopped when the platform refuses or stays out of reach."""
    try:
        yield
    except (OutOfPatience, Problem) as error:
        line = next((row.line for row in rows if row.verdict is None), None)
        raise Stopped(file, line, error) from error
