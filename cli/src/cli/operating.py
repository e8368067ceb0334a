"""Running the services' own commands against this machine's platform.

Each service answers for itself, by its own command line (`python -m sales events
...`); elsewhere an operator runs just that where the service runs.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import typer
from rich.console import Console

from cli.local.platform import LocalPlatform
from cli.local.processes import clean_environment
from cli.local.state import PlatformState

console = Console(highlight=False)


def services() -> list[str]:
    """The services of the running platform; ends the command when none runs."""
    return sorted(_state().urls)


def told(service: str, *arguments: str) -> list[Any]:
    """What a service's own command prints, a JSON value a line; ends this one where it fails."""
    environment = {**clean_environment(), **_state().environment}
    command = [sys.executable, "-P", "-m", service, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        console.print(done.stdout.strip() or done.stderr.strip())
        raise typer.Exit(done.returncode)
    return [msgspec.json.decode(line) for line in done.stdout.splitlines()]


def _state() -> PlatformState:
    state = LocalPlatform().state()
    if state is None:
        console.print("No platform runs here: start it with ./meridian up")
        raise typer.Exit(1)
    return state
