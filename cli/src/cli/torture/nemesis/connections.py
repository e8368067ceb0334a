"""Cutting, delaying and throttling connections, in one direction or both."""

from __future__ import annotations

import asyncio
from random import Random

from cli.torture.nemesis.fault import Strike
from cli.torture.network import Direction, Network
from cli.torture.stage import Stage

_BOTH: tuple[Direction, ...] = ("upstream", "downstream")


def links(stage: Stage, dice: Random) -> list[str]:
    """Some links that belong together: to the broker, of one process, or to a gateway."""
    brokers = [f"clients>{name}" for name in stage.brokers]
    of_one = [[link] for link in stage.network.links if link not in brokers]
    of_all = [[link for link in stage.network.links if link.endswith(">postgres")]]
    # The broker and the databases are what everything hangs on: a third of the time.
    return dice.choice([brokers, *of_all] * (len(of_one) // 6) + of_one)


async def severed(stage: Stage, dice: Random, seconds: float) -> str:
    """Connections are closed, and no new ones are had."""
    chosen = links(stage, dice)
    network = stage.network
    try:
        for link in chosen:
            await network.sever(link)
        await asyncio.sleep(seconds)
    finally:
        for link in chosen:
            await network.join(link)
    return f"{', '.join(chosen)} for {seconds:.1f} s"


def vanishing(*directions: Direction) -> Strike:
    """Nothing arrives any more, and nobody says so; at the end the connections are closed."""
    return _poisoning("timeout", directions, timeout=0)


def broken_off() -> Strike:
    """Connections end by a reset, new ones too."""
    return _poisoning("reset_peer", ("downstream",), timeout=0)


async def delayed(stage: Stage, dice: Random, seconds: float) -> str:
    """Everything is late, by up to a second."""
    directions = dice.choice((_BOTH, ("upstream",), ("downstream",)))
    latency = dice.randint(100, 800)
    strike = _poisoning("latency", directions, latency=latency, jitter=latency // 4)
    return f"by {latency} ms: {await strike(stage, dice, seconds)}"


async def throttled(stage: Stage, dice: Random, seconds: float) -> str:
    """So many kB a second come through, and no more."""
    rate = dice.choice((2, 10, 50))
    strike = _poisoning("bandwidth", _BOTH, rate=rate)
    return f"to {rate} kB/s: {await strike(stage, dice, seconds)}"


def _poisoning(toxic: str, directions: tuple[Direction, ...], **attributes: int) -> Strike:
    async def strike(stage: Stage, dice: Random, seconds: float) -> str:
        chosen = links(stage, dice)
        poisoned: list[tuple[str, Direction]] = []
        try:
            for link in chosen:
                for direction in directions:
                    await stage.network.poison(link, toxic, direction, **attributes)
                    poisoned.append((link, direction))
            await asyncio.sleep(seconds)
        finally:
            await _cure(stage.network, toxic, poisoned)
        return f"{', '.join(chosen)} {' and '.join(directions)} for {seconds:.1f} s"

    return strike


async def _cure(network: Network, toxic: str, poisoned: list[tuple[str, Direction]]) -> None:
    for link, direction in poisoned:
        await network.cure(link, toxic, direction)
