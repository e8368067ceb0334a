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


def test_free_objects_may_hold_anything() -> None:
    assert converted({"name": "x", "labels": {"any": {"thing": 1}}}, Draft).labels
