"""One demo from the first process started to the last one stopped."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from cli.demo.bodies import SYSTEM
from cli.demo.figures import Figures
from cli.demo.guide import HOST, show_guide
from cli.demo.load import Refused
from cli.demo.play import play
from cli.demo.scenario import Scenario
from cli.demo.screen import Screen
from cli.demo.tables import tables
from cli.demo.tenancy import NotOurs
from cli.local.plan import BROKER, POSTGRES, SERVICES
from cli.local.platform import Addresses, LocalPlatform, PlatformFailed
from cli.local.ports import NoFreePort
from cli.local.readiness import NotReady
from meridian_client import AsyncMeridian, OutOfPatience, Problem

DONE, FAILED, INTERRUPTED = 0, 1, 130
FAILURES = (
    *(PlatformFailed, NoFreePort, NotReady),
    *(NotOurs, Refused, OutOfPatience, Problem, OSError),
)
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: which story, whether to stop after the tables, where to write them."""

    scenario: Scenario
    once: bool = False
    json: Path | None = None


def run(request: Request) -> int:
    """Run the demo as asked; the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    platform = LocalPlatform()
    try:
        with _interruptible(), _running(console, platform) as addresses:
            answered = asyncio.run(_demo(console, request, addresses))
            if request.json is not None:
                request.json.write_bytes(msgspec.json.format(msgspec.json.encode(answered)) + b"\n")
            if not request.once and not addresses.already_running:
                _stay(console, platform)
    except KeyboardInterrupt:
        console.print(
            "Interrupted. What was played so far stays; the next demo goes on from there."
        )
        return INTERRUPTED
    except FAILURES as error:
        console.print(Text(str(error), style="red"))
        return FAILED
    return DONE


async def _demo(console: Console, request: Request, addresses: Addresses) -> Figures:
    """Play what is not played yet, and show everything."""
    gateway = addresses.urls["gateway"]
    screen = Screen(console)
    began = time.monotonic()
    async with AsyncMeridian(gateway) as client:
        with screen.showing():
            played = await play(
                client, addresses.environment["GATEWAY_BOOTSTRAP_TOKEN"], request.scenario, screen
            )
        form = await _form(client)
    console.print(played.in_words(request.scenario, time.monotonic() - began))
    console.print()
    for table in tables(played.figures):
        console.print(table)
    console.print(f"As of {played.figures.funnel.as_of}\n")
    show_guide(console, gateway, form)
    return played.figures


async def _form(client: AsyncMeridian) -> str:
    """The id of the public form of the office that the guide looks at."""
    async for form in client.forms.list():
        if any(name.system == SYSTEM and name.id == HOST.office for name in form.external_ids):
            return str(form.id)
    raise Refused(f"the form of {HOST.office} is gone: ./meridian down --erase begins anew")


@contextmanager
def _running(console: Console, platform: LocalPlatform) -> Iterator[Addresses]:
    """The platform, ready: the one that runs already, else one that lives for this block."""
    is_ours = platform.state() is None
    try:
        addresses = platform.start(attached=True)
        is_ours = not addresses.already_running
        for note in addresses.taken_ports:
            console.print(Text(str(note), style="yellow"))
        if not is_ours:
            console.print("The platform runs already; it is used, and left running.")
        screen = Screen(console)
        processes = (POSTGRES, BROKER, *SERVICES)
        with screen.showing(), screen.step("Processes ready", len(processes)) as advance:
            platform.wait_ready(on_progress=lambda _process, _seconds: advance(1))
        yield addresses
    finally:
        if is_ours:
            _stop(console, platform)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and a closed terminal end the block as Ctrl-C does, also in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    yield


def _stay(console: Console, platform: LocalPlatform) -> None:
    """Wait for Ctrl-C, or until the platform has ended by itself."""
    try:
        console.print(Text("Everything runs until Ctrl-C.", style="bold"))
        while platform.state() is not None:
            time.sleep(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        return
    raise PlatformFailed(f"the platform has ended; see {platform.home.log('platform')}")


def _stop(console: Console, platform: LocalPlatform) -> None:
    """Stop everything; who presses Ctrl-C again waits all the same."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    began = time.monotonic()
    if platform.stop():
        console.print(f"Everything is stopped, after {time.monotonic() - began:.1f} s.")
