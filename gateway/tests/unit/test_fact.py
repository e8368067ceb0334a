"""What a fact says, and whether it is news."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.merge import converted
from chassis.problems import InvalidRequest, Problem
from events.integration import Fact, FactKind
from gateway.delivery.facts.fact import (
    KINDS,
    AmountNotPositive,
    FactDraft,
    FactIncomplete,
    FieldOfAnotherKind,
    KindChanged,
    NobodyNamed,
    PriceNegative,
    ReversesItself,
    TimeOutOfRange,
    VersionConflict,
    following,
    judged,
    stated,
)

ID, NOW = UUID(int=7), datetime(2026, 3, 1, 12, tzinfo=UTC)
RUBLES = {"amount": "1000.50", "currency": "RUB"}
PRODUCT = {"external_id": {"system": "1c", "type": "item", "id": "000001"}}
PIECES = {"amount": "12", "unit": "шт"}
SAYS: dict[str, Any] = {
    "status": "В пути",
    "amount": RUBLES,
    "price": RUBLES,
    "product": PRODUCT,
    "quantity": PIECES,
    "payment": {"system": "1c", "type": "payment", "id": "ПП-1"},
    "lines": [{"product": PRODUCT, "quantity": PIECES, "price": RUBLES}],
}


def body(kind: str = "payment_received") -> dict[str, Any]:
    required = {name: SAYS[name] for name in KINDS[kind].required}  # type: ignore[index]
    return {
        "kind": kind,
        "document": {"system": "1c", "type": kind, "id": "0001"},
        "document_version": 1,
        "happened_at": "2026-03-01T01:30:00+03:00",
        **required,
    }


def said(of: str = "payment_received", **fields: Any) -> Fact:
    return stated(ID, converted(body(of) | fields, FactDraft), NOW)


# -- what it says ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", get_args(FactKind))
def test_every_kind_says_what_it_has_to(kind: str) -> None:
    assert said(kind).kind == kind
    for field in KINDS[kind].required:  # type: ignore[index]
        lacking = {name: value for name, value in body(kind).items() if name != field}
        with pytest.raises(FactIncomplete) as refusal:
            stated(ID, converted(lacking, FactDraft), NOW)
        assert refusal.value.field == field


@pytest.mark.parametrize(
    ("kind", "field"),
    [("payment_received", "lines"), ("stock_counted", "amount"), ("price_set", "payment")],
)
def test_no_kind_speaks_of_what_is_not_its_business(kind: str, field: str) -> None:
    with pytest.raises(FieldOfAnotherKind) as refusal:
        said(kind, **{field: SAYS[field]})
    assert refusal.value.field == field


def test_the_local_date_is_that_of_the_given_offset() -> None:
    fact = said()
    assert fact.happened_at == datetime(2026, 2, 28, 22, 30, tzinfo=UTC)
    assert fact.happened_on == date(2026, 3, 1)
    assert said(happened_on="2026-02-27").happened_on == date(2026, 2, 27)


@pytest.mark.parametrize(
    ("refusal", "field", "kind", "fields"),
    [
        (NobodyNamed, "customer", "payment_received", {"customer": {}}),
        (NobodyNamed, "product", "stock_counted", {"product": {}}),
        (
            NobodyNamed,
            "lines[0].product",
            "shipment_reported",
            {"lines": [{"product": {}, "quantity": PIECES}]},
        ),
        (AmountNotPositive, "amount", "payment_received", {"amount": RUBLES | {"amount": "0"}}),
        (AmountNotPositive, "amount", "payment_reversed", {"amount": RUBLES | {"amount": "-1"}}),
        (PriceNegative, "price", "price_set", {"price": RUBLES | {"amount": "-0.01"}}),
        (
            ReversesItself,
            "payment",
            "payment_reversed",
            {"payment": {"system": "1c", "type": "payment_reversed", "id": "0001"}},
        ),
        (
            TimeOutOfRange,
            "happened_at",
            "payment_received",
            {"happened_at": "0001-01-01T00:00:00+03:00"},
        ),
    ],
)
def test_what_is_nonsense_is_refused_by_its_field(
    refusal: type[Problem], field: str, kind: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(refusal) as raised:
        said(kind, **fields)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("kind", {"kind": "goods_stolen"}),
        ("document_version", {"document_version": 2**63}),
        ("document_version", {"document_version": -1}),
        ("document_version", {"document_version": "12"}),
        ("happened_at", {"happened_at": "2026-03-01T01:30:00"}),
        ("amount", {"amount": {"amount": 1000.5, "currency": "RUB"}}),
        ("amount", {"amount": {"amount": "1E3", "currency": "RUB"}}),
        ("amount.currency", {"amount": {"amount": "1", "currency": "руб"}}),
        ("customer.tax_id", {"customer": {"tax_id": "77012345"}}),
        ("customer.name", {"customer": {"tax_id": "7701234567", "name": "ООО"}}),
        ("document.id", {"document": {"system": "1c", "type": "payment", "id": ""}}),
        ("colour", {"colour": "red"}),
    ],
)
def test_what_has_another_shape_is_refused_by_its_field(field: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        said(**fields)
    assert raised.value.field is not None
    assert raised.value.field.startswith(field)


def test_versions_may_be_the_largest_that_a_64_bit_integer_holds() -> None:
    assert said(document_version=2**63 - 1).document_version == 2**63 - 1


# -- whether it is news ---------------------------------------------------------------


def test_a_document_stays_of_its_kind() -> None:
    with pytest.raises(KindChanged):
        judged(said(), said("invoice_issued", document_version=2))


def test_amounts_are_compared_as_numbers() -> None:
    same = said(amount={"amount": "1000.500", "currency": "RUB"})
    assert judged(said(), same) == "duplicate"


def test_the_same_version_with_another_content_names_what_differs() -> None:
    with pytest.raises(VersionConflict) as conflict:
        judged(said(), said(number="ПП-2"))
    assert conflict.value.field == "number"


VERSIONS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), max_size=30)
"""(version, content) as they come."""


def told(sequence: list[tuple[int, int]], known: Fact | None = None) -> tuple[Fact | None, str]:
    """The newest version after these, and the last verdict."""
    last = ""
    for version, content in sequence:
        fact = said(document_version=version, amount=RUBLES | {"amount": str(content)})
        try:
            last = judged(known, fact)
        except VersionConflict:
            last = "rejected"
        if last == "accepted":
            known = fact if known is None else following(known, fact)
    return known, last


@given(VERSIONS)
def test_any_sequence_of_versions_ends_with_the_newest_as_it_came_first(
    sequence: list[tuple[int, int]],
) -> None:
    known, _ = told(sequence)
    if known is None:
        assert not sequence
        return
    newest = max(version for version, _ in sequence)
    first = next(content for version, content in sequence if version == newest)
    assert known.document_version == newest
    assert known.amount is not None
    assert known.amount.amount == Decimal(first)


@given(VERSIONS, VERSIONS)
def test_what_was_told_before_changes_nothing_when_it_is_told_again(
    sequence: list[tuple[int, int]], more: list[tuple[int, int]]
) -> None:
    known, _ = told(sequence + more)
    for again in sequence:
        after, word = told([again], known)
        assert after is known
        assert word in ("duplicate", "stale", "rejected")


@given(VERSIONS)
def test_only_what_is_newer_is_accepted_and_only_what_is_older_is_stale(
    sequence: list[tuple[int, int]],
) -> None:
    known: Fact | None = None
    for item in sequence:
        before = known
        known, word = told([item], before)
        if before is None:
            assert word == "accepted"
        else:
            assert (word == "accepted") == (item[0] > before.document_version)
            assert (word == "stale") == (item[0] < before.document_version)
