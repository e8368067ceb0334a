"""The seed decides what is asked for and what breaks; a run can be told from its files."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from random import Random
from uuid import uuid4

from cli.torture.history import Attempt, History, Operation, read_history
from cli.torture.nemesis.nemesis import deck, kinds
from cli.torture.workload.commands import OPERATIONS
from cli.torture.workload.world import Tenant, marker


def faults(seed: int, lane: str, count: int) -> list[tuple[str, float]]:
    of_lane = [kind for kind in kinds(kafka=True) if kind.lane == lane]
    return [(kind.name, seconds) for kind, _, seconds in islice(deck(seed, lane, of_lane), count)]


def test_a_seed_gives_the_same_faults_again_and_another_seed_others() -> None:
    for lane in {kind.lane for kind in kinds(kafka=True)}:
        assert faults(1, lane, 20) == faults(1, lane, 20)
        assert faults(1, lane, 20) != faults(2, lane, 20)


def test_every_kind_strikes_before_one_strikes_again() -> None:
    for lane in {kind.lane for kind in kinds(kafka=True)}:
        names = {kind.name for kind in kinds(kafka=True) if kind.lane == lane}
        assert {name for name, _ in faults(3, lane, len(names))} == names


def test_one_broker_alone_is_not_lost_on_purpose() -> None:
    assert "lose a broker" not in {kind.name for kind in kinds(kafka=False)}


def test_every_command_carries_its_marker_and_reads_carry_no_key() -> None:
    tenant = Tenant(id=uuid4(), slug="t", token="", root=uuid4())
    for kind in ("company", "person", "deal", "touch", "product", "channel", "campaign", "form"):
        tenant.note(kind, uuid4(), 1)
    dice = Random(5)
    for _, maker in OPERATIONS * 3:
        mark = marker(dice)
        operation = maker(tenant, dice, mark)
        if operation is not None:
            assert operation.marker == mark
            assert operation.is_command or operation.key is None


def test_a_refusal_settles_an_operation_only_where_nothing_else_is_unknown() -> None:
    def outcome(*outcomes: str) -> str:
        attempts = [Attempt(began=0, ended=1, said="", outcome=o) for o in outcomes]  # type: ignore[arg-type]
        return some_operation(attempts).outcome

    assert outcome("fail") == "fail"
    assert outcome("unknown", "fail") == "unknown"
    assert outcome("unknown", "ok") == "ok"


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    attempt = Attempt(began=0.5, ended=1.0, said="200", outcome="ok", written=("a/b@1",))
    for _ in range(3):
        history.add(some_operation([attempt]))
    history.close()
    assert list(read_history(tmp_path / "history.jsonl")) == history.operations
    assert [operation.number for operation in history.operations] == [0, 1, 2]


def some_operation(attempts: list[Attempt]) -> Operation:
    return Operation(
        client=1, kind="create deal", tenant=uuid4(), marker="m", method="POST", path="/v1/deals",
        attempts=attempts,
    )  # fmt: skip
