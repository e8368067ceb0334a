"""A gateway of a few lines, on a real socket: what the import talks to here."""

import json
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from meridian_client.testing import Script, problem, serving

TENANT = str(uuid.UUID(int=7))
REPORT: dict[str, object] = {
    "as_of": "2026-01-01T00:00:00Z",
    "currency": "USD",
    "items": [],
    "unvalued": 0,
    "other_currencies": [],
}


class Gateway:
    """Keeps what it is given in memory; `script` may answer, or fail, before it does."""

    def __init__(self) -> None:
        self.url = ""
        self.script: Script | None = None
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.records: dict[str, dict[str, dict[str, object]]] = defaultdict(dict)
        self.names: dict[str, dict[str, str]] = defaultdict(dict)
        self.passwords = {"secret"}
        self.valid: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path, dict(request.headers)))
        scripted = await self.script(request) if self.script is not None else None
        if scripted is not None:
            return scripted
        if request.path == "/v1/sessions":
            return await self._session(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.valid and request.path != "/livez":
            return problem(401, "unauthenticated", "The token is not valid.")
        if request.path.endswith("/bulk"):
            return await self._bulk(request)
        return web.json_response(self._read(request.path))

    def _read(self, path: str) -> dict[str, object]:
        if path == "/v1/tenant":
            tenant = {"id": TENANT, "version": 1, "slug": "acme", "name": "Acme"}
            return {**tenant, "currency": "USD"}
        if path.startswith("/v1/reports/"):
            return self._report(path)
        records = self.records[path].values()
        return {"items": [{"status": "invited", **r} for r in records], "next_cursor": None}

    def events_of(self, path: str) -> int:
        """How often something under `path` was written."""
        return sum(int(str(record["version"])) for record in self.records[path].values())

    async def _session(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["password"] not in self.passwords:
            return problem(401, "wrong-credentials", "The login or the password is wrong.")
        token = uuid.uuid4().hex
        self.valid.add(token)
        user = {"id": TENANT, "version": 1, "name": "Ada", "login": "ada", "status": "active"}
        session = {
            "access_token": token,
            "expires_in": 900,
            "refresh_token": "r",
            "session": TENANT,
            "session_expires": "2026-02-01T00:00:00Z",
            "user": {**user, "roles": ["administrator"]},
        }
        return web.json_response(session)

    async def _bulk(self, request: web.Request) -> web.Response:
        path = request.path.removesuffix("/bulk")
        verdicts = []
        for index, item in enumerate((await request.json())["items"]):
            verdicts.append({"index": index, **self._upsert(path, item)})
        headers = {}
        if any(verdict["verdict"] in {"created", "updated"} for verdict in verdicts):
            last = verdicts[-1]
            headers["Meridian-Written"] = f"crm.test{path}/{last['id']}@{last['version']}"
        return web.json_response({"items": verdicts}, headers=headers)

    def _upsert(self, path: str, item: dict[str, object]) -> dict[str, object]:
        name = json.dumps(item["external_ids"][0], sort_keys=True)  # type: ignore[index]
        known = self.names[path].get(name)
        verdict = "created"
        if known is None:
            known = self.names[path][name] = str(uuid.uuid4())
            self.records[path][known] = {"id": known, "version": 0}
        record = self.records[path][known]
        if record["version"]:
            same = all(record.get(field) == value for field, value in item.items())
            verdict = "unchanged" if same else "updated"
        if verdict != "unchanged":
            record.update(item, version=int(str(record["version"])) + 1)
        return {"verdict": verdict, "id": known, "version": record["version"], "problem": None}

    def _report(self, path: str) -> dict[str, object]:
        deals = list(self.records["/v1/deals"].values())
        count = {
            status: sum(deal["status"] == status for deal in deals)
            for status in ("won", "lost", "open")
        }
        if path.endswith("/funnel"):
            return {**REPORT, "totals": {"deals": len(deals), **count}}
        revenue = sum(
            (
                Decimal(deal["lines"][0]["price"]["amount"])  # type: ignore[index]
                for deal in deals
                if deal["status"] == "won"
            ),
            Decimal(0),
        )
        total = {"deals": count["won"], "revenue": str(revenue)}
        return {**REPORT, "total": total}


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    async with serving(gateway.answer) as gateway.url:
        yield gateway


@pytest.fixture
def fixture_files() -> Path:
    """Our own small dirty files."""
    return Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "opportunities"
