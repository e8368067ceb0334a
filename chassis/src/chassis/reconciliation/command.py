"""`python -m analytics reconcile`: compare everything now, and say what came of it.

Prints JSON, one object a line: for each consumer and topic what was concluded,
then each difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
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

    What is not concluded within `patience` seconds is printed with `granted` false. What was
    hindered, by a consumer that is still catching up mostly, is compared again until then.
    """
    topics = {(consumer.name, topic) for consumer in consumers for topic in consumer.topics}
    concluded = await _concluded(database, topics, patience)
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
    database: Database, topics: set[tuple[str, str]], patience: float
) -> dict[tuple[str, str], Conclusion]:
    """What was concluded since now, once it is all and unhindered, or the patience is over."""
    deadline = asyncio.get_running_loop().time() + patience
    first = last = await verdicts.make_wish(database)
    while True:
        conclusions = await verdicts.conclusions(database)
        concluded = _since(first, conclusions)
        is_over = asyncio.get_running_loop().time() > deadline
        if is_over or (concluded.keys() >= topics and not _hindered(concluded)):
            return concluded
        if _since(last, conclusions).keys() >= topics:
            last = await verdicts.make_wish(database)
        await asyncio.sleep(_LOOK_SECONDS)


def _since(
    wanted: datetime, conclusions: Iterable[Conclusion]
) -> dict[tuple[str, str], Conclusion]:
    return {
        (conclusion.consumer, conclusion.topic): conclusion
        for conclusion in conclusions
        if conclusion.granted is not None and conclusion.granted >= wanted
    }


def _hindered(concluded: Mapping[tuple[str, str], Conclusion]) -> bool:
    return any(conclusion.hindrance for conclusion in concluded.values())
