"""Killing and freezing processes. The supervisor starts what was killed again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psutil

from cli.local.plan import POSTGRES
from cli.local.platform import NotRunning, plan_of
from cli.local.readiness import is_ready
from cli.torture.nemesis.fault import Missed, Strike
from cli.torture.stage import Stage

Victims = Callable[[Stage], list[str]]


def workers(stage: Stage) -> list[str]:
    return stage.named("worker")


def apis(stage: Stage) -> list[str]:
    return stage.named("api")


def gateways(stage: Stage) -> list[str]:
    return stage.named("all")


def brokers(stage: Stage) -> list[str]:
    """All of them, of which only one may be away at a time; `Missed` while another is."""
    state = stage.platform.state()
    plan = plan_of(stage.platform.home, state) if state is not None else None
    if plan is None or not all(is_ready(plan, name) for name in stage.brokers):
        raise Missed("a broker is not back yet")
    return list(stage.brokers)


def databases(_: Stage) -> list[str]:
    return [POSTGRES]


def killing(victims: Victims) -> Strike:
    """SIGKILL to one of the victims."""

    async def strike(stage: Stage, dice: Random, _: float) -> str:
        name = dice.choice(victims(stage))
        return f"{name} (pid {await kill(stage, name)})"

    return strike


def freezing(victims: Victims) -> Strike:
    """SIGSTOP to one of the victims and all its children, and after a while SIGCONT."""

    async def strike(stage: Stage, dice: Random, seconds: float) -> str:
        name = dice.choice(victims(stage))
        frozen = freeze(_pid(stage, name))
        try:
            if not frozen:
                raise Missed(f"{name} ended by itself")
            await asyncio.sleep(seconds)
        finally:
            thaw(frozen)
        return f"{name} for {seconds:.1f} s"

    return strike


async def kill(stage: Stage, name: str) -> int:
    """End a process at once; returns when it is gone, with the PID it had."""
    pid = _pid(stage, name)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    while _current(stage, name) == pid:  # noqa: ASYNC110 - others write it down
        await asyncio.sleep(0.02)
    return pid


def freeze(pid: int) -> list[psutil.Process]:
    """Stop a process and its descendants; those that are stopped now."""
    stopped = []
    with suppress(psutil.Error):
        family = psutil.Process(pid)
        for process in (family, *family.children(recursive=True)):
            with suppress(psutil.Error):
                process.suspend()
                stopped.append(process)
    return stopped


def thaw(frozen: list[psutil.Process]) -> None:
    """Let them go on, the children first."""
    for process in reversed(frozen):
        with suppress(psutil.Error):
            process.resume()


def _pid(stage: Stage, name: str) -> int:
    try:
        return stage.platform.pid(name)
    except NotRunning as error:
        raise Missed(str(error)) from None


def _current(stage: Stage, name: str) -> int | None:
    try:
        return stage.platform.pid(name)
    except NotRunning:
        return None
