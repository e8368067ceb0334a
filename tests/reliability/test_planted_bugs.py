"""Torture is worth something only if it finds bugs: each of these, within minutes.

They take minutes, so they run only when asked for: `./meridian test tests/reliability -m torture`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.torture.run import Plan, Result, torture
from cli.torture.stage import Planted

PLANTED = Path(__file__).parent / "planted"
PATIENCE_SECONDS = 60.0

pytestmark = [pytest.mark.torture, pytest.mark.timeout(0)]


def tortured(
    folder: Path, module: str | None, only: tuple[str, ...], minutes: float = 1.5
) -> Result:
    plan = Plan(
        seed=7,
        minutes=minutes,
        kafka=False,
        folder=folder,
        planted=Planted(PLANTED, module) if module is not None else None,
        only=only,
        patience=PATIENCE_SECONDS,
    )
    return torture(plan, print)


@pytest.mark.parametrize(
    ("module", "only", "found_by"),
    [
        # Where something is lost, nothing empties the broker: filled again, it would heal.
        ("offsets_before_effects", ("kill postgres", "cut"), {"delivery"}),
        ("rows_skipped", ("kill broker", "delay"), {"last word", "delivery"}),
        ("any_version_applies", ("late duplicates",), {"delivery", "projections"}),
        (
            "deleted_before_acknowledged",
            ("kill worker", "cut", "freeze worker"),
            {"last word", "delivery"},
        ),
        ("key_outside_transaction", ("kill api", "delay"), {"once"}),
    ],
)
def test_a_planted_bug_is_found(
    tmp_path: Path, module: str, only: tuple[str, ...], found_by: set[str]
) -> None:
    result = tortured(tmp_path, module, only)
    assert not result.never_struck
    assert found_by & {violation.check for violation in result.violations}


def test_where_nothing_is_planted_nothing_is_found(tmp_path: Path) -> None:
    every = ("kill postgres", "kill worker", "kill api", "kill broker", "freeze worker",
             "cut", "delay", "answers vanish", "late duplicates")  # fmt: skip
    result = tortured(tmp_path, None, every)
    assert result.violations == []
