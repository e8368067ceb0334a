"""`up`, `down`, `status`, `logs`, `doctor`: daily work with the platform of this machine."""

import os
import shutil
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.local.broker import BrokerKind
from cli.local.diagnosis import examine
from cli.local.home import Home
from cli.local.kafka.program import is_there
from cli.local.memory import TreeMemory, memory_by_process
from cli.local.plan import SERVICES
from cli.local.platform import LocalPlatform, PlatformFailed, plan_of
from cli.local.ports import NoFreePort
from cli.local.readiness import NotReady, is_ready
from cli.local.state import PlatformState

GIVEN = "MERIDIAN_KAFKA"

console = Console(highlight=False, soft_wrap=True)


def up(
    kafka: Annotated[
        bool,
        typer.Option(
            "--kafka",
            help="Apache Kafka as the broker: the one at MERIDIAN_KAFKA, else one of its own, "
            "which needs Java and Maven.",
        ),
    ] = False,
) -> None:
    """Start PostgreSQL, the broker and every service; return when all are ready."""
    platform = LocalPlatform()
    broker, settings = BrokerKind.TANSU, {}
    if kafka and GIVEN in os.environ:
        broker, settings = BrokerKind.GIVEN, {GIVEN: os.environ[GIVEN]}
    elif kafka:
        broker = BrokerKind.KAFKA
        if not is_there():
            console.print("Bringing Apache Kafka by Maven; this is done once.")
    began = time.monotonic()
    try:
        addresses = platform.start(broker=broker, settings=settings)
        for note in addresses.taken_ports:
            console.print(f"[yellow]{note}[/]")
        platform.wait_ready(on_progress=_report_ready)
    except (PlatformFailed, NoFreePort, NotReady) as error:
        console.print(f"[red]{error}[/]")
        state = platform.state()
        if state is not None:
            console.print("What did start still runs: ./meridian status, ./meridian down")
        raise typer.Exit(1) from None
    if addresses.already_running:
        console.print("The platform was already running.")
        running = platform.state()
        if running is not None and running.broker_kind is not broker:
            console.print(f"Its broker is {running.versions['broker']}; ./meridian down ends it.")
    else:
        console.print(f"Everything is ready after {time.monotonic() - began:.1f} s.")
    for service, url in addresses.urls.items():
        console.print(f"  {service:<10} {url}")
    console.print("Stop it with ./meridian down; what it says is in ./meridian logs SERVICE")


def down(
    erase: Annotated[bool, typer.Option("--erase", help="Also delete all data and logs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before deleting.")] = False,
) -> None:
    """Stop everything, leaving no process behind."""
    platform = LocalPlatform()
    if erase and not yes:
        typer.confirm(f"Delete all data in {platform.home.path}?", abort=True)
    try:
        stopped = platform.stop()
    except PlatformFailed as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from None
    console.print("Stopped." if stopped else "Nothing was running.")
    if erase:
        platform.home.erase()
        console.print("The data is deleted.")


def status() -> None:
    """Show what runs, where, and whether it is ready."""
    platform = LocalPlatform()
    state = platform.state()
    if state is None:
        console.print("Nothing is running; start it with ./meridian up")
        raise typer.Exit(1)
    memory = memory_by_process(state)
    console.print(_status_table(platform.home, state, memory))
    of_services = [process.name for process in plan_of(platform.home, state).processes]
    together = sum(memory[name].pss for name in (*of_services, "supervisor") if name in memory)
    console.print(f"Python processes together: {_megabytes(together)}")
    if state.failure:
        console.print(f"[red]{state.failure}[/]")


def logs(
    process: Annotated[
        str,
        typer.Argument(
            metavar="SERVICE", help=f"{', '.join(SERVICES)}, postgres, broker or platform."
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 50,
) -> None:
    """Show what a process has said."""
    log = Home().log(process)
    if not log.exists():
        known = ", ".join(sorted(file.stem for file in Home().logs.glob("*.log")))
        console.print(f"There is no log of {process}. There are: {known or 'none yet'}")
        raise typer.Exit(1)
    tail = shutil.which("tail")
    if tail is None:
        console.print(str(log))
        raise typer.Exit(1)
    # -F also follows into a new file after a log was put aside.
    os.execv(tail, [tail, f"--lines={lines}", *(["-F"] if follow else []), str(log)])


def doctor() -> None:
    """Examine this machine and the platform; say what is wrong and what to do about it."""
    findings = examine(Home())
    for finding in findings:
        sign = "[green]ok  [/]" if finding.ok else "[red]fix [/]"
        console.print(f"{sign} {finding.subject:<12} {finding.fact}")
        if finding.advice:
            console.print(f"     {'':<12} [yellow]{finding.advice}[/]")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _report_ready(process: str, seconds: float) -> None:
    console.print(f"  [green]ready[/] {process:<10} {seconds:5.1f} s")


def _status_table(home: Home, state: PlatformState, memory: dict[str, TreeMemory]) -> Table:
    table = Table("service", "pid", "port", "ready", "restarts", "memory", "last end", box=None)
    plan = plan_of(home, state)
    for name, process in state.processes.items():
        ready = process.pid is not None and is_ready(plan, name)
        table.add_row(
            name,
            str(process.pid or "-"),
            str(process.port),
            "[green]yes[/]" if ready else "[red]no[/]",
            str(process.restarts),
            _megabytes(memory[name].pss) if name in memory else "-",
            process.last_end or "",
        )
    table.add_row(
        "supervisor", str(state.pid), "", "", "", _megabytes(memory["supervisor"].pss), ""
    )
    return table


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB"
