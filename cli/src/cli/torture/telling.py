"""Tells on the terminal what a run of torture does and finds."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from cli.local.go_programs.program import GoProgramMissing
from cli.local.home import checkout
from cli.local.platform import PlatformFailed
from cli.local.readiness import NotReady
from cli.torture.clocks import ClocksFixed
from cli.torture.history import Operation
from cli.torture.nemesis.fault import Fault
from cli.torture.nemesis.nemesis import kinds
from cli.torture.network import ProxiesFailed
from cli.torture.run import Plan, Result
from cli.torture.run import torture as carry_out

_MOST_SHOWN = 30

console = Console(highlight=False, soft_wrap=True)


def run(seed: int, minutes: float, only: Sequence[str], *, kafka: bool) -> None:
    """Carry a run out and report; `typer.Exit` 1 when something was found, 2 when it cannot be."""
    unknown = sorted(set(only) - {kind.name for kind in kinds(kafka=kafka)})
    if unknown:
        known = ", ".join(kind.name for kind in kinds(kafka=kafka))
        console.print(f"There is no kind {', '.join(unknown)}. There are: {known}")
        raise typer.Exit(2)
    folder = checkout() / ".meridian" / "torture" / f"{seed}{'-kafka' if kafka else ''}"
    shutil.rmtree(folder, ignore_errors=True)
    plan = Plan(seed=seed, minutes=minutes, kafka=kafka, folder=folder, only=tuple(only))
    console.print(f"Seed {plan.seed}, {plan.minutes:g} minutes")
    try:
        result = carry_out(plan, console.print)
    except (PlatformFailed, NotReady, GoProgramMissing, ProxiesFailed, ClocksFixed) as error:
        console.print(f"[red]{error}[/]")
        raise typer.Exit(2) from None
    _report(plan, result)
    if result.passed:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        console.print(f"What happened is in {_shown(folder)}; to replay it: {plan.again}")
        raise typer.Exit(1)


def _report(plan: Plan, result: Result) -> None:
    console.print(_operations(result.operations))
    console.print(_faults(result.faults, result.never_struck))
    took = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in result.seconds.items())
    console.print(f"Seconds: {took}")
    if result.never_struck:
        console.print(f"[red]Never struck:[/] {', '.join(result.never_struck)}")
    for violation in result.violations[:_MOST_SHOWN]:
        console.print(f"[red]{violation.check}:[/] {violation.what[:400]}")
    by_check = Counter(violation.check for violation in result.violations)
    counted = ", ".join(f"{count} of {check}" for check, count in by_check.items()) or "none"
    console.print(f"Violations with seed {plan.seed}: {counted}")


def _operations(operations: list[Operation]) -> Table:
    table = Table("operation", "ok", "fail", "unknown", box=None)
    by_kind: dict[str, Counter[str]] = {}
    for operation in operations:
        by_kind.setdefault(operation.kind, Counter())[operation.outcome] += 1
    for kind, outcomes in sorted(by_kind.items()):
        table.add_row(kind, *(str(outcomes[outcome]) for outcome in ("ok", "fail", "unknown")))
    together = Counter(operation.outcome for operation in operations)
    table.add_row("together", *(str(together[name]) for name in ("ok", "fail", "unknown")))
    return table


def _faults(faults: list[Fault], never_struck: list[str]) -> Table:
    table = Table("fault", "struck", "missed", box=None)
    struck = Counter(fault.kind for fault in faults if fault.seen)
    missed = Counter(fault.kind for fault in faults if fault.missed)
    for kind in [*struck, *never_struck]:
        table.add_row(kind, str(struck[kind]), str(missed[kind]))
    return table


def _shown(folder: Path) -> str:
    return str(folder.relative_to(checkout()))
