"""One run: the platform is set up, used and broken for a while, comes to rest, and is judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import msgspec

from cli.local.readiness import NotReady
from cli.torture.checks.judgement import judged
from cli.torture.checks.violation import Violation
from cli.torture.evidence import behind, gathered
from cli.torture.history import History, Operation
from cli.torture.nemesis.fault import Fault
from cli.torture.nemesis.nemesis import Nemesis
from cli.torture.own_words import rebuilt, reconciled
from cli.torture.stage import READY_SECONDS, Planted, Stage, staged
from cli.torture.workload.workload import Workload

_LOOK_SECONDS = 1.0
_CALM_SECONDS = 15.0
"""Longer than twice a lease, after which a relay says once more what it has its doubts about."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to be; the seed decides everything that chance would.

    `folder` gets the history, the faults and all logs. `only` names the kinds of faults, all of
    them when it is empty; `patience` is how many seconds may pass, as all comes to rest, in which
    nothing arrives.
    """

    seed: int
    minutes: float
    kafka: bool
    folder: Path
    planted: Planted | None = None
    only: tuple[str, ...] = ()
    patience: float = 180.0

    @property
    def again(self) -> str:
        """The command that replays it."""
        kafka = " --kafka" if self.kafka else ""
        only = "".join(f" --only '{kind}'" for kind in self.only)
        return f"./meridian torture --seed {self.seed} --minutes {self.minutes:g}{kafka}{only}"


@dataclass(slots=True)
class Result:
    """What came of a run."""

    operations: list[Operation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    never_struck: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.violations and not self.never_struck


def torture(plan: Plan, say: Say) -> Result:
    """Carry out a run. Raises what keeps the platform from being set up."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    result = asyncio.run(_torture(plan, say))
    _write(plan, result)
    return result


async def _torture(plan: Plan, say: Say) -> Result:
    result, loop = Result(), asyncio.get_running_loop()
    began = loop.time()
    async with staged(plan.folder / "platform", kafka=plan.kafka, planted=plan.planted) as stage:
        result.seconds["set up"] = loop.time() - began
        history = History(plan.folder / "history.jsonl")
        workload = Workload(plan.seed, stage.gateways, stage.bootstrap_token, history)
        nemesis = Nemesis(plan.seed, stage, history, say, only=plan.only)
        await workload.begin()
        say(f"{len(stage.processes)} processes are at work, {len(stage.network.links)} links")
        until = history.now() + plan.minutes * 60
        began = loop.time()
        async with asyncio.TaskGroup() as tasks:
            breaking = tasks.create_task(nemesis.run(until))
            tasks.create_task(workload.run(breaking.done))
        result.seconds["torture"] = loop.time() - began
        history.close()
        result.operations, result.faults = history.operations, nemesis.faults
        result.never_struck = nemesis.never_struck()
        began = loop.time()
        unrest = await _at_rest(stage, plan.patience, say)
        result.violations += unrest
        result.seconds["come to rest"] = loop.time() - began
        began = loop.time()
        evidence = await gathered(stage.addresses.databases, stage.addresses.kafka)
        result.violations += judged(history.operations, evidence)
        if not unrest:  # else both would only wait for what does not come
            result.violations += await reconciled(stage.addresses.environment)
            result.violations += await rebuilt(stage.addresses.environment)
        result.seconds["judge"] = loop.time() - began
    return result


async def _at_rest(stage: Stage, patience: float, say: Say) -> list[Violation]:
    """Wait until all is ready, has arrived and stays so; what is lacking when no more arrives."""
    try:
        await asyncio.to_thread(stage.platform.wait_ready, READY_SECONDS)
    except NotReady as error:
        return [Violation("rest", str(error))]
    loop = asyncio.get_running_loop()
    said: list[str] = []
    since = loop.time()
    while True:
        try:
            lacking = await behind(stage.addresses.databases)
        except (asyncpg.PostgresError, OSError) as error:
            lacking = [f"a database does not answer: {error}"]
        lasted = loop.time() - since
        if lacking != said:
            if lacking:
                say(f"waiting: {', '.join(lacking)}")
            said, since = lacking, loop.time()
        elif lacking and lasted > patience:
            return [Violation("rest", what) for what in lacking]
        elif not lacking and lasted > _CALM_SECONDS:
            return []
        await asyncio.sleep(_LOOK_SECONDS)


def _write(plan: Plan, result: Result) -> None:
    """Write what struck and what was found beside the history."""
    for name, found in (("faults", result.faults), ("violations", result.violations)):
        lines = b"".join(msgspec.json.encode(item) + b"\n" for item in found)
        (plan.folder / f"{name}.jsonl").write_bytes(lines)
    (plan.folder / "replay").write_text(plan.again + "\n")
