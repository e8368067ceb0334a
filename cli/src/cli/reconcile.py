"""`./meridian reconcile`: whether every consumer has applied all that the owners journalled."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from cli.operating import console, services, told

_VERDICTS = (
    "missing",
    "stale",
    "surplus",
    "parked",
    "vanished",
    "mismatched",
    "altered",
    "invented",
)
_DIFFERS, _NOT_YET = 1, 3


def reconcile(
    service: Annotated[list[str] | None, typer.Argument(help="Only these; else all.")] = None,
    patience: Annotated[float, typer.Option(help="Seconds to wait for the comparison.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Compare what consumers have applied with the owners' journals; name what differs.

    Exit code 1: something differs. 3: not everything could be compared yet.
    """
    running = services()
    unknown = sorted(set(service or ()) - set(running))
    if unknown:
        console.print(f"There is no service {', '.join(unknown)}.")
        raise typer.Exit(2)
    lines = _told_by(service or running, patience)
    compared = [line for line in lines if "granted" in line]
    differences = [line for line in lines if "granted" not in line]
    not_yet = [line for line in compared if _why_not(line) is not None]
    if as_json:
        document = {"compared": compared, "differences": differences}
        print(msgspec.json.encode(document).decode())
    else:
        _print(compared, differences, not_yet)
    if any(sum(line.get("found", {}).values()) for line in compared) or differences:
        raise typer.Exit(_DIFFERS)
    if not_yet:
        raise typer.Exit(_NOT_YET)


def _told_by(asked: Sequence[str], patience: float) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(len(asked)) as side_by_side:
        answers = side_by_side.map(
            lambda name: told(name, "reconcile", f"--patience={patience}"), asked
        )
        return [line for answer in answers for line in answer]


def _why_not(compared: dict[str, Any]) -> str | None:
    """Why nothing is proven of a consumer and topic; None where it is."""
    if not compared["granted"]:
        return "not compared in time: is its worker at work, and its owner's?"
    hindrance: str | None = compared["hindrance"]
    return hindrance


def _print(
    compared: Sequence[dict[str, Any]],
    differences: Sequence[dict[str, Any]],
    not_yet: Sequence[dict[str, Any]],
) -> None:
    shown = [verdict for verdict in _VERDICTS if any(_found(line, verdict) for line in compared)]
    table = Table("consumer", "topic", "as of", "keys", "differ", *shown)
    for line in compared:
        counts = [_found(line, verdict) for verdict in shown]
        table.add_row(
            line["consumer"],
            line["topic"],
            "not yet" if line in not_yet else line["as_of"][:19],
            str(line.get("keys", "")),
            str(sum(counts)),
            *map(str, counts),
        )
    console.print(table)
    for line in not_yet:
        console.print(f"Not yet: {line['consumer']}, {line['topic']}: {_why_not(line)}")
    if differences:
        named = Table(
            "consumer", "topic", "place", "tenant", "key", "verdict", "owner", "has", "since"
        )
        for found in differences:
            named.add_row(
                found["consumer"],
                found["topic"],
                found["place"] or "applied",
                found["tenant"],
                found["key"],
                found["verdict"],
                _version(found["expected"]),
                _version(found["version"]),
                found["since"][:19],
            )
        console.print(named)
    elif not not_yet:
        console.print("Every consumer has applied exactly what the owners journalled.")
    _print_cost(compared)


def _print_cost(compared: Sequence[dict[str, Any]]) -> None:
    costs = [line["cost"] for line in compared if "cost" in line]
    of_consumers = [cost["consumer"] for cost in costs]
    # Every topic of an owner tells the cost of that owner's whole sweep.
    of_owners = {
        line["topic"].split(".")[1]: line["cost"]["owner"] for line in compared if "cost" in line
    }
    table = Table("cost", "rows read", "milliseconds", "records sent")
    for name, parts in (("consumers", of_consumers), ("owners", list(of_owners.values()))):
        table.add_row(
            name,
            f"{sum(part['rows'] for part in parts):,}",
            f"{sum(part['milliseconds'] for part in parts):,.0f}",
            f"{sum(part['records'] for part in parts):,}",
        )
    console.print(table)


def _found(line: dict[str, Any], verdict: str) -> int:
    return int(line.get("found", {}).get(verdict, 0))


def _version(version: int | None) -> str:
    return "none" if version is None else str(version)
