"""What became of leads and spend, and what they were."""

from uuid import UUID, uuid4

import httpx

from chassis.testing import Running, event
from chassis.transactions import uuid7
from events.catalogue import DEAL
from events.sales import Deal
from services.marketing.tests.component.conftest import EVERYTHING


async def test_a_lead_came_by_its_form_and_was_converted_by_a_deal(
    marketing: Running, marketer: httpx.AsyncClient, stranger: httpx.AsyncClient, tenant: UUID
) -> None:
    form = (await marketer.post("/v1/forms", json={"name": "Заявка"})).json()["id"]
    details = {"name": "Анна", "email": "anna@example.ru"}
    lead = (await stranger.post(f"/v1/forms/{form}/submissions", json=details)).json()["lead"]
    deal = Deal(id=uuid7(), version=1, name="Анна", pipeline=uuid4(), stage=uuid4(), lead=lead)
    made = event(DEAL, "created", deal, tenant=tenant)
    await marketing.deliver("marketing.reactions", made)

    converted, captured = (await marketer.get(f"/v1/leads/{lead}/history")).json()["items"]
    assert captured["actor"] == f"form:{form}"
    assert converted["actor"] == "system:marketing"
    assert converted["correlationid"] == str(made.id)
    assert converted["changed"]["deal"] == {"before": None, "after": str(deal.id)}
    then = await marketer.get(f"/v1/leads/{lead}", params={"as_of": captured["recordedtime"]})
    assert (then.json()["status"], then.json()["deal"]) == ("captured", None)


async def test_a_corrected_day_of_spend_keeps_what_was_said_first(
    marketing: Running, marketer: httpx.AsyncClient, campaign: str
) -> None:
    for amount in ("100.00", "120.00"):
        report = {"campaign": campaign, "day": "2026-06-01", "amount": money(amount)}
        answer = await marketer.post("/v1/spend/bulk", json={"items": [report]})
    id = answer.json()["items"][0]["id"]
    changed, recorded = (await marketer.get(f"/v1/spend/{id}/history")).json()["items"]
    assert (recorded["verb"], changed["verb"]) == ("recorded", "changed")
    assert changed["time"] == recorded["time"] == "2026-06-01T12:00:00Z"
    assert changed["changed"] == {"amount": {"before": money("100.00"), "after": money("120.00")}}
    then = await marketer.get(f"/v1/spend/{id}", params={"as_of": recorded["recordedtime"]})
    assert then.json()["amount"] == money("100.00")
    other = marketing.client(uuid4(), permissions=EVERYTHING)
    assert (await other.get(f"/v1/spend/{id}/history")).status_code == 404


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "RUB"}
