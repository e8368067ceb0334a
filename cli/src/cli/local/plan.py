"""What a local platform is to consist of, and what each of its processes is told about it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from cli.local.broker import Broker
from cli.local.home import Home
from cli.local.ports import LOOPBACK
from cli.local.postgres import PostgresServer

SERVICES = ("contacts", "sales", "marketing", "analytics", "gateway")
POSTGRES = "postgres"
BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Plan:
    """The processes of one platform.

    `ports` holds the port of every service, of `postgres` and of `broker`. `python_path` are
    folders to import services from that are not installed. The platform ends with
    the process `attached_to`.
    """

    home: Path
    services: tuple[str, ...]
    ports: Mapping[str, int]
    python_path: tuple[str, ...] = ()
    attached_to: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

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

    def broker(self) -> Broker:
        """Describe the broker of this platform."""
        return Broker(self.ports[BROKER], self.folder.log(BROKER))

    def environment(self) -> dict[str, str]:
        """Return the variables that tell the services where everything is.

        Explicit `settings` go over what is derived.
        """
        postgres, broker = self.postgres(), self.broker()
        told = {
            "MERIDIAN_DEPLOYMENT": "local",
            "MERIDIAN_HOME": str(self.home),
            "MERIDIAN_KAFKA": broker.bootstrap,
            # A killed process of a developer's machine should be missed soon.
            "MERIDIAN_KAFKA_SESSION_TIMEOUT_MS": "3000",
            "MERIDIAN_RELAY_LEASE_SECONDS": "2",
            "MERIDIAN_GENERATION_CHECK_SECONDS": "0.5",
        }
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
