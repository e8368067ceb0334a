"""The catalogue of events says who listens; the services' tables of contents agree."""

from __future__ import annotations

from events.catalogue import AGGREGATES
from tests.compatibility.services import CONSUMERS, SERVICES


def test_the_catalogue_names_exactly_the_services_that_listen() -> None:
    declared = {
        (aggregate.topic.name, service)
        for aggregate in AGGREGATES
        for service in aggregate.consumers
    }
    listening = {
        (topic, service.name) for service, consumer in CONSUMERS for topic in consumer.topics
    }
    assert declared == listening


def test_every_topic_is_owned_by_a_service() -> None:
    assert {aggregate.topic.owner for aggregate in AGGREGATES} <= {
        service.owner for service in SERVICES
    }


def test_consumers_are_called_after_their_service() -> None:
    for service, consumer in CONSUMERS:
        assert consumer.name.split(".")[0] == service.name
    assert len({consumer.name for _, consumer in CONSUMERS}) == len(CONSUMERS)
