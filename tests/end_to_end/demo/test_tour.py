"""The commands of docs/tour.md do what it says they do."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
DEFAULT_GATEWAY = "http://127.0.0.1:8080"


def commands_of(page: Path) -> str:
    """All shell blocks of a page up to where it begins to kill processes."""
    before, _, _ = page.read_text(encoding="utf-8").partition("## Kill a service")
    return "".join(re.findall(r"```sh\n(.*?)```", before, re.DOTALL))


@pytest.mark.usefixtures("tellings")
def test_the_tour_leads_where_it_says(platform: Any) -> None:
    commands = commands_of(CHECKOUT / "docs" / "tour.md")
    assert DEFAULT_GATEWAY in commands
    commands = commands.replace(DEFAULT_GATEWAY, platform.gateway_url)
    walked = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", commands],
        cwd=CHECKOUT,
        env={**os.environ, "MERIDIAN_HOME": str(platform.local.home.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr
    for milestone in (
        "tax-id-check-digit",
        "crm.contacts.company/",
        "edit-conflict",
        '"360000.00"',
        "Ольга Михайловна Северова",
        "the deal is won already",
        "there is no deal",
        '"verb": "won"',
        "/schemas/crm.sales.deal.won.v1.json",
        '"due": "2027-01-11T12:00:00Z"',
        '"name": "Новогодние каникулы"',
        '"status": "converted"',
        "people.phones is masked",
        "this needs the permission people:read",
        "this API key holds no longer",
    ):
        assert milestone in walked.stdout
