"""A second import changes nothing; one altered row makes exactly one event."""

from __future__ import annotations

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.end_to_end.opportunities.company import OURS, Company, real_files


@pytest.mark.parametrize("whose", ["our own files", "the real files"])
def test_a_second_import_changes_nothing(company: Company, whose: str) -> None:
    directory = OURS if whose == "our own files" else real_files()
    if directory is None:
        pytest.skip("the real files are not there; MERIDIAN_SHARED_DATA names their folder")

    async def twice() -> None:
        first = await company.load(directory)
        journals = await company.settled_journals()
        second = await company.load(directory)
        assert {row.verdict for row in second.all} <= {"unchanged", "rejected"}
        assert second.rejected == first.rejected
        assert await company.settled_journals() == journals

    asyncio.run(twice())


def test_one_altered_row_is_one_event(company: Company, tmp_path: Path) -> None:
    altered = tmp_path / "altered"
    shutil.copytree(OURS, altered)
    pipeline = altered / "sales_pipeline.csv"
    text = pipeline.read_bytes().decode()
    row = next(line for line in text.splitlines() if line.startswith("CENTS001"))
    pipeline.write_bytes(text.replace(row, row.replace("7.5", "7.51")).encode())

    async def altered_after() -> None:
        await company.load(OURS)
        before = await company.settled_journals()
        revenue = await company.report("revenue", by="month")
        rows = await company.load(altered)
        (updated,) = [row for row in rows.all if row.verdict == "updated"]
        assert updated.record == "CENTS001"
        after = await company.settled_journals()
        assert after["sales"][0] == before["sales"][0] + 1
        assert {**after, "sales": None} == {**before, "sales": None}
        (event,) = await company.query(
            "sales",
            "select topic, subject::text, version from journal where tenant = $1 and position > $2",
            company.tenant,
            before["sales"][1],
        )
        assert tuple(event) == ("crm.sales.deal", str(updated.id), 2)
        now = await company.report("revenue", by="month")
        more = Decimal(now["total"]["revenue"]) - Decimal(revenue["total"]["revenue"])
        assert more == Decimal("0.01")

    asyncio.run(altered_after())
