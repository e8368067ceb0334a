"""Who may read a report, how fresh it is, and what is wrong with a question."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from analytics.reports.api import REPORTS
from chassis import freshness
from chassis.inbox import Inbox
from chassis.testing import Running
from events.values import FieldRule
from services.analytics.tests.component.conftest import AS_OF, ClientOf
from services.analytics.tests.component.world import World

NAMES = [report.name for report in REPORTS]


@pytest.fixture
def analyst(reported: World, reader_of: ClientOf) -> httpx.AsyncClient:
    """Somebody who reads everything in `reported`."""
    return reader_of(reported, "all")


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, name and field of a problem."""
    document = answer.json()
    return answer.status_code, document["type"].rpartition(":")[2], document.get("field")


# -- access ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_a_report_needs_its_permission(analytics: Running, world: World, name: str) -> None:
    stranger = analytics.client_of(None)
    agent = analytics.client(world.tenant, permissions={"deals:read": "all"})
    assert problem(await stranger.get(f"/v1/reports/{name}"))[:2] == (401, "unauthenticated")
    assert problem(await agent.get(f"/v1/reports/{name}"))[:2] == (403, "forbidden")


@pytest.mark.parametrize("name", NAMES)
async def test_another_tenant_sees_nothing(analytics: Running, reported: World, name: str) -> None:
    other = analytics.client(
        uuid4(),
        permissions={"reports:read": "all"},
        user=reported.reader.id,
        department_path=reported.departments["root"].path,
    )
    answer = await other.get(f"/v1/reports/{name}", params={"currency": "RUB"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == []
    assert answer.json().get("other_currencies", []) == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_reach_over_a_department_without_one_is_ones_own(
    analytics: Running, reported: World, reader_of: ClientOf, name: str
) -> None:
    homeless = analytics.client(
        reported.tenant, permissions={"reports:read": "department"}, user=reported.reader.id
    )
    own = reader_of(reported, "own")
    path = f"/v1/reports/{name}"
    assert (await homeless.get(path)).json() == (await own.get(path)).json()


COUNTED: list[tuple[str, dict[str, str], str]] = [
    ("funnel", {}, "deals.history"),
    ("revenue", {}, "deals.amount"),
    ("revenue", {"by": "customer"}, "people.family_name"),
    ("revenue", {"by": "product"}, "deals.lines"),
    ("win-rate", {"currency": "RUB"}, "deals.amount"),
    ("win-rate", {"by": "channel"}, "channels.name"),
    ("cycle-time", {}, "deals.started_on"),
    ("reasons", {}, "reasons.name"),
    ("forecast", {"pipeline": str(uuid4())}, "deals.pipeline"),
    ("marketing-return", {}, "products.cost"),
    ("touches", {}, "touches.duration_minutes"),
]


@pytest.mark.parametrize(("name", "query", "field"), COUNTED)
async def test_a_report_is_refused_to_whom_a_field_is_kept_that_it_counts_by(
    analytics: Running, reported: World, name: str, query: dict[str, str], field: str
) -> None:
    def reader(rule: FieldRule) -> httpx.AsyncClient:
        return analytics.client(
            reported.tenant,
            permissions={"reports:read": "all"},
            fields={"reports": {field: rule, "deals.next_step": "hidden"}},
        )

    answer = await reader("hidden").get(f"/v1/reports/{name}", params=query)
    assert problem(answer) == (403, "field-not-permitted", field)
    assert (await reader("masked").get(f"/v1/reports/{name}", params=query)).status_code == 403
    assert (await reader("read_only").get(f"/v1/reports/{name}", params=query)).is_success


async def test_what_is_kept_of_records_leaves_reports_alone_that_do_not_count_by_it(
    analytics: Running, reported: World
) -> None:
    reader = analytics.client(
        reported.tenant,
        permissions={"reports:read": "all"},
        fields={"reports": {"deals.amount": "hidden"}, "deals": {"closed_on": "hidden"}},
    )
    for name in ("win-rate", "cycle-time", "touches"):
        assert (await reader.get(f"/v1/reports/{name}")).is_success
    by_product = await reader.get("/v1/reports/win-rate", params={"by": "product"})
    assert problem(by_product)[2] == "deals.amount"


# -- freshness ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_every_answer_says_as_of_when_it_is(analyst: httpx.AsyncClient, name: str) -> None:
    answer = await analyst.get(f"/v1/reports/{name}")
    assert datetime.fromisoformat(answer.json()["as_of"]) == AS_OF


async def test_before_the_first_events_are_in_there_is_no_answer(
    analytics: Running, analyst: httpx.AsyncClient
) -> None:
    await analytics.database.pool.execute("delete from projection")
    answer = await analyst.get("/v1/reports/funnel")
    assert problem(answer)[:2] == (503, "projection-behind")
    assert answer.headers["retry-after"]


async def test_before_the_tenant_is_known_only_a_named_currency_can_be_answered_in(
    world: World, reader_of: ClientOf
) -> None:
    early = reader_of(world, "all")
    assert problem(await early.get("/v1/reports/funnel"))[:2] == (503, "projection-behind")
    assert (await early.get("/v1/reports/funnel?currency=RUB")).status_code == 200


async def test_a_reader_sees_what_they_wrote_before(
    inbox: Inbox, world: World, reader_of: ClientOf
) -> None:
    deals = world.deals[:5]
    written = ", ".join(f"crm.sales.deal/{deal.id}@{deal.version}" for deal in deals)
    asking = asyncio.create_task(
        reader_of(world, "all").get(
            "/v1/reports/funnel?currency=RUB", headers={"Meridian-Read-After": written}
        )
    )
    await asyncio.sleep(0.1)
    await inbox.apply_events([world.event(deal) for deal in deals[:4]])
    await asyncio.sleep(0.1)
    assert not asking.done()
    await inbox.apply_events([world.event(deals[4])])
    answer = await asyncio.wait_for(asking, 5)
    assert answer.json()["totals"]["deals"] == len(deals)


async def test_waiting_for_what_does_not_come_ends(
    analyst: httpx.AsyncClient, reported: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "LONGEST_WAIT_SECONDS", 0.2)
    deal = reported.deals[0]
    later = {"Meridian-Read-After": f"crm.sales.deal/{deal.id}@{deal.version + 1}"}
    answer = await analyst.get("/v1/reports/funnel", headers=later)
    assert problem(answer)[:2] == (503, "projection-behind")
    assert int(answer.headers["retry-after"]) >= 1


async def test_another_tenants_versions_are_not_ours(
    analytics: Running, reported: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "LONGEST_WAIT_SECONDS", 0.1)
    deal = reported.deals[0]
    other = analytics.client(uuid4(), permissions={"reports:read": "all"})
    answer = await other.get(
        "/v1/reports/funnel?currency=RUB",
        headers={"Meridian-Read-After": f"crm.sales.deal/{deal.id}@{deal.version}"},
    )
    assert problem(answer)[:2] == (503, "projection-behind")


async def test_versions_that_no_report_reads_are_not_waited_for(
    analyst: httpx.AsyncClient,
) -> None:
    answer = await analyst.get(
        "/v1/reports/funnel", headers={"Meridian-Read-After": f"crm.marketing.form/{uuid4()}@1"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header", ["crm.sales.deal/7@1", "crm.sales.dael/018f0000-0000-7000-8000-000000000000@1"]
)
async def test_a_malformed_read_after_is_a_problem_at_once(
    analyst: httpx.AsyncClient, header: str
) -> None:
    answer = await analyst.get("/v1/reports/funnel", headers={"Meridian-Read-After": header})
    assert problem(answer) == (422, "invalid-request", "Meridian-Read-After")


# -- questions ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "query", "field"),
    [
        ("funnel", {"form": "2026-01-01"}, "form"),
        ("funnel", {"by": "month"}, "by"),
        ("funnel", {"from": "01.02.2026"}, "from"),
        ("funnel", {"from": "20260101"}, "from"),
        ("funnel", {"to": "2026-02-30"}, "to"),
        ("funnel", {"to": ""}, "to"),
        ("revenue", {"by": "moon"}, "by"),
        ("revenue", {"currency": "rub"}, "currency"),
        ("revenue", {"currency": "RUB' or 1=1"}, "currency"),
        ("revenue", {"pipeline": "7"}, "pipeline"),
        ("win-rate", {"owner": "me"}, "owner"),
        ("reasons", {"outcome": "open"}, "outcome"),
        ("forecast", {"department": "north"}, "department"),
        ("marketing-return", {"by": "month"}, "by"),
        ("touches", {"outcome": "won"}, "outcome"),
    ],
)
async def test_a_wrong_parameter_is_named(
    analyst: httpx.AsyncClient, name: str, query: dict[str, str], field: str
) -> None:
    answer = await analyst.get(f"/v1/reports/{name}", params=query)
    assert problem(answer) == (422, "invalid-request", field)


async def test_a_period_ends_no_sooner_than_it_begins(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.get("/v1/reports/funnel?from=2026-02-01&to=2026-01-31")
    assert problem(answer) == (422, "period-ends-before-it-begins", "to")


async def test_a_parameter_given_twice_is_a_problem(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.get("/v1/reports/funnel?from=2026-01-01&from=2026-01-02")
    assert problem(answer) == (422, "invalid-request", "from")


@pytest.mark.parametrize("name", NAMES)
async def test_an_unknown_department_pipeline_or_owner_has_no_figures(
    analyst: httpx.AsyncClient, name: str
) -> None:
    for parameter in ("department", "owner"):
        answer = await analyst.get(f"/v1/reports/{name}", params={parameter: str(uuid4())})
        counted = [value for value in numbers(answer.json()["items"]) if value]
        assert not counted


def numbers(items: list[dict[str, Any]]) -> list[int]:
    """Every count in `items` but the places of stages."""
    return [
        value
        for item in items
        for name, value in item.items()
        if isinstance(value, int) and name != "position"
    ]


async def test_the_reports_are_documented_with_their_parameters(analytics: Running) -> None:
    document = (await analytics.client_of(None).get("/openapi.json")).json()
    revenue = document["paths"]["/v1/reports/revenue"]["get"]
    parameters = {parameter["name"]: parameter for parameter in revenue["parameters"]}
    assert {"from", "to", "pipeline", "department", "owner", "currency", "by"} <= set(parameters)
    assert "quarter" in parameters["by"]["schema"]["enum"]
    assert parameters["Meridian-Read-After"]["in"] == "header"
    answer = document["components"]["schemas"]["RevenueReport"]
    assert {"as_of", "currency", "items", "total", "other_currencies"} <= set(answer["properties"])


async def test_money_is_a_decimal_string_and_never_in_exponents(
    inbox: Inbox, world: World, reader_of: ClientOf
) -> None:
    await inbox.apply_events(world.events())
    answer = await reader_of(world, "all").get("/v1/reports/marketing-return?currency=CHF")
    assert answer.json()["total"]["revenue"] == "0"
    assert answer.json()["as_of"] == AS_OF.astimezone(UTC).isoformat().replace("+00:00", "Z")
