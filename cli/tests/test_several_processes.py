"""Services in several processes, each with a role of its own."""

from pathlib import Path

import httpx

from cli.local.broker import BrokerKind
from cli.local.plan import Plan, ports_needed, processes_of
from cli.local.platform import LocalPlatform, Shape

FAKES = Path(__file__).parent / "fakes"


def test_a_service_is_one_process_that_does_all_unless_roles_are_named() -> None:
    processes = processes_of(("sales", "gateway"), {"sales": ("api", "worker", "worker")})
    assert [(p.name, p.service, p.role) for p in processes] == [
        ("sales.api", "sales", "api"),
        ("sales.worker", "sales", "worker"),
        ("sales.worker-2", "sales", "worker"),
        ("gateway", "gateway", "all"),
    ]


def test_a_service_is_found_at_the_process_that_answers_and_each_listens_on_its_own_port() -> None:
    plan = Plan(
        home=Path("/nowhere"),
        services=("sales",),
        ports={"sales.api": 1, "sales.worker": 2, "postgres": 3, "broker": 4},
        roles={"sales": ("api", "worker")},
        settings_of={"sales.worker": {"SALES_DATABASE_URL": "another"}},
    )
    assert plan.url("sales") == "http://127.0.0.1:1"
    api, worker = plan.processes
    assert plan.environment_of(api) == {"SALES_LISTEN": "127.0.0.1:1"}
    assert plan.environment_of(worker) == {
        "SALES_LISTEN": "127.0.0.1:2",
        "SALES_DATABASE_URL": "another",
    }
    assert Plan.from_json(plan.to_json()) == plan


def test_three_kafkas_keep_three_copies_and_each_is_seen_where_something_stands_between() -> None:
    names = ports_needed((), BrokerKind.KAFKA, 3)
    plan = Plan(
        home=Path("/nowhere"),
        services=(),
        ports={name: number for number, name in enumerate(names, start=1)},
        broker_kind=BrokerKind.KAFKA,
        broker_count=3,
        seen_at={"broker-2": 1000},
    )
    assert [broker.bootstrap.rpartition(":")[2] for broker in plan.brokers().values()] == [
        str(plan.ports["broker"]),
        "1000",
        str(plan.ports["broker-3"]),
    ]
    assert plan.environment()["MERIDIAN_REPLICATION_FACTOR"] == "3"
    assert plan.environment()["MERIDIAN_KAFKA"].count(",") == 2


def test_each_process_serves_its_role_and_is_started_again_by_itself(
    own_kind: BrokerKind, tmp_path: Path
) -> None:
    shape = Shape(roles={"kiosk": ("api", "worker", "worker")})
    with LocalPlatform(tmp_path / "home") as platform:
        addresses = platform.start(
            ["kiosk"],
            ports="any",
            attached=True,
            python_path=[FAKES],
            broker=own_kind,
            shape=shape,
        )
        platform.wait_ready()
        assert httpx.get(addresses.urls["kiosk"]).status_code == 200
        for name, role in (("kiosk.api", "api"), ("kiosk.worker-2", "worker")):
            assert f"serving serve --role {role}" in platform.home.log(name).read_text()
        platform.kill("kiosk.worker-2")
        restarts: dict[str, int] = {}
        while restarts.get("kiosk.worker-2") != 1:
            state = platform.state()
            assert state is not None
            restarts = {name: process.restarts for name, process in state.processes.items()}
        assert restarts["kiosk.api"] == restarts["kiosk.worker"] == 0
