"""A small demo told three times: cut short, to its end, and once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from cli.demo.play import Played, play
from cli.demo.scenario import Scenario
from cli.demo.screen import Advance, Screen
from cli.demo.story import Story, tell
from meridian_client import AsyncMeridian

SCENARIO = Scenario(date(2025, 3, 17), customers=60, deals=140)
"""Long past: whatever the clock of the machine says, all of it has happened."""
OWNERS = ("contacts", "sales", "marketing", "gateway")


class CutShort(Exception):
    """The demo was killed."""


class Impatient(Screen):
    """A screen whose user gives up when a step begins."""

    def __init__(self, gives_up_at: str) -> None:
        super().__init__(Console(quiet=True))
        self._gives_up_at = gives_up_at

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Advance]:
        if name == self._gives_up_at:
            raise CutShort
        with super().step(name, total) as advance:
            yield advance


@dataclass(frozen=True)
class Tellings:
    """What three runs of the demo said, and the journals' rows after each."""

    story: Story
    completed: Played
    again: Played
    journals: tuple[dict[str, int], dict[str, int]]


async def tell_thrice(platform: Any) -> Tellings:
    """Tell the story to a platform that has not heard it."""

    async def run(screen: Screen, scenario: Scenario = SCENARIO) -> Played:
        async with AsyncMeridian(platform.gateway_url) as client:
            return await play(client, platform.bootstrap_token, scenario, screen)

    with pytest.raises(CutShort):
        await run(Impatient("Touches"))
    # Whoever comes back has forgotten what they asked for the first time.
    completed = await run(Impatient(""), Scenario(date(2025, 3, 18), seed=99))
    after_the_second = await _journals(platform)
    again = await run(Impatient(""))
    return Tellings(tell(SCENARIO), completed, again, (after_the_second, await _journals(platform)))


async def _journals(platform: Any) -> dict[str, int]:
    """Rows that each owner has ever written."""
    rows = {}
    for owner in OWNERS:
        connection = await asyncpg.connect(platform.database_url(owner))
        rows[owner] = await connection.fetchval("select count(*) from journal")
        await connection.close()
    return rows
