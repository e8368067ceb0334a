"""The schedule: which fault strikes when, from the seed alone; and carrying it out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from random import Random

from cli.torture.history import History
from cli.torture.nemesis import connections, duplicates, processes, rebalance, skews
from cli.torture.nemesis.brokers import one_lost
from cli.torture.nemesis.fault import Fault, Kind, Missed
from cli.torture.network import ProxiesFailed
from cli.torture.stage import Stage

_CALM = (0.5, 3.0)
"""Seconds between two faults of a lane."""
_TRIES = 3
_AGAIN_SECONDS = 1.0


def kinds(*, kafka: bool) -> list[Kind]:
    """Every kind of fault that a run is about."""
    killing, freezing = processes.killing, processes.freezing
    every = [
        Kind("kill worker", "processes", killing(processes.workers)),
        Kind("kill api", "processes", killing(processes.apis)),
        Kind("kill gateway", "processes", killing(processes.gateways)),
        Kind("kill broker", "processes", killing(processes.brokers)),
        Kind("kill postgres", "processes", killing(processes.databases)),
        # Longer than the relay's lease.
        Kind("freeze worker", "processes", freezing(processes.workers), 3, 9),
        Kind("freeze api", "processes", freezing(processes.apis), 2, 6),
        Kind("freeze gateway", "processes", freezing(processes.gateways), 2, 6),
        Kind("freeze broker", "processes", freezing(processes.brokers), 2, 7),
        Kind("freeze postgres", "processes", freezing(processes.databases), 2, 5),
        Kind("restart in a rebalance", "processes", rebalance.restarted, 0.2, 1.8),
        Kind("lose a broker", "processes", one_lost, 8, 15, needs_kafka=True),
        Kind("cut", "connections", connections.severed, 1, 8),
        Kind("requests vanish", "connections", connections.vanishing("upstream"), 2, 12),
        Kind("answers vanish", "connections", connections.vanishing("downstream"), 2, 12),
        Kind("all vanishes", "connections", connections.vanishing("upstream", "downstream"), 2, 12),
        Kind("connections reset", "connections", connections.broken_off(), 1, 4),
        Kind("delay", "connections", connections.delayed, 2, 8),
        Kind("throttle", "connections", connections.throttled, 2, 8),
        Kind("clock of a service", "clocks", skews.of_service, 1, 8),
        Kind("clock of postgres", "clocks", skews.of_postgres, 1, 6),
        Kind("duplicates", "clocks", duplicates.recent),
        Kind("late duplicates", "clocks", duplicates.late),
    ]
    return [kind for kind in every if kafka or not kind.needs_kafka]


def deck(seed: int, lane: str, of_lane: Sequence[Kind]) -> Iterator[tuple[Kind, Random, float]]:
    """Faults of one lane without an end: every kind strikes before one strikes again.

    With each comes its own chance and its length in seconds.
    """
    dice = Random(f"{seed} nemesis {lane}")
    while True:
        for kind in dice.sample(of_lane, k=len(of_lane)):
            seconds = dice.uniform(kind.shortest, kind.longest)
            yield kind, Random(dice.getrandbits(64)), seconds


class Nemesis:
    """Breaks things of a stage, in lanes side by side, until it is told to stop."""

    def __init__(
        self,
        seed: int,
        stage: Stage,
        history: History,
        say: Callable[[str], None],
        *,
        only: Sequence[str] = (),
    ) -> None:
        self._seed = seed
        self._stage = stage
        self._history = history
        self._say = say
        self.kinds = [kind for kind in kinds(kafka=stage.kafka) if not only or kind.name in only]
        self.faults: list[Fault] = []

    async def run(self, until: float) -> None:
        """Strike until `until` (of the history's time), then heal everything."""
        lanes = dict.fromkeys(kind.lane for kind in self.kinds)
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in lanes:
                    tasks.create_task(self._follow(lane, until))
        finally:
            await self._stage.network.heal()

    def never_struck(self) -> list[str]:
        """The kinds of which not one fault struck."""
        struck = {fault.kind for fault in self.faults if fault.seen}
        return [kind.name for kind in self.kinds if kind.name not in struck]

    async def _follow(self, lane: str, until: float) -> None:
        of_lane = [kind for kind in self.kinds if kind.lane == lane]
        for kind, dice, seconds in deck(self._seed, lane, of_lane):
            await asyncio.sleep(dice.uniform(*_CALM))
            if self._history.now() >= until:
                return
            await self._strike(kind, dice, seconds)

    async def _strike(self, kind: Kind, dice: Random, seconds: float) -> None:
        """Strike, a few times where what was aimed at had just been broken by another lane."""
        for _ in range(_TRIES):
            began = self._history.now()
            fault = Fault(kind=kind.name, began=began, ended=began)
            try:
                fault.seen = await kind.strike(self._stage, dice, seconds)
            except (Missed, ProxiesFailed) as missed:
                fault.missed = str(missed)
            except Exception as error:  # noqa: BLE001 - breaking goes wrong where all is broken
                # A kind that always goes wrong never strikes, and that fails the run.
                fault.missed = f"for {error!r}"
            fault.ended = self._history.now()
            self.faults.append(fault)
            self._say(f"{began:6.1f} s  {kind.name}: {fault.seen or f'missed: {fault.missed}'}")
            if fault.seen:
                return
            await asyncio.sleep(_AGAIN_SECONDS)
