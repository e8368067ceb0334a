"""`./meridian events ...`: what waits in the services' consumers, on this machine's platform."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.operating import console, services, told
from events.topics import TOPICS

events = typer.Typer(
    help="What waits in consumers, and sending events again.", no_args_is_help=True
)

Consumer = Annotated[str, typer.Argument(help="As `parked` names it: sales.reactions, ...")]
Topic = Annotated[str, typer.Argument(help="crm.contacts.touch, ...")]
Tenant = Annotated[str, typer.Argument(help="The tenant's id.")]
Key = Annotated[str, typer.Argument(help="The id of the aggregate.")]


@events.command()
def parked() -> None:
    """List the keys that wait, of all services and tenants."""
    keys = [key for service in services() for key in told(service, "events", "parked")]
    if not keys:
        console.print("Nothing waits.")
        return
    table = Table("consumer", "topic", "tenant", "key", "versions", "since", "why")
    for key in keys:
        versions = f"{key['first_version']}-{key['last_version']}"
        table.add_row(
            key["consumer"], key["topic"], key["tenant"], key["key"], versions,
            key["since"][:19], key["error"],
        )  # fmt: skip
    console.print(table)


@events.command()
def show(consumer: Consumer, topic: Topic, tenant: Tenant, key: Key) -> None:
    """Print the events of a waiting key, whole."""
    _operate("show", consumer, topic, tenant, key)


@events.command()
def redrive(consumer: Consumer, topic: Topic, tenant: Tenant, key: Key) -> None:
    """Try the events of a waiting key again, in order."""
    _operate("redrive", consumer, topic, tenant, key)


@events.command()
def discard(
    consumer: Consumer,
    topic: Topic,
    tenant: Tenant,
    key: Key,
    reason: Annotated[str, typer.Option(help="Kept with the event.")],
) -> None:
    """Never apply the first event of a waiting key, and try those behind it."""
    _operate("discard", consumer, topic, tenant, key, "--reason", reason)


@events.command()
def replay(
    to: Annotated[str, typer.Option(metavar="CONSUMER", help="sales.reactions, analytics, ...")],
    topic: Annotated[list[str] | None, typer.Option(help="Only these; else all it reads.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None,
    key: Annotated[str | None, typer.Option(help="Only of this aggregate.")] = None,
    since: Annotated[str | None, typer.Option(help="Recorded then or later (RFC 3339).")] = None,
) -> None:
    """Send events again, to one consumer alone; what it has applied changes nothing."""
    read = _topics_of(to)
    unread = sorted(set(topic or ()) - set(read))
    if unread:
        console.print(f"{to} does not read {', '.join(unread)}; it reads {', '.join(read)}")
        raise typer.Exit(2)
    asked = {"--tenant": tenant, "--key": key, "--since": since}
    narrowed = [f"{name}={value}" for name, value in asked.items() if value is not None]
    by_owner: dict[str, list[str]] = {}
    for name in topic or read:
        by_owner.setdefault(_PUBLISHED_BY[name], []).append(f"--topic={name}")
    table = Table("topic", "events sent again")
    for owner, topics in sorted(by_owner.items()):
        for line in told(owner, "events", "replay", f"--to={to}", *topics, *narrowed):
            table.add_row(line["topic"], str(line["sent"]))
    console.print(table)


_PUBLISHED_BY = {
    topic.name: "gateway" if topic.owner == "directory" else topic.owner for topic in TOPICS
}
"""Topic -> the service whose journal has its events."""


def _topics_of(consumer: str) -> list[str]:
    for reader in told(_service_of(consumer), "events", "consumers"):
        if reader["consumer"] == consumer:
            return list(reader["topics"])
    console.print(f"There is no consumer {consumer}.")
    raise typer.Exit(2)


def _operate(verb: str, consumer: str, *arguments: str) -> None:
    for line in told(_service_of(consumer), "events", verb, consumer, *arguments):
        console.print_json(data=line)


def _service_of(consumer: str) -> str:
    service = consumer.partition(".")[0]
    if service not in services():
        console.print(f"There is no consumer {consumer}.")
        raise typer.Exit(2)
    return service
