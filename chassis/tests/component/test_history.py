"""What became of a record, folded from its journal; and the record as of a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import MetaData

from chassis.aggregates import AggregateStore
from chassis.database import Database
from chassis.history import HistoryRequest, as_of
from chassis.identity import Identity, system_identity
from chassis.journal import encoder
from chassis.problems import Forbidden, InvalidRequest, NotFound
from chassis.schema import CURRENT, aggregate_table, create_aggregate
from chassis.transactions import Cause, Transactions, uuid7
from events.catalogue import PRODUCT
from events.sales import Product
from events.values import ExternalId, Money, Reach

THINGS = AggregateStore(
    PRODUCT,
    aggregate_table("product", MetaData()),
    state=Product,
    resource="products",
    columns=lambda _: {},
)
DEFAULTS: dict[str, Any] = {
    "owner": None,
    "department": None,
    "external_ids": [],
    "sku": None,
    "category": None,
    "cost": None,
    "is_active": True,
}
"""Of a product's fields, those that need not be said."""

Json = dict[str, Any]


@pytest.fixture
def prepared_url(new_database: Callable[[], str]) -> str:
    """The URL of a database with products and a journal."""
    url = new_database()

    async def prepare() -> None:
        async with opened(url) as transactions:
            for statement in (*CURRENT, *create_aggregate("product")):
                await transactions.database.pool.execute(statement)

    asyncio.run(prepare())
    return url


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Transactions]:
    database = Database(url, 2)
    await database.open()
    try:
        yield Transactions("sales", database)
    finally:
        await database.close()


async def written(
    transactions: Transactions,
    states: list[Product],
    identity: Identity,
    cause: Cause | None = None,
) -> list[Json]:
    """Write each state as the next version of one product; returns the versions, as JSON."""
    before: Product | None = None
    versions: list[Json] = []
    for state in states:
        async with transactions.begin(identity, cause) as transaction:
            verb = "changed" if before else "created"
            state = replace(state, version=before.version if before else 0)
            after = await THINGS.save(transaction, verb, before, state)
        if after is not before:
            versions.append(msgspec.json.decode(encoder.encode(after)))
        before = after
    return versions


async def whole_history(
    transactions: Transactions, identity: Identity, id: UUID, limit: int = 50
) -> list[Json]:
    """Every version, newest first, turned over page by page."""
    query = {"limit": str(limit)}
    items: list[Json] = []
    while True:
        request = HistoryRequest.parse(query)
        page = await THINGS.history(transactions.database, identity, id, request)
        shown = msgspec.json.decode(page.json())
        assert len(shown["items"]) <= limit
        items += shown["items"]
        if shown["next_cursor"] is None:
            return items
        query["cursor"] = shown["next_cursor"]


# -- folding ----------------------------------------------------------------------


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
MONEY = st.builds(
    Money,
    st.sampled_from(["0", "0.00", "-1", "1", "1.0", "1.00", "12.5"]).map(Decimal),
    st.sampled_from(["RUB", "EUR", "KZT"]),
)
FIELDS = {
    "name": NAMES,
    "sku": st.none() | NAMES,
    "price": MONEY,
    "cost": st.none() | MONEY,
    "is_active": st.booleans(),
    "owner": st.none() | st.uuids(),
    "external_ids": st.lists(
        st.builds(ExternalId, st.just("1c"), st.just("item"), st.uuids().map(str)), max_size=2
    ).map(tuple),
}
EDITS = st.lists(st.fixed_dictionaries({}, optional=FIELDS), max_size=8)


@given(st.fixed_dictionaries(FIELDS), EDITS, st.integers(1, 4))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_folding_the_history_gives_every_state(
    prepared_url: str, first: Json, edits: list[Json], limit: int
) -> None:
    asyncio.run(fold(prepared_url, first, edits, limit))


