"""Everything starts again while the members of a group are still sorting themselves out."""

from __future__ import annotations

import asyncio
from random import Random

from cli.torture.nemesis.fault import Missed
from cli.torture.nemesis.processes import kill
from cli.torture.stage import Stage


async def restarted(stage: Stage, dice: Random, seconds: float) -> str:
    """A worker dies and comes back, and as the groups rebalance all of its service is killed."""
    service = dice.choice(("contacts", "sales", "marketing", "analytics"))
    workers = stage.named("worker", of=service)
    await kill(stage, dice.choice(workers))
    # Its successor joins, which makes the others join again.
    await asyncio.sleep(seconds)
    killed = []
    for name in (*workers, *stage.named("api", of=service)):
        try:
            await kill(stage, name)
            killed.append(name)
        except Missed:
            continue
    if not killed:
        raise Missed(f"nothing of {service} was running")
    return f"{', '.join(killed)}, {seconds:.1f} s after one was gone"
