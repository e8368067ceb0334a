"""`import opportunities` as a user meets it: bad files, exit codes, its own tenant."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.opportunities.company import OURS, Company

Spoil = Callable[[Path], None]


def command(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MERIDIAN_HOME": str(home), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "cli", "import", "opportunities", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def written(name: str, content: bytes) -> Spoil:
    def spoil(directory: Path) -> None:
        (directory / name).write_bytes(content)

    return spoil


def replaced(name: str, old: str, new: str) -> Spoil:
    def spoil(directory: Path) -> None:
        content = (directory / name).read_bytes()
        assert old.encode() in content
        (directory / name).write_bytes(content.replace(old.encode(), new.encode(), 1))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (written("accounts.csv", b""), "accounts.csv: is empty"),
        (written("products.csv", b"\x89PNG\r\n\x1a\n\x00\xff"), "products.csv: is not UTF-8"),
        (
            written("sales_teams.csv", "sales_agent,manager\n".encode("utf-16")),
            "sales_teams.csv: is not UTF-8",
        ),
        (
            replaced("sales_pipeline.csv", "close_value", "value"),
            "sales_pipeline.csv: column 'close_value' is missing; column 'value' is not known",
        ),
        (replaced("accounts.csv", ",sector", ""), "accounts.csv: column 'sector' is missing"),
        (
            replaced("accounts.csv", "account,", "account,account,"),
            "accounts.csv: column 'account' appears twice",
        ),
        (lambda directory: (directory / "accounts.csv").unlink(), "accounts.csv: is not in"),
    ],
)
def test_an_unusable_file_is_named_and_nothing_is_written(
    company: Company, tmp_path: Path, spoil: Spoil, problem: str
) -> None:
    directory = tmp_path / "files"
    shutil.copytree(OURS, directory)
    spoil(directory)
    before = asyncio.run(company.settled_journals())
    sign_in = company.sign_in
    done = command(
        tmp_path,
        directory,
        *("--gateway", company.platform.gateway_url, "--tenant", sign_in.tenant),
        *("--login", sign_in.login, "--password", sign_in.password),
    )
    assert done.returncode == 1
    assert problem in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert asyncio.run(company.settled_journals()) == before


def test_without_a_tenant_it_makes_its_own_and_finds_it_again(
    platform: Any, tmp_path: Path
) -> None:
    home = platform.local.home.path
    report = tmp_path / "report.csv"
    first = command(home, OURS, "--report", report)
    assert first.returncode == 3, first.stdout + first.stderr
    assert re.search(r"sales_pipeline\.csv .*151 .*0 .*0 .*40 .*191", first.stdout), first.stdout
    assert "87 won, 32 lost, 32 open; won revenue 1,332,914.22 USD" in first.stdout
    assert len(report.read_text(encoding="utf-8").splitlines()) > 191
    kept = home / "opportunities.sign-in.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    second = command(home, OURS)
    assert second.returncode == 3
    assert re.search(r"sales_pipeline\.csv .*0 .*0 .*151 .*40 .*191", second.stdout), second.stdout


def test_a_wrong_password_is_a_clear_problem(company: Company, tmp_path: Path) -> None:
    done = command(
        tmp_path,
        OURS,
        *("--gateway", company.platform.gateway_url, "--tenant", company.sign_in.tenant),
        *("--login", "administrator", "--password", "guess"),
    )
    assert done.returncode == 1
    assert "cannot sign in" in done.stdout
    assert "guess" not in done.stdout


def test_without_a_platform_it_says_how_to_start_one(tmp_path: Path) -> None:
    done = command(tmp_path, OURS)
    assert done.returncode == 1
    assert "./meridian up" in done.stdout
