"""How far the demo has come, kept where nothing but the platform itself can lose it.

The root department carries two external ids: which scenario was begun, and that
it was told to its end. A second run reads them before it does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cli.demo.bodies import SYSTEM
from cli.demo.scenario import Scenario
from meridian_client import AsyncMeridian
from meridian_client.models import DepartmentPatch, ExternalId

BEGUN, TOLD = "begun", "told"


@dataclass(slots=True)
class Bookmark:
    """`scenario` is None as long as nothing was begun; `root` is the root department's id."""

    root: UUID
    scenario: Scenario | None
    is_told: bool


async def find(client: AsyncMeridian) -> Bookmark:
    """Where the demo stands in the tenant that `client` has signed in to."""
    me = await client.me.read()
    root = await client.departments.read(me.department.path[0])
    noted = {entry.type: entry.id for entry in root.external_ids if entry.system == SYSTEM}
    scenario = Scenario.read(noted.get(BEGUN, ""))
    return Bookmark(root.id, scenario, is_told=scenario is not None and TOLD in noted)


async def leave(client: AsyncMeridian, root: UUID, scenario: Scenario, *, is_told: bool) -> None:
    """Note that `scenario` was begun, or told to its end."""
    notes = [
        ExternalId(system=SYSTEM, type=type_, id=scenario.written())
        for type_ in ((BEGUN, TOLD) if is_told else (BEGUN,))
    ]
    seen = await client.departments.read(root)
    patch = DepartmentPatch(external_ids=notes)
    await client.departments.change(root, patch, if_match=seen.version)
