"""What a local platform is to consist of, and what each of its processes is told about it."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Self

from cli.local.broker import Broker, BrokerKind
from cli.local.home import Home
from cli.local.kafka.server import MOST_COPIES, Kafka, new_cluster
from cli.local.ports import LOOPBACK
from cli.local.postgres import PostgresServer
from cli.local.tansu import Tansu

SERVICES = ("contacts", "sales", "marketing", "analytics", "gateway")
POSTGRES = "postgres"
BROKER = "broker"
CONTROLLER = "controller"
"""Not a process of its own: the second port of a Kafka server."""

Role = Literal["all", "api", "worker"]


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """One of the processes of a service: `name` is `sales`, `sales.worker`, `sales.worker-2`."""

    name: str
    service: str
    role: Role


@dataclass(frozen=True, slots=True)
class Plan:
    """The processes of one platform.

    `ports` holds the port of every process (see `ports_needed`). `python_path` are folders to
    import services from that are not installed. The platform ends with the process `attached_to`.
    `roles` names the processes of services that are to be several; `programs` the modules that
    run instead of a service's own `__main__`. `settings_of` are for one process alone.
    Of Kafka there are `broker_count` servers. `seen_at` holds the port by which clients find a
    broker, where that is not its own.
    """

    home: Path
    services: tuple[str, ...]
    ports: Mapping[str, int]
    python_path: tuple[str, ...] = ()
    attached_to: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    broker_kind: BrokerKind = BrokerKind.TANSU
    roles: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    settings_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    broker_count: int = 1
    seen_at: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the plan as text, for the supervisor's command line."""
        return json.dumps({**asdict(self), "home": str(self.home)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        plan = json.loads(text)
        return cls(
            home=Path(plan["home"]),
            services=tuple(plan["services"]),
            ports=plan["ports"],
            python_path=tuple(plan["python_path"]),
            attached_to=plan["attached_to"],
            settings=plan["settings"],
            broker_kind=BrokerKind(plan["broker_kind"]),
            roles={service: tuple(roles) for service, roles in plan["roles"].items()},
            programs=plan["programs"],
            settings_of=plan["settings_of"],
            broker_count=plan["broker_count"],
            seen_at=plan["seen_at"],
        )

    @property
    def folder(self) -> Home:
        """The places in the platform's folder."""
        return Home(self.home)

    @property
    def processes(self) -> tuple[ServiceProcess, ...]:
        """The processes of all services, in the order in which they start."""
        return processes_of(self.services, self.roles)

    def url(self, service: str) -> str:
        """Return where a service answers HTTP; the first of several that do."""
        process = next(p for p in self.processes if p.service == service and p.role != "worker")
        return f"http://{LOOPBACK}:{self.ports[process.name]}"

    def postgres(self) -> PostgresServer:
        """Describe the database server of this platform."""
        home = self.folder
        return PostgresServer(home.postgres_data, self.ports[POSTGRES], home.log(POSTGRES))

    def brokers(self) -> dict[str, Broker]:
        """Describe the brokers of this platform, by process; none when the broker is given."""
        names = numbered(BROKER, self.broker_count)
        if self.broker_kind is BrokerKind.GIVEN:
            return {}
        if self.broker_kind is BrokerKind.TANSU:
            (name,) = names
            return {name: Tansu(self.ports[name], self.folder.log(name), seen_at=self._seen(name))}
        controllers = enumerate(numbered(CONTROLLER, self.broker_count), start=1)
        cluster = new_cluster(
            {node: self.ports[name] for node, name in controllers},
            # Formatted one by one, they must be told the same.
            uuid.uuid5(uuid.NAMESPACE_URL, self.folder.kafka.as_uri()),
        )
        return {
            name: Kafka(
                self.ports[name],
                self.folder.log(name),
                folder=self.folder.kafka / str(node),
                cluster=cluster,
                node=node,
                seen_at=self._seen(name),
            )
            for node, name in enumerate(names, start=1)
        }

    def _seen(self, name: str) -> int | None:
        return self.seen_at.get(name)

    def environment(self) -> dict[str, str]:
        """Return the variables that tell the services where everything is.

        Explicit `settings` go over what is derived.
        """
        postgres, brokers = self.postgres(), list(self.brokers().values())
        told = {
            "MERIDIAN_DEPLOYMENT": "local",
            "MERIDIAN_HOME": str(self.home),
            "MERIDIAN_RELAY_LEASE_SECONDS": "2",
            "MERIDIAN_GENERATION_CHECK_SECONDS": "0.5",
        }
        if brokers:
            told["MERIDIAN_KAFKA"] = ",".join(broker.bootstrap for broker in brokers)
            told["MERIDIAN_KAFKA_SESSION_TIMEOUT_MS"] = str(brokers[0].shortest_session_ms)
            told["MERIDIAN_REPLICATION_FACTOR"] = str(min(len(brokers), MOST_COPIES))
        if "gateway" in self.services:
            told["GATEWAY_BOOTSTRAP_TOKEN"] = self.folder.bootstrap_token()
            # People may come in from an identity provider that runs on this machine, too.
            told["GATEWAY_OIDC_LOOPBACK"] = "true"
            told["MERIDIAN_JWKS_URL"] = f"{self.url('gateway')}/.well-known/jwks.json"
        for service in self.services:
            prefix = service.upper()
            told[f"{prefix}_DATABASE_URL"] = postgres.database_url(service)
            if service != "gateway":
                told[f"GATEWAY_{prefix}_URL"] = self.url(service)
        return {**told, **self.settings}

    def environment_of(self, process: ServiceProcess) -> dict[str, str]:
        """Return what one process is told beyond `environment`, or instead of it."""
        listen = f"{LOOPBACK}:{self.ports[process.name]}"
        own = self.settings_of.get(process.name, {})
        return {f"{process.service.upper()}_LISTEN": listen, **own}


def processes_of(
    services: Iterable[str], roles: Mapping[str, tuple[Role, ...]]
) -> tuple[ServiceProcess, ...]:
    """Return the processes of `services`: one that does all, where `roles` names no others."""
    processes: list[ServiceProcess] = []
    for service in services:
        for role, count in Counter(roles.get(service, ("all",))).items():
            base = service if role == "all" else f"{service}.{role}"
            processes += [ServiceProcess(name, service, role) for name in numbered(base, count)]
    return tuple(processes)


def numbered(name: str, count: int) -> list[str]:
    """Return names for `count` of the same: `broker`, `broker-2`, ..."""
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]


def ports_needed(processes: Iterable[str], broker: BrokerKind, broker_count: int = 1) -> list[str]:
    """Return what a platform of these processes of services needs a port for."""
    brokers = numbered(BROKER, broker_count)
    of_broker = {
        BrokerKind.TANSU: brokers,
        BrokerKind.KAFKA: [*brokers, *numbered(CONTROLLER, broker_count)],
        BrokerKind.GIVEN: [],
    }
    return [*processes, POSTGRES, *of_broker[broker]]
