"""What became of a deal, and what it was: for whoever reaches it now."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.testing import Running
from services.sales.tests.component.selling import (
    EVERYTHING,
    Json,
    administrator,
    agent,
    created,
    done,
    external,
    imported,
    pipeline,
    refused,
    verdicts,
)


async def test_every_step_of_a_deal_is_told_newest_first(sales: Running, tenant: UUID) -> None:
    user = uuid4()
    ann = sales.client(tenant, permissions=EVERYTHING, user=user)
    stages = (await pipeline(ann, is_default=True))["stages"]
    deal = await created(ann, "deals", name="Racking")
    await done(ann, f"deals/{deal['id']}/move", stage=stages[1]["id"])
    reason = await created(ann, "reasons", outcome="lost", code="frost", name="Frost")
    await done(ann, f"deals/{deal['id']}/lose", reason=reason["id"], comment="Too cold")
    await ann.post(
        f"/v1/deals/{deal['id']}/reopen", json={}, headers={"Meridian-Reason": "It thawed"}
    )

    history: list[Json] = (await ann.get(f"/v1/deals/{deal['id']}/history")).json()["items"]
    assert [item["verb"] for item in history] == ["reopened", "lost", "moved", "created"]
    assert [item["version"] for item in history] == [4, 3, 2, 1]
    assert {item["actor"] for item in history} == {str(user)}
    assert [item["reason"] for item in history] == ["It thawed", None, None, None]
    reopened, lost, moved, _ = (item["changed"] for item in history)
    assert reopened["status"] == {"before": "lost", "after": "open"}
    assert lost["reason_comment"] == {"before": "", "after": "Too cold"}
    assert moved["stage"] == {"before": stages[0]["id"], "after": stages[1]["id"]}


async def test_why_is_told_in_any_alphabet(sales: Running, tenant: UUID) -> None:
    ann = administrator(sales, tenant)
    product = {"name": "Rack", "price": amount("1.00")}
    headers = {b"Meridian-Reason": "Новый прайс".encode(), b"Meridian-Origin": b"erp"}
    made = (await ann.post("/v1/products", json=product, headers=headers)).json()
    [version] = (await ann.get(f"/v1/products/{made['id']}/history")).json()["items"]
    assert (version["reason"], version["origin"]) == ("Новый прайс", "erp")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Meridian-Reason", b"x" * 201),
        ("Meridian-Correlation", b"\xff\xfe"),
        ("Idempotency-Key", "ключ".encode()),
        ("Idempotency-Key", b"x" * 201),
    ],
)
async def test_a_header_that_cannot_be_kept_is_refused_by_name(
    sales: Running, tenant: UUID, name: str, said: bytes
) -> None:
    ann = administrator(sales, tenant)
    product = {"name": "Rack", "price": amount("1.00")}
    answer = await ann.post("/v1/products", json=product, headers={name.encode(): said})
    assert (answer.status_code, answer.json()["field"]) == (422, name)
    assert (await ann.get("/v1/products")).json()["items"] == []


async def test_a_deal_is_shown_as_of_every_time(sales: Running, tenant: UUID) -> None:
    ann = administrator(sales, tenant)
    await pipeline(ann, is_default=True)
    deal = await created(ann, "deals", name="Racking", amount=amount("10.00"))
    states = [deal]
    for value in ("20.00", "30.00"):
        answer = await ann.patch(f"/v1/deals/{deal['id']}", json={"amount": amount(value)})
        states.append(answer.json())
    items = (await ann.get(f"/v1/deals/{deal['id']}/history?limit=2")).json()
    older = (
        await ann.get(f"/v1/deals/{deal['id']}/history", params={"cursor": items["next_cursor"]})
    ).json()
    assert older["next_cursor"] is None
    for item in (*items["items"], *older["items"]):
        answer = await ann.get(f"/v1/deals/{deal['id']}", params={"as_of": item["recordedtime"]})
        assert answer.json() == states[item["version"] - 1]
        assert answer.headers["ETag"] == f'"{item["version"]}"'


async def test_an_imported_deal_happened_long_before_it_was_known(
    sales: Running, tenant: UUID
) -> None:
    ann = administrator(sales, tenant)
    await pipeline(ann, is_default=True)
    [verdict] = await verdicts(ann, "deals", imported("1", external_ids=external("1")))
    id = verdict["id"]
    [item] = (await ann.get(f"/v1/deals/{id}/history")).json()["items"]
    assert (item["verb"], item["time"][:4]) == ("imported", "2017")
    assert item["recordedtime"] > item["time"]
    then = await ann.get(f"/v1/deals/{id}", params={"as_of": "2017-12-31T00:00:00Z"})
    refused(then, 404, "not-found")


async def test_whoever_does_not_reach_the_deal_now_sees_nothing_of_its_past(
    sales: Running, tenant: UUID
) -> None:
    ann, bob = administrator(sales, tenant), agent(sales, tenant, "own")
    await pipeline(ann, is_default=True)
    deal = await created(ann, "deals", name="Racking")
    for stranger in (bob, administrator(sales, uuid4())):
        for path in ("/history", "?as_of=2100-01-01T00:00:00Z"):
            refused(await stranger.get(f"/v1/deals/{deal['id']}{path}"), 404, "not-found")
    assert (await ann.get(f"/v1/deals/{deal['id']}?as_of=2100-01-01T00:00:00Z")).json() == deal
    refused(await ann.get(f"/v1/deals/{deal['id']}?as_of=noon"), 422, "invalid-request")


def amount(value: str) -> dict[str, Any]:
    return {"amount": value, "currency": "EUR"}
