"""An operator proves that nothing was lost on the way; and what was lost is named."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from meridian_client import AsyncMeridian
from tests.end_to_end.conftest import Platform
from tests.end_to_end.opportunities.company import found
from tests.end_to_end.test_operating import meridian
from tests.end_to_end.test_rebuild import strayed


def reconciled(platform: Platform, *services: str) -> tuple[int, dict[str, Any]]:
    """The exit code and what `./meridian reconcile --json` says."""
    done = meridian(platform, *services, "--json", command="reconcile")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode, msgspec.json.decode(done.stdout)


def test_what_was_lost_in_a_projection_is_named_and_nothing_else(platform: Platform) -> None:
    company = asyncio.run(found(platform))
    _, before = reconciled(platform)
    read = {(line["consumer"], line["topic"]) for line in before["compared"]}
    assert len(read) == len(before["compared"])
    assert {consumer for consumer, _ in read} == {
        "analytics", "contacts.replicas", "contacts.timeline", "contacts.reactions",
        "sales.replicas", "sales.reactions", "marketing.replicas", "marketing.reactions",
    }  # fmt: skip
    assert all(line["hindrance"] is None and line["granted"] for line in before["compared"])
    of_company = [d for d in before["differences"] if d["tenant"] == str(company.tenant)]
    assert of_company == []

    (wrong, gone, forgotten), _ = asyncio.run(strayed(company))
    code, after = reconciled(platform, "analytics")
    assert code == 1
    named = {
        (difference["place"], UUID(difference["key"]), difference["verdict"])
        for difference in after["differences"]
        if difference["tenant"] == str(company.tenant)
    }
    expected = {
        ("deal_fact", wrong, "altered"),
        ("deal_fact", gone, "vanished"),
        ("deal_fact", forgotten, "invented"),
        ("", forgotten, "missing"),
    }
    assert named == expected
    printed = meridian(platform, "analytics", command="reconcile")
    assert printed.returncode == 1
    for _, deal, verdict in expected:
        assert any(str(deal) in line and verdict in line for line in printed.stdout.splitlines())
    assert asyncio.run(told_to_an_operator(platform, company.sign_in)) == expected


async def told_to_an_operator(platform: Platform, sign_in: Any) -> set[tuple[str, UUID, str]]:
    """What the gateway answers somebody of the company."""
    async with AsyncMeridian(platform.gateway_url) as client:
        await client.sign_in(sign_in.tenant, sign_in.login, sign_in.password)
        answer = await client.operations.reconciliation("analytics")
    assert {line.hindrance for line in answer.compared} == {None}
    return {(d.place, d.key, d.verdict) for d in answer.differences}


def test_a_service_that_is_not_there_is_a_mistake_of_the_operator(platform: Platform) -> None:
    done = meridian(platform, "accounting", command="reconcile")
    assert done.returncode == 2
    assert "no service accounting" in done.stdout
