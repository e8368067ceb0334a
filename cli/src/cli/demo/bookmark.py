"""How far the demo has come, kept where nothing but the platform itself can lose it.

The root department carries two external ids: which scenario was begun, and that
it was told to its end. A second run reads them before it does anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

from cli.client import Client
from cli.demo.bodies import SYSTEM
from cli.demo.scenario import Scenario
from events.values import ExternalId

BEGUN, TOLD = "begun", "told"


class _Department(Struct):
    id: str
    external_ids: list[ExternalId]


@dataclass(slots=True)
class Bookmark:
    """`scenario` is None as long as nothing was begun; `root` is the root department's id."""

    root: str
    scenario: Scenario | None
    is_told: bool


async def find(client: Client) -> Bookmark:
    """Where the demo stands in the tenant that `client` has signed in to."""
    me = (await client.get("/v1/me")).json()
    answer = await client.get(f"/v1/departments/{me['department']['path'][0]}")
    root = answer.read_as(_Department)
    noted = {entry.type: entry.id for entry in root.external_ids if entry.system == SYSTEM}
    scenario = Scenario.read(noted.get(BEGUN, ""))
    return Bookmark(root.id, scenario, is_told=scenario is not None and TOLD in noted)


async def leave(client: Client, root: str, scenario: Scenario, *, is_told: bool) -> None:
    """Note that `scenario` was begun, or told to its end."""
    path = f"/v1/departments/{root}"
    notes = [ExternalId(SYSTEM, BEGUN, scenario.written())]
    if is_told:
        notes.append(ExternalId(SYSTEM, TOLD, scenario.written()))
    etag = (await client.get(path)).etag or "*"
    await client.patch(path, {"external_ids": notes}, if_match=etag)
