"""A company with a sales history, on the whole platform: what it imports, reads, and journals."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from cli.imports.agreement import figures
from cli.imports.files import inspect
from cli.imports.importer import Import
from cli.imports.ledger import ImportedRow, Ledger
from cli.imports.request import Options, SignIn
from meridian_client import AsyncMeridian
from meridian_client.models import FirstAdministrator, TenantDraft

CHECKOUT = Path(__file__).resolve().parents[3]
OURS = CHECKOUT / "tests" / "fixtures" / "opportunities"
OWNERS = ("gateway", "contacts", "sales", "marketing")
PASSWORD = "correct horse battery staple"
SETTLED_SECONDS = 120.0

Journals = dict[str, tuple[int, int]]


def real_files() -> Path | None:
    """The sales history that lies beside the checkout, if it does."""
    shared = Path(os.environ.get("MERIDIAN_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
    directory = shared / "crm-sales-opportunities"
    return directory if directory.is_dir() else None


class Rows(Ledger):
    """A ledger that keeps every row."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[ImportedRow] = []

    def enter(self, row: ImportedRow) -> None:
        super().enter(row)
        self.all.append(row)


@dataclass
class Company:
    """A tenant of its own on the platform, and its administrator."""

    platform: Any
    sign_in: SignIn
    tenant: UUID

    async def load(self, directory: Path) -> Rows:
        """Import `directory` and wait until analytics agrees."""
        rows = Rows()
        async with self.signed_in() as client:
            sources = inspect(directory)
            imported = Import(client, sources, rows, Options(), lambda *_: None)
            await figures(client, await imported.run())
        return rows

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[AsyncMeridian]:
        """A client of its administrator."""
        async with AsyncMeridian(self.platform.gateway_url) as client:
            await client.sign_in(self.sign_in.tenant, self.sign_in.login, self.sign_in.password)
            yield client

    async def report(self, name: str, **query: str) -> Any:
        """What analytics answers."""
        async with self.signed_in() as client:
            return await client.transport.send("GET", f"/v1/reports/{name}", dict, query=query)

    async def journals(self) -> Journals:
        """Of each owner's journal, how many rows and which last position this tenant has."""
        found: Journals = {}
        for owner in OWNERS:
            rows = await self.query(
                owner,
                "select count(*), coalesce(max(position), 0) from journal where tenant = $1",
                self.tenant,
            )
            found[owner] = (rows[0][0], rows[0][1])
        return found

    async def settled_journals(self) -> Journals:
        """The journals when nobody has anything left to react to."""
        async with asyncio.timeout(SETTLED_SECONDS):
            while True:
                before = await self.journals()
                await asyncio.gather(*(self._has_caught_up(owner) for owner in OWNERS))
                if await self.journals() == before:
                    return before

    async def _has_caught_up(self, owner: str) -> None:
        """Return once the owner's consumers have applied all that was committed before."""
        (now,) = await self.query(owner, "select clock_timestamp()")
        behind = "select 1 from projection where as_of < $1 limit 1"
        while await self.query(owner, behind, now[0]):
            await asyncio.sleep(0.1)

    async def query(self, owner: str, sql: str, *arguments: object) -> list[Any]:
        """The rows that an owner's database answers."""
        connection = await asyncpg.connect(self.platform.database_url(owner))
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()


async def found(platform: Any) -> Company:
    """A new tenant on `platform`, with an administrator."""
    slug = f"history-{uuid.uuid4().hex[:12]}"
    sign_in = SignIn(slug, "administrator", PASSWORD)
    asked = TenantDraft(
        name="A company with a history",
        slug=slug,
        currency="USD",
        time_zone="America/Chicago",
        administrator=FirstAdministrator(
            name="Ada Administrator", login=sign_in.login, password=sign_in.password
        ),
    )
    url, token = platform.gateway_url, platform.bootstrap_token
    async with AsyncMeridian(url, api_key=token) as founder:
        made = await founder.tenants.create(asked)
    return Company(platform, sign_in, made.tenant.id)
