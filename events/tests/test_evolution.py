"""What may change in a schema, shown on copies of the schema of recorded touches."""

from collections.abc import Callable
from copy import deepcopy
from itertools import product
from typing import Any

import pytest

from events.catalogue import AGGREGATES, TOUCH
from events.contract.evolution import bare, incompatibilities
from events.contract.schemas import Schema, document, event_types
from events.values import KNOWN_VALUES

RECORDED = document(TOUCH, "recorded")

Change = Callable[[Schema], object]


def changed(change: Change) -> Schema:
    schema = deepcopy(RECORDED)
    change(schema)
    return schema


def fields(schema: Schema, of: str = "Touch") -> dict[str, Schema]:
    found: dict[str, Schema] = schema["$defs"][of]["properties"]
    return found


def required(schema: Schema, of: str = "Touch") -> list[str]:
    found: list[str] = schema["$defs"][of]["required"]
    return found


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def a_struct_of_its_own(schema: Schema) -> None:
    schema["$defs"]["Place"] = {"type": "object", "properties": {"city": {"type": "string"}}}
    fields(schema)["place"] = nullable({"$ref": "#/$defs/Place"}) | {"default": None}


def a_required_field(schema: Schema) -> None:
    fields(schema)["mood"] = {"type": "string", "default": ""}
    required(schema).append("mood")


def another_name(schema: Schema) -> None:
    schema["$defs"]["Customer"] = schema["$defs"].pop("CustomerRef")
    fields(schema)["customer"] = {"$ref": "#/$defs/Customer"}


