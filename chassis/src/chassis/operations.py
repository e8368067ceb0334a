"""What operators do at the command line of a service: `python -m sales events ...`.

    events parked                                  the keys that wait, of all tenants
    events show CONSUMER TOPIC TENANT KEY          the events of one, whole
    events redrive CONSUMER TOPIC TENANT KEY       try it again, in order
    events discard CONSUMER TOPIC TENANT KEY --reason WHY
                                                   never apply its first event
    events consumers                               who reads here, and which topics
    events replay --to CONSUMER --topic T ... [--tenant ID] [--key ID] [--since TIME]
                                                   send events of own topics again, to one
                                                   consumer (of any service) alone

    rebuild                                        make the projections anew (of a service that
                                                   has any), and say how they had strayed
    reconcile [--patience SECONDS]                 compare what was applied with what the owners
                                                   have journalled, and name what differs

Each prints JSON, one object a line.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.inbox import Consumer, Inbox
from chassis.journal import encoder
from chassis.parking import parked_events, parked_keys
from chassis.problems import NotFound, Problem
from chassis.rebuild.rebuild import Rebuild, RebuildFailed
from chassis.replay import Wanted, replay
from chassis.settings import PlatformSettings
from chassis.transactions import Transactions


def add_commands(commands: Any) -> None:
    """Declare `events ...` and `reconcile` among the commands of a service."""
    parser = commands.add_parser("reconcile", help="name every key and row that differs")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds")
    events = commands.add_parser("events", help="what waits for an operator; sending again")
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
    verbs.add_parser("consumers", help="who reads here, and which topics")
    parser = verbs.add_parser("replay", help="send events again, to one consumer alone")
    parser.add_argument("--to", required=True, metavar="CONSUMER")
    parser.add_argument("--topic", required=True, action="append", dest="topics")
    parser.add_argument("--tenant", type=UUID)
    parser.add_argument("--key", type=UUID)
    parser.add_argument("--since", type=_moment, help="recorded then or later (RFC 3339)")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("say the offset from UTC too: 2026-07-01T12:00:00Z")
    return moment


async def operate(
    arguments: argparse.Namespace,
    consumers: Iterable[Consumer],
    transactions: Transactions,
    platform: PlatformSettings,
    owner: str,
) -> int:
    """Carry out an `events` command; returns the exit code. `owner` is whose topics it publishes.

    Sending again raises `BROKER_FAILURES` when the broker cannot be had.
    """
    try:
        if arguments.verb == "replay":
            wanted = Wanted(
                to=arguments.to,
                topics=tuple(arguments.topics),
                tenant=arguments.tenant,
                key=arguments.key,
                since=arguments.since,
            )
            sent = await replay(transactions.database, platform, owner, wanted)
            for topic, count in sent.items():
                print(encoder.encode({"topic": topic, "sent": count}).decode())
            return 0
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
    if arguments.verb == "consumers":
        for consumer in consumers:
            yield encoder.encode({"consumer": consumer.name, "topics": consumer.topics})
        return
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
    reader = next((c for c in consumers if c.name == name), None)
    if reader is None:
        raise NotFound(f"there is no consumer {name} any more")
    inbox, parked = Inbox(reader, transactions), (arguments.tenant, key)
    if arguments.verb == "redrive":
        applied = await inbox.redrive(topic, parked)
        yield encoder.encode({"applied": applied})
    else:
        version = await inbox.discard(topic, parked, "system:operator", arguments.reason)
        yield encoder.encode({"discarded": version})
    left = await parked_events(database, name, topic, arguments.tenant, key)
    yield encoder.encode({"still_parked": len(left)})


async def rebuild(command: Rebuild) -> int:
    """Carry out a rebuild: a line for each table, then one for the whole; the exit code."""
    try:
        report = await command.run()
    except RebuildFailed as failure:
        print(encoder.encode({"failed": str(failure)}).decode())
        return 1
    for table in report.tables:
        print(encoder.encode(asdict(table)).decode())
    whole = {"seconds": report.seconds, "live_caught_up": report.live_caught_up}
    print(encoder.encode(whole).decode())
    return 0
