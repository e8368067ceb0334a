"""The platform as it is tortured: services in several processes, a proxy in every connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.local.broker import BrokerKind
from cli.local.plan import (
    BROKER,
    POSTGRES,
    SERVICES,
    Role,
    ServiceProcess,
    numbered,
    ports_needed,
    processes_of,
)
from cli.local.platform import Addresses, LocalPlatform, Shape
from cli.local.ports import LOOPBACK, any_ports
from cli.local.postgres import PostgresServer
from cli.torture.clocks import Clocks
from cli.torture.network import Network

ROLES: Mapping[str, tuple[Role, ...]] = {
    **{service: ("api", "worker", "worker") for service in SERVICES if service != "gateway"},
    "gateway": ("all", "all"),
}
SETTINGS = {
    # One form may be submitted all the time, one token last for the longest run.
    "MARKETING_SUBMISSIONS_PER_MINUTE": "1000000",
    "MARKETING_SUBMISSIONS_BURST": "1000000",
    "GATEWAY_ACCESS_TOKEN_MINUTES": "1440",
}
READY_SECONDS = 180.0
KAFKAS = 3


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug to be found: a module, in a folder, that patches and then runs a service's own main."""

    folder: Path
    module: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A running platform. `gateways` are where clients reach it, through proxies."""

    platform: LocalPlatform
    addresses: Addresses
    network: Network
    clocks: Clocks
    processes: tuple[ServiceProcess, ...]
    ports: Mapping[str, int]
    brokers: tuple[str, ...]
    gateways: tuple[str, ...]
    kafka: bool

    @property
    def bootstrap_token(self) -> str:
        """What allows to create tenants."""
        return self.addresses.environment["GATEWAY_BOOTSTRAP_TOKEN"]

    def named(self, *roles: Role, of: str | None = None) -> list[str]:
        """The names of processes in these roles, of one service or of all."""
        return [p.name for p in self.processes if p.role in roles and of in (None, p.service)]


@asynccontextmanager
async def staged(
    home: Path, *, kafka: bool, planted: Planted | None = None
) -> AsyncIterator[Stage]:
    """Set everything up in the folder `home`, and stop it at the end of the block."""
    processes = processes_of(SERVICES, ROLES)
    kind, count = (BrokerKind.KAFKA, KAFKAS) if kafka else (BrokerKind.TANSU, 1)
    brokers = tuple(numbered(BROKER, count))
    names = ports_needed([process.name for process in processes], kind, count)
    servers_of = _links(processes, brokers)
    ports = any_ports([*names, *servers_of])
    clocks = Clocks(home / "clocks")
    shape = Shape(
        roles=ROLES,
        programs=dict.fromkeys(SERVICES, planted.module) if planted is not None else {},
        settings_of={
            process.name: {
                **_told(process, ports, home),
                **clocks.settings_of(process.name),
            }
            for process in processes
        },
        broker_count=count,
        seen_at={name: ports[f"clients>{name}"] for name in brokers},
        ports={name: ports[name] for name in names},
    )
    async with Network(home / "toxiproxy.log") as network:
        for link, server in servers_of.items():
            await network.link(link, ports[link], ports[server])
        with LocalPlatform(home) as platform:
            addresses = platform.start(
                ports="any",
                attached=True,
                settings={**SETTINGS, **clocks.settings(), **_settings(ports)},
                python_path=[planted.folder] if planted is not None else [],
                broker=kind,
                shape=shape,
            )
            platform.wait_ready(READY_SECONDS)
            doors = [f"clients>{process.name}" for process in processes if process.role == "all"]
            yield Stage(
                platform=platform,
                addresses=addresses,
                network=network,
                clocks=clocks,
                processes=processes,
                ports=ports,
                brokers=brokers,
                gateways=tuple(f"http://{LOOPBACK}:{ports[door]}" for door in doors),
                kafka=kafka,
            )


def _links(processes: tuple[ServiceProcess, ...], brokers: tuple[str, ...]) -> dict[str, str]:
    """The server behind each link: databases by process, services by the gateways, and so on."""
    links = {f"clients>{broker}": broker for broker in brokers}
    links |= {f"{process.name}>{POSTGRES}": POSTGRES for process in processes}
    links |= {f"gateways>{p.name}": p.name for p in processes if p.role == "api"}
    links |= {f"clients>{p.name}": p.name for p in processes if p.role == "all"}
    links["services>gateway"] = "gateway"
    return links


def _told(process: ServiceProcess, ports: Mapping[str, int], home: Path) -> dict[str, str]:
    """What one process is told: the database is behind its own proxy."""
    seen = PostgresServer(home / POSTGRES, ports[f"{process.name}>{POSTGRES}"], home / "unused")
    return {f"{process.service.upper()}_DATABASE_URL": seen.database_url(process.service)}


def _settings(ports: Mapping[str, int]) -> dict[str, str]:
    """What all processes are told: the other services are behind proxies."""
    told = {
        f"GATEWAY_{link.removeprefix('gateways>').partition('.')[0].upper()}_URL": (
            f"http://{LOOPBACK}:{port}"
        )
        for link, port in ports.items()
        if link.startswith("gateways>")
    }
    jwks = f"http://{LOOPBACK}:{ports['services>gateway']}/.well-known/jwks.json"
    return {**told, "MERIDIAN_JWKS_URL": jwks}
