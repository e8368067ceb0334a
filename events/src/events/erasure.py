"""Erasing a person: what stands where their data stood, and when topics have forgotten it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from events.topics import Topic

ERASURE = "erasure"
"""The reason, as of a request to delete, that asks for erasure."""

ERASED_TEXT = "[erased]"
"""Stands where a text was erased that may not be empty, as a subject or a name."""

DELETED = "deleted"
"""The verb of the last event of an aggregate that is no more; its history stays readable."""

ERASED = "erased"
"""The verb of the last event of an aggregate whose whole history was emptied."""

REDACTED = "redacted"
"""The verb of a version from which, and from all before it, some fields were taken.

`changed` names these fields and has for each what stands there now: what stood
there before is told to nobody.
"""


def forgotten_by(topics: Iterable[Topic], at: datetime) -> date:
    """The day on which `topics` hold nothing any more that newer events of `at` replace.

    A record is compacted away `max.compaction.lag.ms` after it came at the latest,
    and never by one younger than `min.compaction.lag.ms`. The day begins after both:
    what follows an erasure in other services may be a little later than `at`.
    """
    slowest = max(
        int(topic.settings["max.compaction.lag.ms"]) + int(topic.settings["min.compaction.lag.ms"])
        for topic in topics
    )
    return (at + timedelta(milliseconds=slowest)).date() + timedelta(days=1)
