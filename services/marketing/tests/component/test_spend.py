"""Spend by day, as an advertising account reports it, again and again."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, reaching


def reported(campaign: str, day: str, amount: str, currency: str = "RUB") -> dict[str, Any]:
    return {"campaign": campaign, "day": day, "amount": {"amount": amount, "currency": currency}}


async def report(client: httpx.AsyncClient, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """The verdicts on `items`."""
    answer = await client.post("/v1/spend/bulk", json={"items": list(items)})
    assert answer.status_code == 200, answer.text
    verdicts: list[dict[str, Any]] = answer.json()["items"]
    return verdicts


def words(verdicts: list[dict[str, Any]]) -> list[str]:
    """Each verdict, or the name of the problem with a rejected item."""
    return [
        verdict["problem"]["type"].rpartition(":")[2]
        if verdict["verdict"] == "rejected"
        else verdict["verdict"]
        for verdict in verdicts
    ]


async def test_a_second_report_of_the_day_replaces_the_amount(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, channel: str, campaign: str
) -> None:
    first = await report(marketer, reported(campaign, "2026-03-01", "10.50"))
    again = await report(marketer, reported(campaign, "2026-03-01", "10.5"))
    corrected = await report(marketer, reported(campaign, "2026-03-01", "12"))

    assert [*words(first), *words(again), *words(corrected)] == ["created", "unchanged", "updated"]
    assert {first[0]["id"], again[0]["id"], corrected[0]["id"]} == {first[0]["id"]}
    kept = (await marketer.get("/v1/spend")).json()["items"]
    assert [(item["amount"]["amount"], item["version"]) for item in kept] == [("12", 2)]
    assert kept[0]["channel"] == channel

    events = [event for event in await marketing.journal(tenant) if ".spend." in event.type]
    assert [event.type for event in events] == [
        "crm.marketing.spend.recorded.v1",
        "crm.marketing.spend.changed.v1",
    ]
    assert {event.time.isoformat() for event in events} == {"2026-03-01T12:00:00+00:00"}


async def test_each_item_has_a_verdict_and_good_ones_are_kept(
    marketer: httpx.AsyncClient, campaign: str
) -> None:
    verdicts = await report(
        marketer,
        reported(campaign, "2026-03-01", "1"),
        reported(str(uuid4()), "2026-03-01", "1"),
        reported(campaign, "2026-03-01", "2"),
        reported(campaign, "2026-03-02", "-0.01"),
        reported(campaign, "2026-03-03", "1", "EUR"),
        reported(campaign, "31.12.2026", "1"),
        reported("not an id", "2026-03-04", "1"),
        reported(campaign, "2026-03-04", "Infinity"),
        {"campaign": campaign, "day": "2026-03-05"},
        reported(campaign, "2026-03-06", "1") | {"id": str(uuid4())},
        reported(campaign, "2026-03-07", "0"),
    )
    assert words(verdicts) == [
        "created",
        "unknown-campaign",
        "duplicate-in-request",
        "spend-below-zero",
        "spend-in-other-currency",
        "invalid-request",
        "invalid-request",
        "invalid-request",
        "invalid-request",
        "invalid-request",
        "created",
    ]
    kept = (await marketer.get("/v1/spend", params={"campaign": campaign})).json()["items"]
    assert {item["day"] for item in kept} == {"2026-03-01", "2026-03-07"}


async def test_the_money_of_a_campaign_is_in_one_currency(
    marketer: httpx.AsyncClient, channel: str, campaign: str
) -> None:
    await report(marketer, reported(campaign, "2026-03-01", "1", "EUR"))
    path = f"/v1/campaigns/{campaign}"
    rubles = {"budget": {"amount": "5", "currency": "RUB"}}
    answer = await marketer.patch(path, json=rubles)
    assert answer.json()["type"] == "urn:meridian:problem:budget-in-other-currency"
    bulk = await marketer.post("/v1/campaigns/bulk", json={"items": [{"id": campaign, **rubles}]})
    assert words(bulk.json()["items"]) == ["budget-in-other-currency"]
    euros = {"budget": {"amount": "5", "currency": "EUR"}}
    assert (await marketer.patch(path, json=euros)).status_code == 200

    budgeted = await marketer.post(
        "/v1/campaigns", json={"name": "Budgeted", "channel": channel, **rubles}
    )
    verdicts = await report(marketer, reported(budgeted.json()["id"], "2026-03-01", "1", "EUR"))
    assert words(verdicts) == ["spend-in-other-currency"]


async def test_two_first_reports_at_once_do_not_choose_two_currencies(
    marketer: httpx.AsyncClient, campaign: str
) -> None:
    currencies = ["RUB", "EUR", "USD", "CNY"]
    verdicts = await asyncio.gather(
        *(
            report(marketer, reported(campaign, f"2026-03-0{day}", "1", currency))
            for day, currency in enumerate(currencies, start=1)
        )
    )
    assert sorted(word for one in verdicts for word in words(one)) == [
        "created",
        "spend-in-other-currency",
        "spend-in-other-currency",
        "spend-in-other-currency",
    ]


async def test_spend_is_listed_by_campaign_channel_and_days(
    marketer: httpx.AsyncClient, channel: str, campaign: str
) -> None:
    await report(marketer, *(reported(campaign, f"2026-03-{day:02}", "1") for day in range(1, 11)))

    async def days(**query: str) -> list[str]:
        answer = await marketer.get("/v1/spend", params=query)
        return sorted(item["day"] for item in answer.json()["items"])

    assert await days(**{"from": "2026-03-03", "to": "2026-03-04"}) == ["2026-03-03", "2026-03-04"]
    assert len(await days(channel=channel)) == 10
    assert await days(campaign=str(uuid4())) == []
    assert await days(campaign=campaign, **{"from": "2026-03-11"}) == []

    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await marketer.get("/v1/spend", params={"limit": 4, "cursor": cursor})
        seen += [item["day"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert sorted(seen) == [f"2026-03-{day:02}" for day in range(1, 11)]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-01-01,2026-01-02"},
        {"campaign": "x"},
        {"q": "anything"},
        {"day": "2026-01-01"},
    ],
)
async def test_a_list_of_spend_refuses_what_it_does_not_know(
    marketer: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await marketer.get("/v1/spend", params=query)
    assert answer.status_code == 422
    assert answer.json()["field"] == next(iter(query))


async def test_spend_lies_where_its_campaign_lies(
    marketing: Running, tenant: UUID, channel: str
) -> None:
    root, north, south = uuid4(), uuid4(), uuid4()
    await marketing.place(tenant, (root,))
    await marketing.place(tenant, (root, north))
    await marketing.place(tenant, (root, south))
    of_department = reaching("department", "campaigns", "spend") | reaching("all", "channels")
    northern, southern = (
        marketing.client(tenant, permissions=of_department, department_path=(root, department))
        for department in (north, south)
    )
    made = await northern.post("/v1/campaigns", json={"name": "North", "channel": channel})
    campaign = made.json()["id"]

    assert words(await report(southern, reported(campaign, "2026-03-01", "1"))) == [
        "unknown-campaign"
    ]
    created = await report(northern, reported(campaign, "2026-03-01", "1"))
    assert words(created) == ["created"]
    path = f"/v1/spend/{created[0]['id']}"
    assert (await northern.get(path)).json()["department"] == str(north)
    assert (await southern.get(path)).status_code == 404
    assert (await southern.get("/v1/spend")).json()["items"] == []

    # Given away, the campaign is the south's; what was spent before stays where it was.
    await northern.patch(f"/v1/campaigns/{campaign}", json={"department": str(south)})
    assert words(
        await report(
            southern, reported(campaign, "2026-03-01", "2"), reported(campaign, "2026-03-02", "1")
        )
    ) == ["not-found", "created"]


async def test_another_tenants_campaign_is_unknown(marketing: Running, campaign: str) -> None:
    other = marketing.client(uuid4(), permissions=reaching("all", "campaigns", "spend"))
    assert words(await report(other, reported(campaign, "2026-03-01", "1"))) == ["unknown-campaign"]
    assert (await other.get("/v1/spend")).json()["items"] == []


async def test_a_bulk_has_between_one_and_a_thousand_items(
    marketer: httpx.AsyncClient, campaign: str
) -> None:
    for items in ([], [reported(campaign, "2026-03-01", "1")] * 1_001):
        answer = await marketer.post("/v1/spend/bulk", json={"items": items})
        assert answer.status_code == 422
        assert answer.json()["field"] == "items"


async def test_nobody_asks_for_days_that_they_do_not_see_or_learns_of_them_from_a_rule(
    marketing: Running, marketer: httpx.AsyncClient, tenant: UUID, campaign: str
) -> None:
    await report(marketer, reported(campaign, "2026-03-01", "10"))
    await marketer.patch(f"/v1/campaigns/{campaign}", json={"starts_on": "2026-02-28"})
    clerk = marketing.client(
        tenant,
        permissions=reaching("all", "spend", "campaigns"),
        fields={"spend": {"day": "hidden"}, "campaigns": {"starts_on": "hidden"}},
    )
    for name in ("from", "to"):
        answer = await clerk.get("/v1/spend", params={name: "2026-03-01"})
        assert (answer.status_code, answer.json()["field"]) == (403, name)
    assert "2026-03-01" not in (await clerk.get("/v1/spend")).text
    early = {"ends_on": "2026-01-01"}
    broken = await clerk.patch(f"/v1/campaigns/{campaign}", json=early)
    told = await clerk.post("/v1/campaigns/bulk", json={"items": [{"id": campaign} | early]})
    for text in (broken.text, told.text):
        assert "campaign-ends-before-it-starts" in text
        assert "2026-02" not in text
    assert "2026-02-28" in (await marketer.patch(f"/v1/campaigns/{campaign}", json=early)).text
