"""Losing one of several brokers, and having it back."""

from __future__ import annotations

import asyncio
from random import Random

from cli.torture.nemesis.fault import Missed
from cli.torture.nemesis.processes import brokers, freeze, kill, thaw
from cli.torture.stage import Stage


async def one_lost(stage: Stage, dice: Random, seconds: float) -> str:
    """One broker falls silent for long enough to be taken for lost, and then dies for good."""
    name = dice.choice(brokers(stage))
    frozen = freeze(stage.platform.pid(name))
    try:
        if not frozen:
            raise Missed(f"{name} ended by itself")
        await asyncio.sleep(seconds)
        pid = await kill(stage, name)
    finally:
        thaw(frozen)
    return f"{name} (pid {pid}), silent for {seconds:.1f} s"