async def fold(url: str, first: Json, edits: list[Json], limit: int) -> None:
    states = [Product(id=uuid7(), version=0, **first)]
    for edit in edits:
        states.append(replace(states[-1], **edit))
    id, identity = states[0].id, system_identity(uuid4(), "sales")
    async with opened(url) as transactions:
        expected = await written(transactions, states, identity)
        history = await whole_history(transactions, identity, id, limit)
        assert [item["version"] for item in history] == list(range(len(expected), 0, -1))
        assert products(forwards(id, history)) == products(expected)
        assert products(backwards(history, expected[-1])) == products(expected)
        for state, item in zip(expected, reversed(history), strict=True):
            at = datetime.fromisoformat(item["recordedtime"])
            version, text = await THINGS.read_as_of(transactions.database, identity, id, at)
            assert (version, msgspec.json.decode(text)) == (state["version"], state)


def products(states: list[Json]) -> list[Product]:
    """As amounts are compared: 1.0 is 1.00."""
    return [msgspec.convert(state, Product, strict=False) for state in states]


def forwards(id: UUID, history: list[Json]) -> list[Json]:
    """Every state, from the first version on: what changed, put onto the one before."""
    states: list[Json] = []
    for item in reversed(history):
        state = states[-1] if states else DEFAULTS | {"id": str(id)}
        changed = {field: change["after"] for field, change in item["changed"].items()}
        states.append(state | changed | {"version": item["version"]})
    return states


def backwards(history: list[Json], newest: Json) -> list[Json]:
    """Every state, from the newest version back: what changed, taken off."""
    states = [newest]
    for item in history[:-1]:
        changed = {field: change["before"] for field, change in item["changed"].items()}
        states.insert(0, states[0] | changed | {"version": item["version"] - 1})
    return states


# -- one record ---------------------------------------------------------------------


@pytest.fixture
async def transactions(prepared_url: str) -> AsyncIterator[Transactions]:
    async with opened(prepared_url) as made:
        yield made


SYSTEM = system_identity(uuid4(), "sales")


def reader(tenant: UUID, permissions: dict[str, Reach], user: UUID | None = None) -> Identity:
    return Identity(
        tenant=tenant,
        user=user,
        actor="reader",
        department=None,
        department_path=(),
        permissions=permissions,
    )


def product(**fields: Any) -> Product:
    tea = Product(id=uuid7(), version=0, name="Tea", price=Money(Decimal(5), "EUR"))
    return replace(tea, **fields)


async def test_a_version_says_who_when_why_and_what(transactions: Transactions) -> None:
    tea = product(sku="T-1")
    cause = Cause(correlation="c-1", reason="asked to", origin="erp")
    began = datetime.now(UTC)
    await written(transactions, [tea, replace(tea, name="Green tea", sku=None)], SYSTEM, cause)
    changed, created = await whole_history(transactions, SYSTEM, tea.id)
    for item in (changed, created):
        assert began <= datetime.fromisoformat(item["recordedtime"]) <= datetime.now(UTC)
        assert datetime.fromisoformat(item["time"]) < datetime.now(UTC)
    del changed["recordedtime"], changed["time"]
    assert changed == {
        "version": 2,
        "type": "crm.sales.product.changed.v1",
        "verb": "changed",
        "actor": "system:sales",
        "reason": "asked to",
        "origin": "erp",
        "correlationid": "c-1",
        "changed": {
            "name": {"before": "Tea", "after": "Green tea"},
            "sku": {"before": "T-1", "after": None},
        },
    }
    assert (created["verb"], created["version"]) == ("created", 1)
    assert created["changed"] == {
        "name": {"before": None, "after": "Tea"},
        "sku": {"before": None, "after": "T-1"},
        "price": {"before": None, "after": {"amount": "5", "currency": "EUR"}},
    }


async def test_the_business_may_have_seen_it_long_before(transactions: Transactions) -> None:
    tea, then = product(), datetime(2017, 3, 1, tzinfo=UTC)
    async with transactions.begin(SYSTEM) as transaction:
        await THINGS.save(transaction, "created", None, tea, at=then)
    [item] = await whole_history(transactions, SYSTEM, tea.id)
    assert datetime.fromisoformat(item["time"]) == then
    with pytest.raises(NotFound, match="there was no product"):
        await THINGS.read_as_of(transactions.database, SYSTEM, tea.id, then)


