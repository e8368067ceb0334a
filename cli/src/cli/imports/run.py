"""One import from the first look at the files to the last table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from cli.imports.agreement import Figures, figures
from cli.imports.files import SALES_PIPELINE, Layout, Source, UnusableFile, inspect
from cli.imports.importer import Import, Stopped
from cli.imports.ledger import Ledger, UnwritableReport
from cli.imports.request import Request
from cli.imports.screen import bars, show, show_figures
from cli.imports.tenancy import NotSignedIn, enter, enter_own_tenant
from cli.local.platform import LocalPlatform
from meridian_client import AsyncMeridian, OutOfPatience, Problem

ACCEPTED, FAILED, ROWS_REJECTED = 0, 1, 3
FIRST_ANSWER = 15.0
"""Seconds to wait for a gateway that has not answered even once."""


def run(request: Request) -> int:
    """Import what `request` names and show what became of it; the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        sources = inspect(request.directory)
        with Ledger(request.report) as ledger:
            try:
                agreed, seconds = asyncio.run(_import(console, request, sources, ledger))
            finally:
                if ledger.files:
                    show(console, ledger)
    except (UnusableFile, UnwritableReport, NotSignedIn, OutOfPatience, Problem) as error:
        return _failed(console, str(error))
    except Stopped as stopped:
        return _failed(
            console, f"{stopped}\nThe rows before it are in; import again to go on from there."
        )
    show_figures(console, agreed, ledger.rows(SALES_PIPELINE.file), seconds)
    if request.report is not None:
        console.print(Text(f"Every row's verdict: {request.report}"))
    return ROWS_REJECTED if ledger.rejected else ACCEPTED


async def _import(
    console: Console, request: Request, sources: Mapping[Layout, Source], ledger: Ledger
) -> tuple[Figures, float]:
    """Sign in, import, wait until analytics agrees: what it says, and after how many seconds."""
    platform = LocalPlatform()
    state = platform.state()
    url = request.gateway or (state.urls.get("gateway") if state else None)
    if url is None:
        raise NotSignedIn("no platform runs here: start it with ./meridian up, or give --gateway")
    async with AsyncMeridian(url) as client:
        await client.reach(FIRST_ANSWER)
        if request.sign_in is not None:
            await enter(client, request.sign_in)
        elif state is not None and request.gateway is None:
            token = state.environment.get("GATEWAY_BOOTSTRAP_TOKEN", "")
            kept = await enter_own_tenant(client, platform.home.path, token)
            console.print(Text(f"Into the tenant 'opportunities'; its sign-in is in {kept}"))
        else:
            raise NotSignedIn("another gateway needs --tenant, --login and --password")
        began = time.perf_counter()
        with bars(console, sources) as advance:
            pipeline = await Import(client, sources, ledger, request.options, advance).run()
            agreed = await figures(client, pipeline)
        return agreed, time.perf_counter() - began


def _failed(console: Console, why: str) -> int:
    console.print(Text(why, style="red"))
    return FAILED
