"""`./meridian import opportunities DIR`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cli.imports.request import Options, Request, SignIn

app = typer.Typer(help="Load what other tools wrote.", no_args_is_help=True)


@app.callback()
def files() -> None:
    """Load what other tools wrote."""


@app.command()
def opportunities(  # noqa: PLR0913, PLR0917 - an argument for every option of the command
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Holds accounts.csv, products.csv, sales_teams.csv and sales_pipeline.csv.",
        ),
    ],
    tenant: Annotated[
        str | None,
        typer.Option(envvar="MERIDIAN_TENANT", help="Into which tenant, by its slug."),
    ] = None,
    login: Annotated[str | None, typer.Option(envvar="MERIDIAN_LOGIN")] = None,
    password: Annotated[
        str | None,
        typer.Option(envvar="MERIDIAN_PASSWORD", help="Asked for when it is not given."),
    ] = None,
    gateway: Annotated[
        str | None,
        typer.Option(envvar="MERIDIAN_GATEWAY", help="By default that of this machine."),
    ] = None,
    email_domain: Annotated[
        str | None, typer.Option(help="Gives every user the address LOGIN@DOMAIN.")
    ] = None,
    time_zone: Annotated[
        list[str] | None,
        typer.Option(metavar="OFFICE=AREA/CITY", help="Where an office's clocks are; repeatable."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write every row's verdict to FILE.csv or FILE.json.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Deals in one request.")] = 500,
) -> None:
    """Load a sales history from four CSV files, cleaning it by declared rules.

    Importing again changes only what the files say differently. Exit code: 0 when
    every row was accepted, 3 when some were rejected, 1 when the import failed.
    """
    if (tenant is None) != (login is None):
        raise typer.BadParameter("--tenant and --login go together")
    sign_in = None
    if tenant is not None and login is not None:
        sign_in = SignIn(tenant, login, password or typer.prompt("Password", hide_input=True))
    options = Options(time_zones=_zones(time_zone or ()), email_domain=email_domain, batch=batch)
    # What does the work takes long to load: other commands shall not wait for it.
    from cli.imports.run import run

    raise typer.Exit(run(Request(directory, gateway, sign_in, report, options)))


def _zones(named: Sequence[str]) -> dict[str, str]:
    """The time zones that `--time-zone OFFICE=AREA/CITY` names."""
    zones: dict[str, str] = {}
    for pair in named:
        office, _, zone = (part.strip() for part in pair.rpartition("="))
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise typer.BadParameter(f"{zone!r} is no IANA time zone", param_hint=pair) from None
        if not office:
            raise typer.BadParameter("write OFFICE=AREA/CITY", param_hint=pair)
        zones[office] = zone
    return zones
