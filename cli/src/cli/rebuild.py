"""`./meridian rebuild SERVICE`: projections made anew from events, while everything goes on."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.operating import console, services, told

_COUNTS = ("rows", "identical", "newer", "differing", "missing", "surplus")


def rebuild(
    service: Annotated[str, typer.Argument(help="The service that has projections: analytics.")],
) -> None:
    """Make projections anew beside the live ones, swap them in, say how the old had strayed."""
    if service not in services():
        console.print(f"There is no service {service}.")
        raise typer.Exit(2)
    *compared, whole = told(service, "rebuild")
    projections = Table("projection", *_COUNTS)
    for table in compared:
        projections.add_row(table["table"], *(str(table[count]) for count in _COUNTS))
    console.print(projections)
    if not whole["live_caught_up"]:
        console.print("The live consumer lagged: what is missing may only have been late.")
    named = [(table["table"], found) for table in compared for found in table["named"]]
    if named:
        differences = Table("projection", "tenant", "id", "the live row was")
        for name, found in named:
            differences.add_row(name, found["tenant"], found["id"], found["verdict"])
        console.print(differences)
    else:
        console.print("The live projections were right.")
    phases = Table("phase", "seconds")
    for phase, seconds in whole["seconds"].items():
        phases.add_row(phase, f"{seconds:.2f}")
    console.print(phases)
