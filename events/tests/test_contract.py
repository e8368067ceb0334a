"""The documents for programs: what is committed, and what others make of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from events.catalogue import AGGREGATES, BY_TOPIC
from events.contacts import TouchChannel
from events.contract.archive import Archive, Golden
from events.contract.documents import asyncapi_document, schema_document
from events.contract.schemas import WITHOUT_STATE, document, event_types
from events.envelope import Event, partition_key
from events.erasure import ERASED
from events.topics import Aggregate

HERE = Path(__file__).parent
ARCHIVE = Archive(HERE.parent)
TYPES = {aggregate.type_of(verb): (aggregate, verb) for aggregate, verb in event_types(AGGREGATES)}
GOLDEN = ARCHIVE.golden()
ASYNCAPI: dict[str, Any] = json.loads(asyncapi_document())

every_type = pytest.mark.parametrize("type_name", TYPES)
every_golden_event = pytest.mark.parametrize(
    "golden", GOLDEN, ids=lambda golden: f"{golden.type}-{golden.version}-{golden.name}"
)


def errors(schema: Any, instance: Any) -> list[str]:
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


# -- what is committed ----------------------------------------------------------------


def test_what_is_committed_follows_from_the_types() -> None:
    assert ARCHIVE.stale() == [], "run `./meridian language`"


def test_what_was_published_still_holds() -> None:
    assert ARCHIVE.broken() == []


def test_every_version_of_every_type_has_golden_events() -> None:
    assert ARCHIVE.without_golden() == []


# -- JSON Schema ------------------------------------------------------------------------


@every_type
def test_schemas_are_of_draft_2020_12(type_name: str) -> None:
    schema = json.loads(schema_document(type_name) or b"")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"/schemas/{type_name}.json"
    Draft202012Validator.check_schema(schema)


@every_golden_event
def test_golden_events_are_valid_under_every_version_of_their_schema(golden: Golden) -> None:
    for schema in (*ARCHIVE.versions(golden.type), json.loads(schema_document(golden.type) or b"")):
        assert errors(schema, golden.event()) == []


@every_golden_event
def test_the_values_before_are_values_that_the_fields_can_have(golden: Golden) -> None:
    data = golden.event()["data"]
    if data["after"] is None:
        return
    schema = ARCHIVE.versions(golden.type)[golden.version - 1]
    state = schema["properties"]["data"]["properties"]["after"] | {"$defs": schema["$defs"]}
    assert errors(state, data["after"] | data["changed"]) == []


@every_golden_event
def test_the_types_of_today_lose_nothing_of_a_golden_event(golden: Golden) -> None:
    aggregate, _ = TYPES[golden.type]
    event = msgspec.json.decode(golden.body, type=Event[aggregate.state])  # type: ignore[name-defined]
    assert holds(json.loads(msgspec.json.encode(event)), golden.event())


def holds(now: Any, then: Any) -> bool:
    """Whether everything that was said `then` is said `now`, perhaps with more fields."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(holds(now.get(name), then[name]) for name in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def test_golden_events_tell_of_russian_and_english_companies() -> None:
    text = b"".join(golden.body for golden in GOLDEN).decode()
    assert re.search("[А-Яа-яЁё]", text)
    assert re.search("[A-Za-z]", text)


def test_the_schemas_name_all_attributes_of_the_envelope() -> None:
    for aggregate, verb in TYPES.values():
        expected = set(Event.__struct_fields__)
        if ERASED not in aggregate.verbs:
            expected.remove("erased")
        assert document(aggregate, verb)["properties"].keys() == expected


def test_an_event_without_a_state_says_so() -> None:
    tenant = BY_TOPIC["crm.directory.tenant"]
    for verb in WITHOUT_STATE:
        gone = Aggregate(tenant.topic, tenant.state, (verb,))
        data = document(gone, verb)["properties"]["data"]
        assert errors(data, {"after": None, "changed": {}}) == []
        assert errors(data, {"after": {}, "changed": {}}) != []


# -- AsyncAPI ----------------------------------------------------------------------------


def test_the_asyncapi_document_is_valid_by_asyncapis_own_schema() -> None:
    schema = json.loads((HERE / "asyncapi" / "asyncapi-3.0.0.json").read_bytes())
    validator = Draft7Validator(schema)
    assert [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(ASYNCAPI)] == []


def test_its_references_lead_somewhere() -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            for value in part.values():
                yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    found = set(references(ASYNCAPI))
    assert found
    for reference in found:
        target = ASYNCAPI
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_channels_are_topics_with_their_partitions() -> None:
    for name, aggregate in BY_TOPIC.items():
        channel = ASYNCAPI["channels"][name]
        assert channel["address"] == name
        assert channel["bindings"]["kafka"]["partitions"] == aggregate.topic.partitions
        assert list(channel["messages"]) == list(aggregate.verbs)
    assert len(ASYNCAPI["channels"]) == len(BY_TOPIC)


def test_operations_say_who_sends_and_who_receives() -> None:
    operations = ASYNCAPI["operations"]
    assert operations["sales.sends.deal"]["action"] == "send"
    assert operations["marketing.receives.deal"]["action"] == "receive"
    assert operations["marketing.receives.deal"]["channel"]["$ref"] == "#/channels/crm.sales.deal"
    assert "contacts.receives.campaign" not in operations


@every_type
def test_examples_are_valid_by_the_documents_own_schemas(type_name: str) -> None:
    examples = ASYNCAPI["components"]["messages"][type_name]["examples"]
    assert examples
    reference = {"$ref": f"#/components/schemas/{type_name}", "components": ASYNCAPI["components"]}
    trait = ASYNCAPI["components"]["messageTraits"]["event"]
    for example in examples:
        payload = example["payload"]
        assert errors(reference, payload) == []
        assert errors(trait["headers"], example["headers"]) == []
        key = partition_key(UUID(payload["tenantid"]), payload["subject"]).decode()
        assert errors(trait["bindings"]["kafka"]["key"], key) == []


# -- as they are served ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crm.sales.deal.exploded.v1", "../asyncapi", "", "genesis"])
def test_there_are_no_other_schemas(name: str) -> None:
    assert schema_document(name) is None


def test_growing_vocabularies_list_what_we_write() -> None:
    schema = json.loads(schema_document("crm.contacts.touch.done.v1") or b"")
    channel = schema["$defs"]["Touch"]["properties"]["channel"]
    assert channel["x-extensible-enum"] == list(get_args(TouchChannel))
    assert "enum" not in channel
