"""`python -m analytics reconcile`: compare everything now, and say what came of it.

Prints JSON, one object a line: for each consumer and topic what was concluded,
then each difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from chassis.database import Database
from chassis.inbox import Consumer
from chassis.journal import encoder
from chassis.reconciliation import verdicts
from chassis.reconciliation.verdicts import Conclusion

_LOOK_SECONDS = 0.2


async def reconcile(database: Database, consumers: Sequence[Consumer], patience: float) -> int:
    """Let the service's worker compare everything, and print it; 0.

    What is not concluded within `patience` seconds is printed with `granted` false.
    """
    wanted = await verdicts.make_wish(database)
    topics = {(consumer.name, topic) for consumer in consumers for topic in consumer.topics}
    concluded = await _concluded(database, wanted, topics, patience)
    for consumer, topic in sorted(topics):
        conclusion = concluded.get((consumer, topic))
        told = {"consumer": consumer, "topic": topic, "granted": conclusion is not None}
        if conclusion is not None:
            told = {**asdict(conclusion), **told, "cost": conclusion.cost}
        print(encoder.encode(told).decode())
    for difference in await verdicts.differences(database):
        print(encoder.encode(asdict(difference)).decode())
    return 0


async def _concluded(
    database: Database, wanted: datetime, topics: set[tuple[str, str]], patience: float
) -> dict[tuple[str, str], Conclusion]:
    """What was concluded since `wanted`, once it is all, or the patience is over."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        concluded = {
            (conclusion.consumer, conclusion.topic): conclusion
            for conclusion in await verdicts.conclusions(database)
            if conclusion.granted is not None and conclusion.granted >= wanted
        }
        if concluded.keys() >= topics or asyncio.get_running_loop().time() > deadline:
            return concluded
        await asyncio.sleep(_LOOK_SECONDS)
