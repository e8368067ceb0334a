"""`./meridian events ...`: what waits in the services' consumers, on this machine's platform.

Each service answers for itself, by its own command line (`python -m sales events
...`); elsewhere an operator runs just that where the service runs.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from cli.local.platform import LocalPlatform
from cli.local.processes import clean_environment

events = typer.Typer(help="What waits in consumers, and what to do about it.", no_args_is_help=True)
console = Console(highlight=False)

Consumer = Annotated[str, typer.Argument(help="As `parked` names it: sales.reactions, ...")]
Topic = Annotated[str, typer.Argument(help="crm.contacts.touch, ...")]
Tenant = Annotated[str, typer.Argument(help="The tenant's id.")]
Key = Annotated[str, typer.Argument(help="The id of the aggregate.")]


@events.command()
def parked() -> None:
    """List the keys that wait, of all services and tenants."""
    environment = _environment()
    keys = [key for service in _services() for key in _lines(service, environment, "parked")]
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


def _operate(verb: str, consumer: str, *arguments: str) -> None:
    service = consumer.partition(".")[0]
    if service not in _services():
        console.print(f"There is no consumer {consumer}.")
        raise typer.Exit(2)
    for line in _lines(service, _environment(), verb, consumer, *arguments):
        console.print_json(data=line)


def _lines(service: str, environment: dict[str, str], *arguments: str) -> list[Any]:
    """What a service's own command prints; ends this one with it where it fails."""
    command = [sys.executable, "-P", "-m", service, "events", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        console.print(done.stdout.strip() or done.stderr.strip())
        raise typer.Exit(done.returncode)
    return [msgspec.json.decode(line) for line in done.stdout.splitlines()]


def _services() -> list[str]:
    state = LocalPlatform().state()
    if state is None:
        console.print("No platform runs here: start it with ./meridian up")
        raise typer.Exit(1)
    return sorted(state.urls)


def _environment() -> dict[str, str]:
    state = LocalPlatform().state()
    told = state.environment if state is not None else {}
    return {**clean_environment(), **told}
