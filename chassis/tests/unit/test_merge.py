"""Merge patches behave as RFC 7386 says, and name the field that is wrong."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec import Struct

from chassis.merge import merge_patch, merged
from chassis.problems import InvalidRequest
from events.contacts import Address, Company

# The examples of RFC 7386, appendix A: original, patch, result.
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


class Draft(Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    industry: str | None = None
    address: Address | None = None


COMPANY = Company(
    id=uuid4(), version=3, name="Ромашка", industry="retail", address=Address(city="Омск", line="1")
)


@pytest.mark.parametrize(("original", "patch", "result"), EXAMPLES)
def test_the_examples_of_the_standard(original: Any, patch: Any, result: Any) -> None:
    assert merge_patch(original, patch) == result


def test_what_a_patch_does_not_name_stays() -> None:
    draft = merged(COMPANY, {"address": {"city": "Томск"}}, Draft)
    assert draft == Draft(
        name="Ромашка", industry="retail", address=Address(city="Томск", line="1")
    )


def test_null_empties_a_field() -> None:
    assert merged(COMPANY, {"industry": None}, Draft).industry is None


@pytest.mark.parametrize(
    ("patch", "field"),
    [({"name": 7}, "name"), ({"name": None}, "name"), ({"address": {"city": []}}, "address.city")],
)
def test_a_wrong_patch_names_the_field(patch: dict[str, Any], field: str | None) -> None:
    with pytest.raises(InvalidRequest) as raised:
        merged(COMPANY, patch, Draft)
    assert raised.value.field == field


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="nickname"):
        merged(COMPANY, {"nickname": "R"}, Draft)
