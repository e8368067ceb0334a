"""An import during which everything is killed once ends as an undisturbed one does.

The schedule is seeded: each process gets a share of the rows, between a quarter
and three quarters of those acknowledged, at which it is ended by SIGKILL. The
broker is frozen from the first quarter on until it is killed, so that the relays
lag while the services die. The importer is never restarted.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from cli.imports.files import SALES_PIPELINE, inspect
from cli.imports.importer import Import
from cli.imports.ledger import ImportedRow
from cli.imports.request import Options
from cli.local.plan import BROKER, POSTGRES, SERVICES
from tests.end_to_end.conftest import Platform
from tests.end_to_end.opportunities.company import OURS, Company, Rows, found, real_files

VICTIMS = (*SERVICES, BROKER, POSTGRES)
REPORTS = (
    ("funnel", {}),
    ("win-rate", {}),
    ("cycle-time", {}),
    ("forecast", {}),
    ("reasons", {"outcome": "lost"}),
    *(("revenue", {"by": by}) for by in ("month", "quarter", "department", "agent", "product")),
)
CONVERGED_SECONDS = 120


class Nemesis(Rows):
    """A ledger that kills when its hour has come: counted in acknowledged rows."""

    def __init__(self, platform: Platform, rows: int, seed: int) -> None:
        super().__init__()
        self._platform = platform
        chance = random.Random(seed)
        self.schedule = sorted(
            (chance.randint(rows // 4 + 1, rows * 3 // 4), victim) for victim in VICTIMS
        )
        self._frozen_from = rows // 4
        self.killed: list[str] = []

    def enter(self, row: ImportedRow) -> None:
        super().enter(row)
        acknowledged = self.rows(SALES_PIPELINE.file)
        if acknowledged == self._frozen_from:
            self._freeze_broker()
        while self.schedule and self.schedule[0][0] <= acknowledged:
            _, victim = self.schedule.pop(0)
            self._platform.kill(victim)
            self.killed.append(victim)

    def _freeze_broker(self) -> None:
        state = self._platform.local.state()
        assert state is not None
        pid = state.processes[BROKER].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)


async def reports(company: Company) -> dict[str, object]:
    """What analytics says, without what differs between tenants: ids and the hour."""
    return {
        f"{name} {query}": _without_ids(await company.report(name, **query))
        for name, query in REPORTS
    }


def _without_ids(answer: object) -> object:
    if isinstance(answer, list):
        return [_without_ids(item) for item in answer]
    if isinstance(answer, dict):
        named = "name" in answer
        return {
            key: _without_ids(value)
            for key, value in answer.items()
            if key not in ("as_of", "pipeline", "stage", "reason") and not (named and key == "key")
        }
    return answer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("whose", "batch", "seed"), [("our own files", 5, 1), ("the real files", 200, 2)]
)
def test_killing_everything_once_loses_nothing(
    own_platform: Platform, whose: str, batch: int, seed: int
) -> None:
    directory: Path | None = OURS if whose == "our own files" else real_files()
    if directory is None:
        pytest.skip("the real files are not there; MERIDIAN_SHARED_DATA names their folder")
    asyncio.run(_compare(own_platform, directory, batch, seed))


async def _compare(platform: Platform, directory: Path, batch: int, seed: int) -> None:
    undisturbed = await found(platform)
    rows = await undisturbed.load(directory)
    expected = await reports(undisturbed)
    expected_journals = await undisturbed.settled_journals()

    disturbed = await found(platform)
    nemesis = Nemesis(platform, rows.rows(SALES_PIPELINE.file), seed)
    async with disturbed.signed_in() as client:
        options = Options(batch=batch)
        await Import(client, inspect(directory), nemesis, options, lambda *_: None).run()
    assert sorted(nemesis.killed) == sorted(VICTIMS)
    assert nemesis.files == rows.files

    async with asyncio.timeout(CONVERGED_SECONDS):
        while await reports(disturbed) != expected:
            await asyncio.sleep(0.5)
    counted = {owner: count for owner, (count, _) in (await disturbed.settled_journals()).items()}
    assert counted == {owner: count for owner, (count, _) in expected_journals.items()}
