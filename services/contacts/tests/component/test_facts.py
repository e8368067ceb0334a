"""Facts of other systems in timelines: whose they are, and who sees them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.testing import Running, event, reaching
from events.catalogue import DEAL, FACT, PRODUCT
from events.envelope import Event
from events.integration import Fact, PartyRef, Quantity, RecordRef
from events.sales import Deal, DealLine, Product
from events.values import CustomerRef, ExternalId, Money

EVERYTHING = reaching("all", "companies", "people", "touches", "deals", "facts") | {
    "people:erase": "all"
}
CONSUMER = "contacts.timeline"
OURS_IN_1C = ExternalId("1c", "counterparty", "00-00000107")
Json = dict[str, Any]


@pytest.fixture
def anna(contacts: Running, tenant: UUID) -> httpx.AsyncClient:
    return contacts.client(tenant, permissions=EVERYTHING)


def rubles(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


def fact(tenant: UUID, kind: str = "payment_received", **fields: Any) -> Event[Fact]:
    day = fields.pop("day", 1)
    given: Json = {
        "id": uuid4(),
        "version": 1,
        "kind": kind,
        "document": ExternalId("1c", kind, uuid4().hex),
        "document_version": 1,
        "happened_at": datetime(2026, 3, day, 9, tzinfo=UTC),
        "happened_on": date(2026, 3, day),
        "received_at": datetime(2026, 3, day, 10, tzinfo=UTC),
    }
    if kind.startswith("payment"):
        given["amount"] = rubles("100.50")
    return event(FACT, kind, Fact(**(given | fields)), tenant=tenant)


def state_of(told: Event[Fact]) -> Fact:
    assert told.data.after is not None
    return told.data.after


async def created(client: httpx.AsyncClient, path: str, **body: Any) -> str:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def timeline(client: httpx.AsyncClient, customer: str, **query: Any) -> list[Json]:
    answer = await client.get(f"/v1/customers/{customer}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    entries: list[Json] = answer.json()["items"]
    return entries


async def facts(client: httpx.AsyncClient, customer: str) -> list[str]:
    return [entry["fact"]["id"] for entry in await timeline(client, customer, type="fact")]


def ids(*told: Event[Fact]) -> list[str]:
    return [fact.subject for fact in told]


async def test_a_payment_stands_among_the_touches_with_its_amount(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    person = await created(anna, "/v1/people", given_name="Анна")
    for day in (1, 3):
        await created(
            anna,
            "/v1/touches",
            channel="call",
            subject=str(day),
            customer={"type": "person", "id": person},
            done_at=f"2026-03-0{day}T12:00:00Z",
        )
    paid = fact(tenant, customer=PartyRef(id=UUID(person)), day=2)
    assert await contacts.deliver(CONSUMER, paid) == 1
    assert await contacts.deliver(CONSUMER, paid) == 0
    entries = await timeline(anna, person)
    assert [(e["type"], e["at"]) for e in entries] == [
        ("touch", "2026-03-03T12:00:00Z"),
        ("fact", "2026-03-02T09:00:00Z"),
        ("touch", "2026-03-01T12:00:00Z"),
    ]
    shown = entries[1]["fact"]
    assert (shown["kind"], shown["amount"]) == (
        "payment_received",
        {"amount": "100.50", "currency": "RUB"},
    )
    assert shown["customer"] is None
    assert [entry["type"] for entry in await timeline(anna, person, type="touch")] == ["touch"] * 2
    assert len(await timeline(anna, person, channel="call")) == 2


@pytest.mark.parametrize("comes_first", [True, False])
async def test_a_customer_is_found_by_external_id_or_tax_id_whoever_comes_first(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient, comes_first: bool
) -> None:
    told = [
        fact(tenant, customer=PartyRef(external_id=OURS_IN_1C), day=2),
        fact(tenant, customer=PartyRef(tax_id="7707083893"), day=1),
    ]
    stranger = fact(tenant, customer=PartyRef(external_id=ExternalId("1c", "counterparty", "8")))
    if comes_first:
        await contacts.deliver(CONSUMER, *told, stranger)
    company = await created(anna, "/v1/companies", name="ООО «Ромашка»", tax_id="7707083893")
    named = {"external_ids": [{"system": "1c", "type": "counterparty", "id": "00-00000107"}]}
    assert (await anna.patch(f"/v1/companies/{company}", json=named)).status_code == 200
    if not comes_first:
        await contacts.deliver(CONSUMER, *told, stranger)
    assert await facts(anna, company) == ids(*told)


async def test_a_company_has_the_facts_of_its_people_too(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    company = await created(anna, "/v1/companies", name="А")
    person = await created(anna, "/v1/people", given_name="Анна", company=company)
    told = fact(tenant, customer=PartyRef(id=UUID(person)))
    await contacts.deliver(CONSUMER, told)
    assert await facts(anna, company) == await facts(anna, person) == ids(told)


@pytest.mark.parametrize("reversal_first", [True, False])
async def test_a_reversal_that_names_only_its_payment_stands_beside_it(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient, reversal_first: bool
) -> None:
    person = await created(anna, "/v1/people", given_name="Анна")
    paid = fact(tenant, customer=PartyRef(id=UUID(person)))
    document = state_of(paid).document
    reversal = fact(tenant, "payment_reversed", payment=document, day=2)
    other = fact(tenant, "payment_reversed", payment=ExternalId("sap", "x", document.id))
    for told in (reversal, paid) if reversal_first else (paid, reversal):
        await contacts.deliver(CONSUMER, told)
    await contacts.deliver(CONSUMER, other)
    assert await facts(anna, person) == ids(reversal, paid)
    (shown, _) = await timeline(anna, person)
    assert shown["fact"]["payment"]["id"] == document.id


async def test_the_newest_version_of_a_document_is_shown_whatever_comes_last(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    person, other = [await created(anna, "/v1/people", given_name=name) for name in "АБ"]
    first = fact(tenant, customer=PartyRef(id=UUID(person)))
    state = state_of(first)
    moved = fact(
        tenant,
        id=state.id,
        document=state.document,
        version=2,
        customer=PartyRef(id=UUID(other)),
        amount=rubles("7"),
    )
    await contacts.deliver(CONSUMER, first, moved)
    await contacts.deliver(CONSUMER, first)
    assert await facts(anna, person) == []
    (entry,) = await timeline(anna, other)
    assert entry["fact"]["amount"]["amount"] == "7"


async def test_stock_is_shown_to_whom_a_product_is_about_to_be_sold(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    person, other = [await created(anna, "/v1/people", given_name=name) for name in "АБ"]
    item = ExternalId("1c", "item", "7")
    product = Product(id=uuid4(), version=1, name="Болт", price=rubles("1"), external_ids=(item,))
    owner = uuid4()

    def deal(version: int, status: Any, id: UUID = product.id) -> Event[Deal]:
        line = DealLine(product=id, quantity=Decimal(1), price=rubles("1"))
        state = Deal(
            id=UUID(int=tenant.int ^ 1),
            version=version,
            owner=owner,
            name="Болты",
            pipeline=uuid4(),
            stage=uuid4(),
            status=status,
            customer=CustomerRef("person", UUID(person)),
            lines=(line,),
        )
        return event(DEAL, "changed", state, tenant=tenant)

    counted = [
        fact(
            tenant,
            "stock_counted",
            product=RecordRef(external_id=item),
            quantity=Quantity(Decimal("-1.5"), "шт"),
            day=3,
        ),
        fact(tenant, "price_set", product=RecordRef(id=product.id), price=rubles("2"), day=2),
    ]
    reserved = fact(
        tenant,
        "stock_counted",
        product=RecordRef(external_id=item),
        quantity=Quantity(Decimal(2), "шт"),
        customer=PartyRef(id=UUID(other)),
    )
    await contacts.deliver(CONSUMER, *counted, reserved, deal(1, "open"))
    assert await facts(anna, person) == ids(counted[1])
    await contacts.deliver(CONSUMER, event(PRODUCT, "created", product, tenant=tenant))
    assert await facts(anna, person) == ids(*counted)
    assert await facts(anna, other) == ids(reserved)
    # Who may not know what a deal is about is not told it by stock.
    rest = {name: reach for name, reach in EVERYTHING.items() if not name.startswith("deals")}
    assert await facts(contacts.client(tenant, permissions=rest), person) == []
    own = contacts.client(tenant, permissions=rest | {"deals:read": "own"})
    assert await facts(own, person) == []
    theirs = contacts.client(tenant, permissions=rest | {"deals:read": "own"}, user=owner)
    assert await facts(theirs, person) == ids(*counted)
    blind = contacts.client(tenant, permissions=EVERYTHING, fields={"deals": {"lines": "hidden"}})
    assert await facts(blind, person) == []
    await contacts.deliver(CONSUMER, deal(2, "lost"))
    assert await facts(anna, person) == []


async def test_facts_go_as_far_as_the_customer_is_reached(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    user = uuid4()
    mine = await created(anna, "/v1/people", given_name="А", owner=str(user))
    company = await created(anna, "/v1/companies", name="Б", owner=str(user))
    theirs = await created(anna, "/v1/people", given_name="В", company=company)
    told = {id: fact(tenant, customer=PartyRef(id=UUID(id))) for id in (mine, company, theirs)}
    await contacts.deliver(CONSUMER, *told.values())
    reading = reaching("all", "companies", "people", "touches")
    agent = contacts.client(tenant, permissions=reading | {"facts:read": "own"}, user=user)
    assert await facts(agent, mine) == ids(told[mine])
    assert await facts(agent, company) == ids(told[company])
    assert await facts(agent, theirs) == []
    assert sorted(await facts(anna, company)) == sorted(ids(told[company], told[theirs]))
    assert await facts(contacts.client(tenant, permissions=reading), mine) == []
    stranger = contacts.client(uuid4(), permissions=EVERYTHING)
    assert (await stranger.get(f"/v1/customers/{mine}/timeline")).status_code == 404


async def test_pages_of_touches_and_facts_are_one_list(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    person = await created(anna, "/v1/people", given_name="Анна")
    customer = {"type": "person", "id": person}
    items = [
        {
            "channel": "call",
            "subject": "x",
            "customer": customer,
            "done_at": f"2026-03-0{n}T09:00:00Z",
        }
        for n in (1, 2, 2, 3)
    ]
    assert (await anna.post("/v1/touches/bulk", json={"items": items})).status_code == 200
    told = [fact(tenant, customer=PartyRef(id=UUID(person)), day=n) for n in (1, 2, 2, 3, 4)]
    await contacts.deliver(CONSUMER, *told)
    whole = await timeline(anna, person)
    assert len(whole) == 9
    assert [entry["at"] for entry in whole] == sorted((e["at"] for e in whole), reverse=True)
    paged: list[Json] = []
    query: Json = {"limit": 2}
    while True:
        answer = (await anna.get(f"/v1/customers/{person}/timeline", params=query)).json()
        paged += answer["items"]
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert paged == whole


async def test_facts_mean_nobody_who_is_erased(
    contacts: Running, tenant: UUID, anna: httpx.AsyncClient
) -> None:
    mark = f"стёртый-{uuid4().hex}"
    named = {"system": "1c", "type": "client", "id": mark}
    person = await created(anna, "/v1/people", given_name="Анна", external_ids=[named])
    await contacts.deliver(
        CONSUMER, fact(tenant, customer=PartyRef(external_id=ExternalId("1c", "client", mark)))
    )
    assert len(await facts(anna, person)) == 1
    erased = await anna.delete(f"/v1/people/{person}", headers={"Meridian-Reason": "erasure"})
    assert erased.status_code == 200
    assert "fact" not in await contacts.remembered(mark)
    again = await created(anna, "/v1/people", given_name="Другая", external_ids=[named])
    assert await facts(anna, again) == []
