"""Both brokers of the local platform keep the same promises, but for what they remember."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.local.broker import Broker, BrokerFailed
from cli.local.kafka import program
from cli.local.kafka.server import Kafka, new_cluster
from cli.local.ports import any_ports


async def make_topic(broker: Broker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()


async def remembers(broker: Broker) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    topics = await admin.list_topics()
    await admin.close()
    return "kept" in topics


async def test_a_killed_broker_that_is_durable_still_knows_everything(own_broker: Broker) -> None:
    await make_topic(own_broker)
    own_broker.kill()
    own_broker.start()
    assert await remembers(own_broker) is own_broker.is_durable


async def test_a_broker_that_forgot_is_empty_and_works(own_broker: Broker) -> None:
    await make_topic(own_broker)
    own_broker.stop()
    own_broker.forget()
    own_broker.start()
    assert not await remembers(own_broker)
    await make_topic(own_broker)
    assert await remembers(own_broker)


async def test_a_broker_is_ready_when_it_answers_and_no_longer_when_it_has_ended(
    own_broker: Broker,
) -> None:
    assert own_broker.is_ready()
    own_broker.stop()
    assert not own_broker.is_ready()


async def test_kafka_finds_its_data_on_other_ports(own_broker: Broker) -> None:
    if not isinstance(own_broker, Kafka):
        pytest.skip("only Kafka keeps data")
    await make_topic(own_broker)
    own_broker.stop()
    ports = any_ports(["broker", "controller"])
    moved = Kafka(
        ports["broker"],
        own_broker.log,
        folder=own_broker.data.parent,
        cluster=new_cluster({1: ports["controller"]}),
    )
    moved.start()
    try:
        assert await remembers(moved)
    finally:
        moved.stop()


def test_without_java_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(BrokerFailed, match="apt install openjdk-17-jre-headless maven"):
        program.find_java()


def test_a_java_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(BrokerFailed, match="too old"):
        program.find_java()


def test_without_maven_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerFailed, match="apt install"):
        program.find_maven()
