"""What a local platform is to consist of, and what each of its processes is told about it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from cli.local.broker import Broker, BrokerKind
from cli.local.home import Home
from cli.local.kafka.server import Kafka
from cli.local.ports import LOOPBACK
from cli.local.postgres import PostgresServer
from cli.local.tansu import Tansu

SERVICES = ("contacts", "sales", "marketing", "analytics", "gateway")
POSTGRES = "postgres"
BROKER = "broker"
CONTROLLER = "controller"
"""Not a process of its own: the second port of Kafka."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The processes of one platform.

    `ports` holds the port of every service and server (see `ports_needed`). `python_path` are
    folders to import services from that are not installed. The platform ends with
    the process `attached_to`.
    """

    home: Path
    services: tuple[str, ...]
    ports: Mapping[str, int]
    python_path: tuple[str, ...] = ()
    attached_to: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    broker_kind: BrokerKind = BrokerKind.TANSU

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
        )

    @property
    def folder(self) -> Home:
        """The places in the platform's folder."""
        return Home(self.home)

    def url(self, service: str) -> str:
        """Return where a service answers HTTP."""
        return f"http://{LOOPBACK}:{self.ports[service]}"

    def postgres(self) -> PostgresServer:
        """Describe the database server of this platform."""
        home = self.folder
        return PostgresServer(home.postgres_data, self.ports[POSTGRES], home.log(POSTGRES))

    def broker(self) -> Broker | None:
        """Describe the broker of this platform; None when it is given."""
        if self.broker_kind is BrokerKind.GIVEN:
            return None
        port, log = self.ports[BROKER], self.folder.log(BROKER)
        if self.broker_kind is BrokerKind.TANSU:
            return Tansu(port, log)
        controller = self.ports[CONTROLLER]
        return Kafka(port, log, folder=self.folder.kafka, controller_port=controller)

    def environment(self) -> dict[str, str]:
        """Return the variables that tell the services where everything is.

        Explicit `settings` go over what is derived.
        """
        postgres, broker = self.postgres(), self.broker()
        told = {
            "MERIDIAN_DEPLOYMENT": "local",
            "MERIDIAN_HOME": str(self.home),
            "MERIDIAN_RELAY_LEASE_SECONDS": "2",
            "MERIDIAN_GENERATION_CHECK_SECONDS": "0.5",
        }
        if broker is not None:
            told["MERIDIAN_KAFKA"] = broker.bootstrap
            told["MERIDIAN_KAFKA_SESSION_TIMEOUT_MS"] = str(broker.shortest_session_ms)
        if "gateway" in self.services:
            told["GATEWAY_BOOTSTRAP_TOKEN"] = self.folder.bootstrap_token()
            told["MERIDIAN_JWKS_URL"] = f"{self.url('gateway')}/.well-known/jwks.json"
        for service in self.services:
            prefix = service.upper()
            told[f"{prefix}_DATABASE_URL"] = postgres.database_url(service)
            told[f"{prefix}_LISTEN"] = f"{LOOPBACK}:{self.ports[service]}"
            if service != "gateway":
                told[f"GATEWAY_{prefix}_URL"] = self.url(service)
        return {**told, **self.settings}


def ports_needed(services: Iterable[str], broker: BrokerKind) -> list[str]:
    """Return what a platform of these services needs a port for."""
    of_broker = {
        BrokerKind.TANSU: [BROKER],
        BrokerKind.KAFKA: [BROKER, CONTROLLER],
        BrokerKind.GIVEN: [],
    }
    return [*services, POSTGRES, *of_broker[broker]]
