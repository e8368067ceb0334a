"""What operators apply is what the services would make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.strimzi import FILE, resources
from events.topics import GENESIS, RECONCILIATION, TOPICS, Topic

COMMITTED = Path(__file__).parents[2] / FILE


def documents() -> dict[str, Any]:
    parsed = [msgspec.yaml.decode(part) for part in COMMITTED.read_text().split("---\n")[1:]]
    return {document["metadata"]["name"]: document for document in parsed}


def test_the_committed_file_is_up_to_date() -> None:
    assert COMMITTED.read_text() == resources(), "run ./meridian language"


@pytest.mark.parametrize("topic", [GENESIS, RECONCILIATION, *TOPICS], ids=lambda topic: topic.name)
def test_each_topic_has_its_declared_partitions_and_settings(topic: Topic) -> None:
    document = documents()[topic.name]
    assert document["apiVersion"] == "kafka.strimzi.io/v1"
    assert document["kind"] == "KafkaTopic"
    assert document["spec"] == {"partitions": topic.partitions, "config": dict(topic.settings)}


def test_there_are_no_others() -> None:
    assert set(documents()) == {topic.name for topic in (GENESIS, RECONCILIATION, *TOPICS)}
