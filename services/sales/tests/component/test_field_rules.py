"""What roles keep of deals: verbs go on, naming does not, and no answer tells."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis.identity import FieldRules
from chassis.testing import Running
from services.sales.tests.component.selling import (
    EVERYTHING,
    administrator,
    created,
    done,
    refused,
    verdicts,
)

AMOUNT = {"amount": "918273.64", "currency": "RUB"}


def clerk(sales: Running, tenant: UUID, **rules: Any) -> httpx.AsyncClient:
    fields: FieldRules = {"deals": rules}
    return sales.client(tenant, permissions=EVERYTHING, fields=fields)


async def deal(sales: Running, tenant: UUID) -> dict[str, Any]:
    admin = administrator(sales, tenant)
    stages = [{"name": "Новая", "probability": 10}, {"name": "Счёт", "probability": 60}]
    await created(admin, "pipelines", name="Продажи", stages=stages, is_default=True)
    return await created(admin, "deals", name="Парусина", amount=AMOUNT)


async def test_a_verb_may_change_what_whoever_commands_it_does_not_see(
    sales: Running, tenant: UUID
) -> None:
    opened = await deal(sales, tenant)
    blind = clerk(sales, tenant, amount="hidden", closed_on="hidden", closed_at="read_only")
    won = await done(blind, f"deals/{opened['id']}/win")
    assert won["status"] == "won"
    assert won["closed_at"]
    assert "amount" not in won
    assert "closed_on" not in won
    whole = (await administrator(sales, tenant).get(f"/v1/deals/{opened['id']}")).json()
    assert whole["closed_on"]
    assert whole["amount"] == AMOUNT
    told = await blind.get(f"/v1/deals/{opened['id']}/history")
    assert "918273" not in told.text
    assert "closed_on" not in told.text
    assert all(each["time"] == each["recordedtime"] for each in told.json()["items"])


@pytest.mark.parametrize(
    ("rules", "verb", "body", "field"),
    [
        ({"stage": "read_only"}, "move", {"stage": str(UUID(int=1))}, "stage"),
        ({"reason": "hidden"}, "lose", {"reason": str(UUID(int=1))}, "reason"),
        ({"reason_comment": "read_only"}, "win", {"comment": "даром"}, "reason_comment"),
        ({"closed_at": "read_only"}, "win", {"closed_at": "2026-01-01T00:00:00Z"}, "closed_at"),
    ],
)
async def test_a_verb_sets_no_kept_field_by_name(
    sales: Running, tenant: UUID, rules: Any, verb: str, body: Any, field: str
) -> None:
    opened = await deal(sales, tenant)
    answer = await clerk(sales, tenant, **rules).post(f"/v1/deals/{opened['id']}/{verb}", json=body)
    assert refused(answer, 403, "field-not-permitted")["field"] == field


async def test_an_import_repeats_what_is_read_only(sales: Running, tenant: UUID) -> None:
    opened = await deal(sales, tenant)
    kept = clerk(sales, tenant, amount="read_only")
    same = {"id": opened["id"], "name": "Парусина", "amount": AMOUNT, "status": "open"}
    other = same | {"amount": {"amount": "1", "currency": "RUB"}}
    told = [await verdicts(kept, "deals", item) for item in (same, other)]
    assert [(each["verdict"], (each["problem"] or {}).get("field")) for (each,) in told] == [
        ("unchanged", None),
        ("rejected", "amount"),
    ]


async def test_a_conflict_tells_both_values_of_what_one_may_change_alone(
    sales: Running, tenant: UUID
) -> None:
    opened = await deal(sales, tenant)
    path, stale = f"/v1/deals/{opened['id']}", {"If-Match": '"1"'}
    await administrator(sales, tenant).patch(path, json={"name": "Канаты", "amount": None})
    blind = clerk(sales, tenant, amount="hidden")
    theirs = await blind.patch(path, json={"name": "Якоря"}, headers=stale)
    assert refused(theirs, 412, "edit-conflict")["theirs"] == "Канаты"
    probing = await blind.patch(path, json={"name": "Якоря", "amount": AMOUNT}, headers=stale)
    assert refused(probing, 403, "field-not-permitted")["field"] == "amount"
