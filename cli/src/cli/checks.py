"""`test`, `lint` and `language`: what a change must pass, for a newcomer and for the build."""

import os
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from cli.local.home import checkout
from events import strimzi
from events.contract.archive import Archive, IncompatibleChange

console = Console(stderr=True, highlight=False)


class Part(StrEnum):
    """One of the linters."""

    CHECK = "check"
    FORMAT = "format"
    TYPES = "types"
    IMPORTS = "imports"


COMMANDS = {
    Part.CHECK: ["ruff", "check"],
    Part.FORMAT: ["ruff", "format", "--check"],
    Part.TYPES: ["mypy"],
    Part.IMPORTS: ["lint-imports", "--no-cache", "--no-logo"],
}


def test(context: typer.Context) -> NoReturn:
    """Run the tests; arguments go to pytest (`./meridian test cli -k ports`).

    Without arguments all of them run, on up to four cores. With --kafka: those that use a broker,
    on Apache Kafka.
    """
    os.chdir(_source_checkout())
    arguments = context.args
    if not set(arguments) - {"--kafka"}:
        # Without a limit to restarts xdist waits for ever where a worker has died near the end.
        workers = ["-n", str(min(os.cpu_count() or 1, 4)), "--max-worker-restart", "0"]
        arguments = [*arguments, *workers, "--dist", "loadfile"]
    os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", *arguments])


def lint(
    parts: Annotated[
        list[Part] | None, typer.Argument(help="Which linters to run; all without a name.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Let ruff repair and format what it can first.")
    ] = False,
) -> None:
    """Check style (check, format), types and the rules about imports."""
    root = _source_checkout()
    programs = Path(sys.executable).parent
    if fix:
        _run(programs, ["ruff", "check", "--fix-only"], root)
        _run(programs, ["ruff", "format"], root)
    failed = [part for part in parts or list(Part) if not _passes(part, programs, root)]
    if failed:
        console.print(f"[red]lint failed:[/] {', '.join(failed)}")
        raise typer.Exit(1)


def language() -> None:
    """Write anew what others read: after a change of the events or of the API.

    That is schemas, AsyncAPI document and topics, OpenAPI document and Python client. A change of
    events that readers of earlier versions would not understand is refused.
    """
    from cli.openapi import client  # with all services: other commands start without them

    root = _source_checkout()
    archive = Archive(root / "events")
    try:
        written = archive.write()
    except IncompatibleChange as refused:
        for reason in refused.reasons:
            console.print(f"[red]not compatible:[/] {escape(reason)}")
        console.print("Nothing was written: within a major, fields are only added, with a default.")
        raise typer.Exit(1) from None
    topics = root / strimzi.FILE
    if topics.read_text() != strimzi.resources():
        topics.write_text(strimzi.resources())
        written.append(topics)
    for path, text in client.stale(root):
        path.write_text(text, encoding="utf-8")
        written.append(path)
    for path in written:
        console.print(f"wrote {path}")
    for schema in archive.without_golden():
        console.print(f"[yellow]add a golden event:[/] events/golden/{schema}/<name>.json")
    if not written:
        console.print("Nothing to write: everything follows from the types.")


def _passes(part: Part, programs: Path, root: Path) -> bool:
    began = time.monotonic()
    passed = _run(programs, COMMANDS[part], root)
    verdict = "[green]ok[/]" if passed else "[red]failed[/]"
    console.print(f"{' '.join(COMMANDS[part])}: {verdict} in {time.monotonic() - began:.1f} s")
    return passed


def _run(programs: Path, command: list[str], root: Path) -> bool:
    program, *arguments = command
    return subprocess.run([programs / program, *arguments], cwd=root, check=False).returncode == 0


def _source_checkout() -> Path:
    """Return the folder of the checkout; ends the command where there is none."""
    root = checkout()
    if not (root / "requirements.lock").exists():
        console.print("This command works in a checkout of the source only.")
        raise typer.Exit(2)
    return root