async def test_before_the_first_version_there_was_nothing(transactions: Transactions) -> None:
    tea = product()
    await written(transactions, [tea, replace(tea, name="Green tea")], SYSTEM)
    changed, created = await whole_history(transactions, SYSTEM, tea.id)
    first = datetime.fromisoformat(created["recordedtime"])
    second = datetime.fromisoformat(changed["recordedtime"])
    instant = timedelta(microseconds=1)
    with pytest.raises(NotFound):
        await THINGS.read_as_of(transactions.database, SYSTEM, tea.id, first - instant)
    for at, version in ((first, 1), (second - instant, 1), (second, 2), (second + instant, 2)):
        found, _ = await THINGS.read_as_of(transactions.database, SYSTEM, tea.id, at)
        assert found == version


async def test_what_was_is_told_in_the_shape_of_today(transactions: Transactions) -> None:
    tea = product()
    await written(transactions, [tea], SYSTEM)
    await transactions.database.pool.execute(
        """update journal set body = (body::jsonb #- '{data,after,is_active}')::json
           where subject = $1""",
        tea.id,
    )
    _, text = await THINGS.read_as_of(transactions.database, SYSTEM, tea.id, datetime.now(UTC))
    assert msgspec.json.decode(text)["is_active"] is True


async def test_of_an_erased_version_only_its_circumstances_are_left(
    transactions: Transactions,
) -> None:
    tea = product()
    await written(transactions, [tea, replace(tea, name="Green tea")], SYSTEM)
    await transactions.database.pool.execute(
        """update journal set body = jsonb_set(body::jsonb, '{data}',
           '{"after": null, "changed": {}}')::json where subject = $1""",
        tea.id,
    )
    history = await whole_history(transactions, SYSTEM, tea.id)
    assert [(item["version"], item["changed"]) for item in history] == [(2, {}), (1, {})]
    with pytest.raises(NotFound):
        await THINGS.read_as_of(transactions.database, SYSTEM, tea.id, datetime.now(UTC))


# -- who may know ---------------------------------------------------------------------


async def test_whoever_reaches_the_record_now_reaches_what_it_was(
    transactions: Transactions,
) -> None:
    ann, bob = uuid4(), uuid4()
    tea = product(owner=ann)
    await written(transactions, [tea, replace(tea, owner=bob)], SYSTEM)
    now = datetime.now(UTC)

    async def versions_for(identity: Identity) -> int:
        await THINGS.read_as_of(transactions.database, identity, tea.id, now)
        return len(await whole_history(transactions, identity, tea.id))

    own: dict[str, Reach] = {"products:read": "own"}
    assert await versions_for(reader(SYSTEM.tenant, own, bob)) == 2
    with pytest.raises(NotFound):
        await versions_for(reader(SYSTEM.tenant, own, ann))
    with pytest.raises(NotFound):
        await versions_for(reader(uuid4(), {"products:read": "all"}))
    with pytest.raises(Forbidden):
        await versions_for(reader(SYSTEM.tenant, {}))


# -- what is asked ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "4pyT"}, "cursor"),
        ({"cursor": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAx"}, "cursor"),
    ],
)
def test_a_wrong_parameter_of_a_history_is_named(query: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        HistoryRequest.parse(query)
    assert raised.value.field == field


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-07-01",
        "2026-07-01T12:00:00",
        "1700000000",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_a_moment_without_its_offset_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        as_of({"as_of": text})
    assert raised.value.field == "as_of"


@pytest.mark.parametrize(
    "text", ["2026-07-01T12:00:00Z", "2026-07-01T15:00:00+03:00", "2026-07-01T15:00:00 03:00"]
)
def test_a_moment_has_its_offset_even_where_the_plus_was_not_escaped(text: str) -> None:
    assert as_of({"as_of": text}) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert as_of({}) is None
