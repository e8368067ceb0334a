"""The published language holds together: topics, types, envelope."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from events.catalogue import AGGREGATES, BY_TOPIC, DEAL
from events.envelope import Change, Event, complete, partition_key
from events.sales import Deal
from events.topics import GENESIS, TOPICS, owned_by
from events.values import Record


def test_every_topic_carries_one_aggregate() -> None:
    assert [aggregate.topic for aggregate in AGGREGATES] == list(TOPICS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert GENESIS not in TOPICS


def test_topics_are_named_after_owner_and_aggregate() -> None:
    for aggregate in AGGREGATES:
        namespace, name = aggregate.topic.name.removeprefix("crm.").split(".")
        assert aggregate.topic.owner == {"integration": "directory"}.get(namespace, namespace)
        assert aggregate.state.__name__.lower() == name
        assert BY_TOPIC[aggregate.topic.name] is aggregate
    assert {topic.owner for topic in TOPICS} == {"directory", "contacts", "sales", "marketing"}
    assert DEAL.topic in owned_by("sales")


def test_partition_counts_are_of_the_three_that_are_allowed() -> None:
    assert {topic.partitions for topic in TOPICS} <= {1, 3, 12}


def test_types_say_owner_aggregate_verb_and_major() -> None:
    assert DEAL.type_of("won") == "crm.sales.deal.won.v1"
    with pytest.raises(ValueError, match="no event 'exploded'"):
        DEAL.type_of("exploded")


@pytest.mark.parametrize("state", [aggregate.state for aggregate in AGGREGATES])
def test_every_state_ignores_fields_that_it_does_not_know(state: type[Record]) -> None:
    schema = msgspec.json.schema(state)
    assert "additionalProperties" not in schema["$defs"][state.__name__]


def test_the_document_that_is_sent_is_the_stored_one_with_place_and_time() -> None:
    event = Event(
        specversion="1.0",
        datacontenttype="application/json",
        id=uuid4(),
        source="/sales",
        type=DEAL.type_of("won"),
        subject=str(uuid4()),
        time=datetime(2017, 3, 1, tzinfo=UTC),
        tenantid=uuid4(),
        aggregateversion=3,
        data=Change[Deal](after=None, changed={}),
    )
    stored = msgspec.json.encode(event)
    recorded = datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC)
    sent = msgspec.json.decode(complete(stored, recorded, 42))
    assert sent == msgspec.json.decode(stored) | {
        "recordedtime": "2026-01-02T03:04:05.000600Z",
        "position": 42,
    }


def test_attributes_without_a_value_are_left_out() -> None:
    event = msgspec.json.decode(
        msgspec.json.encode(
            Event(
                specversion="1.0",
                datacontenttype="application/json",
                id=uuid4(),
                source="/sales",
                type=DEAL.type_of("won"),
                subject="s",
                time=datetime(2017, 3, 1, tzinfo=UTC),
                tenantid=uuid4(),
                aggregateversion=1,
                data=Change[Deal](after=None, changed={}),
            )
        )
    )
    assert None not in event.values()
    assert {"reason", "origin", "traceparent"}.isdisjoint(event)


def test_the_key_of_an_aggregate_names_its_tenant() -> None:
    tenant, subject = uuid4(), str(uuid4())
    assert partition_key(tenant, subject) == f"{tenant}:{subject}".encode()
