"""What operators do at the command line of a service: `python -m sales events ...`.

    events parked                                  the keys that wait, of all tenants
    events show CONSUMER TOPIC TENANT KEY          the events of one, whole
    events redrive CONSUMER TOPIC TENANT KEY       try it again, in order
    events discard CONSUMER TOPIC TENANT KEY --reason WHY
                                                   never apply its first event

Each prints JSON, one object a line.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from chassis.inbox import Consumer, Inbox
from chassis.journal import encoder
from chassis.parking import parked_events, parked_keys
from chassis.problems import NotFound, Problem
from chassis.transactions import Transactions


def add_commands(commands: Any) -> None:
    """Declare `events ...` among the commands of a service."""
    events = commands.add_parser("events", help="what waits for an operator")
    verbs = events.add_subparsers(dest="verb", required=True)
    verbs.add_parser("parked", help="the keys that wait")
    for verb, means in (
        ("show", "the events of a waiting key"),
        ("redrive", "try a waiting key again"),
        ("discard", "never apply the first event of a waiting key"),
    ):
        parser = verbs.add_parser(verb, help=means)
        parser.add_argument("consumer")
        parser.add_argument("topic")
        parser.add_argument("tenant", type=UUID)
        parser.add_argument("key", type=UUID)
        if verb == "discard":
            parser.add_argument("--reason", required=True)


async def operate(
    arguments: argparse.Namespace, consumers: Iterable[Consumer], transactions: Transactions
) -> int:
    """Carry out an `events` command; returns the exit code."""
    try:
        async for line in _lines(arguments, consumers, transactions):
            print(line.decode(), flush=True)
    except Problem as problem:
        print(encoder.encode(problem.document()).decode())
        return 1
    return 0


async def _lines(
    arguments: argparse.Namespace, consumers: Iterable[Consumer], transactions: Transactions
) -> Any:
    database = transactions.database
    if arguments.verb == "parked":
        for key in await parked_keys(database):
            yield encoder.encode(asdict(key))
        return
    name, topic, key = arguments.consumer, arguments.topic, arguments.key
    events = await parked_events(database, name, topic, arguments.tenant, key)
    if not events:
        raise NotFound(f"{name} has not parked {key} of {topic}")
    if arguments.verb == "show":
        for event in events:
            yield event
        return
    consumer = next((c for c in consumers if c.name == name), None)
    if consumer is None:
        raise NotFound(f"there is no consumer {name} any more")
    inbox, parked = Inbox(consumer, transactions), (arguments.tenant, key)
    if arguments.verb == "redrive":
        applied = await inbox.redrive(topic, parked)
        yield encoder.encode({"applied": applied})
    else:
        version = await inbox.discard(topic, parked, "system:operator", arguments.reason)
        yield encoder.encode({"discarded": version})
    left = await parked_events(database, name, topic, arguments.tenant, key)
    yield encoder.encode({"still_parked": len(left)})