def other_words(schema: Schema) -> None:
    schema |= {"title": "A touch", "description": "Somebody spoke with somebody."}
    fields(schema)["notes"] |= {"description": "As it was said.", "examples": ["Call again."]}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda s: fields(s).update(mood={"type": "string", "default": ""}), id="field"
        ),
        pytest.param(
            lambda s: fields(s, "ExternalId").update(url={"type": "string", "default": ""}),
            id="field of a struct in a list",
        ),
        pytest.param(a_struct_of_its_own, id="field with a struct of its own"),
        pytest.param(
            lambda s: s["properties"].update(region={"type": "string"}),
            id="attribute of the envelope",
        ),
        pytest.param(
            lambda s: fields(s)["channel"][KNOWN_VALUES].append("video"), id="growing vocabulary"
        ),
        pytest.param(other_words, id="words"),
        pytest.param(another_name, id="name of a struct"),
        pytest.param(lambda s: fields(s)["owner"]["anyOf"].reverse(), id="order of alternatives"),
        pytest.param(lambda s: required(s).reverse(), id="order of the required"),
    ],
)
def test_what_only_adds_is_compatible(change: Change) -> None:
    assert incompatibilities(RECORDED, changed(change)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: fields(s).pop("notes"), "data.after.notes was removed"),
        (lambda s: fields(s, "CustomerRef").pop("id"), "data.after.customer.id was removed"),
        (lambda s: s["properties"].pop("origin"), "origin was removed"),
        (
            lambda s: fields(s).update(mood={"type": "string"}),
            "data.after.mood is new and has no default",
        ),
        (a_required_field, "data.after.mood is new and required"),
        (lambda s: required(s).append("notes"), "data.after.notes became required"),
        (lambda s: required(s).remove("subject"), "data.after.subject is no longer required"),
        (
            lambda s: fields(s)["notes"].update(default="-"),
            "data.after.notes default was '' and is '-'",
        ),
        (lambda s: fields(s)["notes"].pop("default"), "default was '' and is absent"),
        (
            lambda s: fields(s)["notes"].update(type="integer"),
            "data.after.notes was string and is integer",
        ),
        (
            lambda s: fields(s)["notes"].update(type=["string", "integer"]),
            "data.after.notes was string and is integer or string",
        ),
        (lambda s: fields(s)["notes"].pop("type"), "was string and is of any type"),
        (
            lambda s: fields(s).update(customer=nullable(fields(s)["customer"])),
            "data.after.customer may now be null",
        ),
        (
            lambda s: fields(s).update(lead={"type": "string", "format": "uuid", "default": None}),
            "data.after.lead may no longer be null",
        ),
        (
            lambda s: fields(s)["lead"]["anyOf"].append({"type": "integer"}),
            "data.after.lead may now be {'type': 'integer'}",
        ),
        (
            lambda s: fields(s)["lead"].update(anyOf=[{"type": "integer"}, {"type": "null"}]),
            "data.after.lead was string and is integer",
        ),
        (
            lambda s: fields(s)["subject"].update(maxLength=100),
            "data.after.subject maxLength was 300 and is 100",
        ),
        (
            lambda s: fields(s)["subject"].update(maxLength=500),
            "data.after.subject maxLength was 300 and is 500",
        ),
        (lambda s: fields(s)["subject"].pop("minLength"), "minLength was 1 and is absent"),
        (
            lambda s: fields(s)["version"].update(minimum=1),
            "data.after.version minimum was absent and is 1",
        ),
        (
            lambda s: fields(s)["done_at"]["anyOf"][0].pop("format"),
            "data.after.done_at format was 'date-time' and is absent",
        ),
        (
            lambda s: fields(s)["direction"]["enum"].append("internal"),
            "data.after.direction got the value 'internal', and is closed",
        ),
        (
            lambda s: fields(s)["direction"]["enum"].remove("inbound"),
            "data.after.direction lost the value 'inbound'",
        ),
        (
            lambda s: fields(s)["channel"][KNOWN_VALUES].remove("call"),
            "data.after.channel lost the value 'call'",
        ),
        (
            lambda s: fields(s)["channel"].pop(KNOWN_VALUES),
            "data.after.channel is no longer a growing vocabulary",
        ),
        (
            lambda s: fields(s)["notes"].update(enum=["", "-"]),
            "data.after.notes became a closed vocabulary",
        ),
        (
            lambda s: fields(s)["external_ids"].update(items={"type": "string"}),
            "data.after.external_ids.[].id was removed",
        ),
        (lambda s: fields(s)["external_ids"].pop("items"), "data.after.external_ids items"),
        (
            lambda s: s["$defs"]["Touch"].update(additionalProperties=False),
            "data.after additionalProperties was absent and is False",
        ),
        (
            lambda s: s["properties"]["type"].update(const="crm.contacts.touch.noted.v1"),
            "type const was 'crm.contacts.touch.recorded.v1' and is 'crm.contacts.touch.noted.v1'",
        ),
        (
            lambda s: fields(s)["customer"].update(oneOf=[{"$ref": "#/$defs/ExternalId"}]),
            "data.after.customer oneOf refers to other schemas, which are not compared there",
        ),
        (
            lambda s: s["properties"]["data"]["properties"].update(after={"type": "null"}),
            "data.after was object and is null",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_takes_away_or_asks_for_more_is_not(change: Change, reason: str) -> None:
    found = incompatibilities(RECORDED, changed(change))
    assert any(reason in sentence for sentence in found), found


def test_every_schema_is_compatible_with_itself_and_with_no_other() -> None:
    schemas = [document(aggregate, verb) for aggregate, verb in event_types(AGGREGATES)]
    for (n, earlier), (m, later) in product(enumerate(schemas), repeat=2):
        assert (incompatibilities(earlier, later) == []) == (n == m)


def test_a_struct_that_holds_itself_is_compared_once() -> None:
    def tree(leaf: str) -> dict[str, Any]:
        node = {"properties": {"left": {"$ref": "#/$defs/Node"}, "leaf": {"type": leaf}}}
        return {"$ref": "#/$defs/Node", "$defs": {"Node": node}}

    assert incompatibilities(tree("string"), tree("string")) == []
    assert incompatibilities(tree("string"), tree("integer")) == ["leaf was string and is integer"]


def test_without_words_only_what_others_rely_on_is_left() -> None:
    assert bare(changed(other_words)) == bare(RECORDED)
    kept = {"type": "object", "properties": {"title": {"const": {"title": "Dr"}}}}
    assert bare(kept | {"title": "A person"}) == kept
