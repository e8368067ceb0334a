"""`./meridian torture`: does anything get lost while everything breaks?"""

from __future__ import annotations

import secrets
from typing import Annotated

import typer


def torture(
    seed: Annotated[
        int | None, typer.Option(help="Decides commands and faults; any if not given.")
    ] = None,
    minutes: Annotated[float, typer.Option(help="How long the nemesis is at work.")] = 2.0,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="On three Apache Kafkas, of which one gets lost.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Only faults of this kind, as 'kill worker'."),
    ] = None,
) -> None:
    """Command the platform at random while everything is killed, frozen, cut off and misled.

    Afterwards every acknowledged write must be stored and have reached every consumer, whatever
    nobody could answer must have happened once or not at all, and projections must be what the
    journals say. It runs beside any other platform of this machine, in a folder of its own.
    """
    # It knows every service by its code, which takes long to load: longer than most commands run.
    from cli.torture import telling

    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    telling.run(chosen, minutes, only or (), kafka=kafka)
