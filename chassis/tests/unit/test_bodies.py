"""What a client writes must be known, at every depth."""

from typing import Any

import pytest
from msgspec import Struct

from chassis.merge import converted
from chassis.problems import InvalidRequest
from events.contacts import Address
from events.sales import DealLine


class Draft(Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    address: Address | None = None
    lines: tuple[DealLine, ...] = ()
    labels: dict[str, Any] | None = None


class Counted(Struct):
    count: int


LINE = {
    "product": "018f0000-0000-7000-8000-000000000000",
    "quantity": "1",
    "price": {"amount": "1.00", "currency": "EUR"},
}


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"nickname": "x"}, "nickname"),
        ({"address": {"planet": "Mars"}}, "address.planet"),
        ({"lines": [LINE, {**LINE, "colour": "red"}]}, "lines[1].colour"),
        ({"lines": [{**LINE, "price": {**LINE["price"], "cents": 1}}]}, "lines[0].price.cents"),  # type: ignore[dict-item]
    ],
)
def test_an_unknown_field_is_named_where_it_stands(extra: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        converted({"name": "x", **extra}, Draft)
    assert raised.value.field == field


@pytest.mark.parametrize("amount", [5, 5.5, "1e3", "+5", " 5", "1_000", "٥", "007", ".5", "5."])
def test_an_amount_is_a_string_of_digits(amount: object) -> None:
    line = {**LINE, "price": {"amount": amount, "currency": "EUR"}}
    with pytest.raises(InvalidRequest) as raised:
        converted({"name": "x", "lines": [line]}, Draft)
    assert raised.value.field == "lines[0].price.amount"


@pytest.mark.parametrize("number", [3, 3.0])
def test_a_whole_number_is_one_however_it_is_written(number: float) -> None:
    assert converted({"count": number}, Counted).count == 3


@pytest.mark.parametrize("number", [3.5, "3", True, 1e30])
def test_anything_else_is_no_whole_number(number: object) -> None:
    with pytest.raises(InvalidRequest) as raised:
        converted({"count": number}, Counted)
    assert raised.value.field == "count"


def test_free_objects_may_hold_anything() -> None:
    assert converted({"name": "x", "labels": {"any": {"thing": 1}}}, Draft).labels
