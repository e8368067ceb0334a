"""Every topic, declared once: partitions, settings, and the aggregate it carries.

Partition counts are part of the contract and never change: the outbox slots of
an owner are the partitions of its topics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from events.values import Record

DAY_MS = 24 * 60 * 60 * 1000

REMEMBERING: Mapping[str, str] = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": str(30 * DAY_MS),
    "max.compaction.lag.ms": str(60 * DAY_MS),
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "1048588",
}
"""Every step for 30 days, the last state of every aggregate for ever."""


REPEATING: Mapping[str, str] = {
    "cleanup.policy": "delete",
    "retention.ms": str(7 * DAY_MS),
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "1048588",
}
"""What is sent again for one consumer, and soon forgotten."""

REPLAYS = "crm.replay."


@dataclass(frozen=True)
class Topic:
    """A topic, whose it is, and how the broker keeps it."""

    name: str
    owner: str
    partitions: int
    settings: Mapping[str, str]


Mask = Literal["email", "initials", "phone"]
"""How personal data is masked: what of it is left."""


@dataclass(frozen=True)
class Aggregate:
    """One aggregate of the published language.

    `verbs` are the past tenses its events use; `consumers` the services that
    keep a replica of it, project it, or react to it. `resource` is its word in
    permissions where roles may have rules for its fields, `masks` says which of
    them hold personal data that can be masked, and `times` those that the `time` of its
    events repeats.
    """

    topic: Topic
    state: type[Record]
    verbs: tuple[str, ...]
    consumers: tuple[str, ...] = ()
    major: int = 1
    resource: str | None = None
    masks: Mapping[str, Mask] = field(default_factory=dict, hash=False)
    times: tuple[str, ...] = ()

    def type_of(self, verb: str) -> str:
        """The event type of `verb`; an undeclared verb is a `ValueError`."""
        if verb not in self.verbs:
            raise ValueError(f"{self.topic.name} has no event {verb!r}")
        return f"{self.topic.name}.{verb}.v{self.major}"


def _topic(owner: str, aggregate: str, partitions: int, *, namespace: str | None = None) -> Topic:
    return Topic(f"crm.{namespace or owner}.{aggregate}", owner, partitions, REMEMBERING)


GENESIS = Topic("crm.genesis", "", 1, {"cleanup.policy": "compact"})
"""Names the generation of the broker's memory; its first record is the one that counts."""

RECONCILIATION = Topic(
    "crm.reconciliation",
    "",
    1,
    {
        "cleanup.policy": "compact,delete",
        "retention.ms": str(7 * DAY_MS),
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": "1048588",
    },
)
"""What owners have journalled and consumers ask about it, in digests; no part of the language."""

TENANT = _topic("directory", "tenant", 1)
DEPARTMENT = _topic("directory", "department", 1)
USER = _topic("directory", "user", 3)
ROLE = _topic("directory", "role", 1)
ABSENCE = _topic("directory", "absence", 3)

# What other systems report comes in through the gateway, whose journal is the directory's.
FACT = _topic("directory", "fact", 12, namespace="integration")

COMPANY = _topic("contacts", "company", 12)
PERSON = _topic("contacts", "person", 12)
TOUCH = _topic("contacts", "touch", 12)

PIPELINE = _topic("sales", "pipeline", 1)
PRODUCT = _topic("sales", "product", 1)
REASON = _topic("sales", "reason", 1)
DEAL = _topic("sales", "deal", 12)

CHANNEL = _topic("marketing", "channel", 1)
CAMPAIGN = _topic("marketing", "campaign", 1)
SPEND = _topic("marketing", "spend", 3)
FORM = _topic("marketing", "form", 1)
LEAD = _topic("marketing", "lead", 12)

TOPICS: tuple[Topic, ...] = (
    TENANT, DEPARTMENT, USER, ROLE, ABSENCE, FACT,
    COMPANY, PERSON, TOUCH,
    PIPELINE, PRODUCT, REASON, DEAL,
    CHANNEL, CAMPAIGN, SPEND, FORM, LEAD,
)  # fmt: skip


def replay_topic(consumer: str) -> Topic:
    """Where owners send again what `consumer` alone is to read once more."""
    return Topic(f"{REPLAYS}{consumer}", "", 3, REPEATING)


def owned_by(owner: str) -> tuple[Topic, ...]:
    """The topics that `owner` (`sales`, `directory`, ...) publishes."""
    return tuple(topic for topic in TOPICS if topic.owner == owner)
