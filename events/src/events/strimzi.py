"""The declared topics as resources of Strimzi, the usual operator of Kafka on Kubernetes.

`FILE` holds what `resources` returns; `./meridian language` writes it. Services make missing topics
themselves; where they may not, an operator applies this file before they start.
"""

from __future__ import annotations

from collections.abc import Iterable

from events.topics import GENESIS, RECONCILIATION, TOPICS, Topic

FILE = "deploy/kafka/topics.yaml"
"""In the checkout."""

_HEAD = """\
# Generated from events.topics; write it anew with: ./meridian language
#
# Partition counts are part of the contract and never change. Copies are not declared here: the
# cluster's default.replication.factor and min.insync.replicas hold (3 and 2 in production).
"""


def resources(
    topics: Iterable[Topic] = (GENESIS, RECONCILIATION, *TOPICS), cluster: str = "meridian"
) -> str:
    """YAML with one KafkaTopic for each of `topics`, for the Kafka resource named `cluster`."""
    return _HEAD + "".join(_resource(topic, cluster) for topic in topics)


def _resource(topic: Topic, cluster: str) -> str:
    # All values are words and numbers of ours; quoted, so that YAML reads a number as Kafka does.
    settings = "".join(f'    {name}: "{value}"\n' for name, value in topic.settings.items())
    return f"""\
---
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {topic.name}
  labels:
    strimzi.io/cluster: {cluster}
spec:
  partitions: {topic.partitions}
  config:
{settings}"""
