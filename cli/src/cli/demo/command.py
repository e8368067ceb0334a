"""`./meridian demo`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.demo.company import HEADQUARTERS_TIME_ZONE
from cli.demo.scenario import CUSTOMERS, DEALS, SEED, Scenario


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop after the tables.")] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Another number plays another half-year.")
    ] = SEED,
    customers: Annotated[
        int, typer.Option(min=20, max=100_000, help="Companies and people together.")
    ] = CUSTOMERS,
    deals: Annotated[int, typer.Option(min=20, max=100_000)] = DEALS,
    json: Annotated[
        Path | None, typer.Option(help="Also write the numbers of the tables to this file.")
    ] = None,
) -> None:
    """Start everything, play a company's half-year through the public API, show what came of it.

    Runs until Ctrl-C. What was played stays: a second run finds it and plays
    nothing again; ./meridian down --erase forgets it. A platform that runs already
    is used, and left running.
    """
    # What does the work takes long to load: other commands shall not wait for it.
    from cli.demo.run import Request, run

    today = datetime.now(ZoneInfo(HEADQUARTERS_TIME_ZONE)).date()
    scenario = Scenario(today, seed, customers, deals)
    raise typer.Exit(run(Request(scenario, once=once, json=json)))
