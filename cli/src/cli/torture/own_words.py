"""What the platform itself says of its state, by its operators' commands: it must agree."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cli.local.processes import clean_environment
from cli.torture.checks.violation import Violation
from cli.torture.evidence import SERVICES

_PATIENCE_SECONDS = 120


async def rebuilt(environment: Mapping[str, str]) -> list[Violation]:
    """How the live projections differ from what a rebuild from nothing makes."""
    code, lines = await _told(environment, "analytics", "rebuild")
    return [Violation("rebuild", f"it failed: {lines}")] if code else list(strayed(lines))


async def reconciled(environment: Mapping[str, str]) -> list[Violation]:
    """What reconciliation finds to differ between owners and consumers, or cannot compare."""
    asked = [service.name for service in SERVICES if service.consumers]
    patience = f"--patience={_PATIENCE_SECONDS}"
    found: list[Violation] = []
    told = await asyncio.gather(
        *(_told(environment, name, "reconcile", patience) for name in asked)
    )
    for name, (code, lines) in zip(asked, told, strict=True):
        if code:
            found.append(Violation("reconcile", f"{name} failed: {lines}"))
        else:
            found += differing(lines)
    return found


def strayed(lines: Sequence[Mapping[str, Any]]) -> Iterator[Violation]:
    """What a rebuild has said of live rows that were wrong."""
    for line in lines:
        for named in line.get("named", ()):
            what = f"{line['table']} {named['id']}: the live row was {named['verdict']}"
            yield Violation("rebuild", what)


def differing(lines: Sequence[Mapping[str, Any]]) -> Iterator[Violation]:
    """What a reconciliation has said to differ, and of what it has said nothing."""
    for line in lines:
        if "granted" not in line:
            what = f"{line['consumer']} has {line['topic']}/{line['key']} {line['verdict']}"
            yield Violation("reconcile", what)
        elif not line["granted"] or line.get("hindrance"):
            why = line.get("hindrance") or "not in time"
            yield Violation("reconcile", f"{line['consumer']} of {line['topic']}: {why}")


async def _told(
    environment: Mapping[str, str], service: str, *arguments: str
) -> tuple[int, list[Any]]:
    """The exit code of a service's own command, and what it prints, a JSON value a line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", service, *arguments,
        env={**clean_environment(), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode is not None
    try:
        return process.returncode, [msgspec.json.decode(line) for line in output.splitlines()]
    except msgspec.DecodeError:
        return process.returncode or 1, [(output + errors).decode()]
