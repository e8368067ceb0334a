"""The gateway beside nginx and beside the usual way, in front of the same services.

    .venv/bin/python -m tests.load.gateway [--rounds 5] [--seconds 3] [--connections 32]

Needs nginx and wrk (`apt-get install nginx wrk`). Each has one worker. Ours verifies
tokens and has every safeguard on; nginx passes everything on. The rounds are
interleaved, because machines are noisy, and medians compared.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from uuid import uuid4

import httpx

from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from gateway.testing.offices import open_office
from gateway.testing.processes import Gateway, running

PATH = "/v1/deals"
UNLIMITED = str(10**9)
SETTINGS = {
    f"GATEWAY_{quota}_REQUESTS": UNLIMITED for quota in ("TENANT", "USER", "KEY", "ADDRESS")
}
DELAYS = {"contacts": 0.005, "sales": 0.010, "marketing": 0.005, "analytics": 0.0}
"""Seconds that the services of a composed answer take."""

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


@dataclass
class Comparison:
    """Two figures of each round, and the ratio of their medians that is wanted."""

    what: str
    unit: str
    target: float
    at_most: bool = False
    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    def line(self) -> str:
        ours, peer = statistics.median(self.ours), statistics.median(self.peer)
        ratio = ours / peer
        is_good = ratio <= self.target if self.at_most else ratio >= self.target
        wanted = f"{'≤' if self.at_most else '≥'} {self.target:g}"
        return (
            f"{self.what:50} {ours:9,.1f} {peer:9,.1f} {self.unit:3} {ratio:7.2f}"
            f" {wanted:>7}  {'ok' if is_good else 'short'}"
        )


def main() -> int:
    """Measure and print; the exit code is 1 where something that is needed is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    missing = [program for program in ("nginx", "wrk") if shutil.which(program) is None]
    if missing:
        print(f"missing: {', '.join(missing)}; on Debian and Ubuntu: apt-get install nginx wrk")
        return 1
    print(f"{os.cpu_count()} cores, {options.connections} connections, {options.rounds} rounds")
    print(f"{'what':50} {'ours':>9} {'peer':>9} {'':3} {'ratio':>7} {'target':>7}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-load-")))
        folder.chmod(0o755)
        database = PostgresServer(
            folder / "data", any_ports(["postgres"])["postgres"], folder / "postgres.log"
        )
        database.start()
        stack.callback(database.stop)
        measured = chain(
            _throughput("service", 0.85, 8, folder, database, options),
            _throughput("responder", 0.3, 8, folder, database, options),
            _composed(folder, database, options.rounds),
        )
        for comparison in measured:
            print(comparison.line(), flush=True)
    return 0


def _throughput(
    kind: str,
    of_nginx: float,
    of_usual: float,
    folder: Path,
    database: PostgresServer,
    options: argparse.Namespace,
) -> Iterator[Comparison]:
    """Requests a second through the three gateways to one upstream of this `kind`."""
    name = {"service": "a FastAPI service", "responder": "a bare responder"}[kind]
    nginx = Comparison(f"{name}, against nginx", "/s", of_nginx)
    usual = Comparison(f"{name}, against FastAPI and httpx", "/s", of_usual)
    ports = any_ports(["nginx", "usual", "upstream"])
    url = f"http://127.0.0.1:{ports['upstream']}"
    with ExitStack() as stack:
        stack.enter_context(_process(folder, kind, str(ports["upstream"]), port=ports["upstream"]))
        gateway = stack.enter_context(_gateway(folder, database, {"sales": ports["upstream"]}))
        keys = f"{gateway.url}/.well-known/jwks.json"
        stack.enter_context(
            _process(folder, "usual", str(ports["usual"]), url, keys, port=ports["usual"])
        )
        stack.enter_context(_nginx(folder, ports["nginx"], ports["upstream"]))
        token = asyncio.run(_token(gateway))

        def load(port: int) -> float:
            return _load(port, token, options.seconds, options.connections)

        for port in (gateway.port, ports["nginx"], ports["usual"]):
            _load(port, token, 1, options.connections)
        for _ in range(options.rounds):
            ours = load(gateway.port)
            for comparison, port in ((nginx, ports["nginx"]), (usual, ports["usual"])):
                comparison.ours.append(ours)
                comparison.peer.append(load(port))
    yield from (nginx, usual)


def _composed(folder: Path, database: PostgresServer, rounds: int) -> Iterator[Comparison]:
    """How long a composed answer takes, beside its slowest source asked directly."""
    yield asyncio.run(_composed_latency(folder, database, rounds))


async def _composed_latency(folder: Path, database: PostgresServer, rounds: int) -> Comparison:
    found = Comparison("a customer from all sides, against its slowest source", "ms", 1.3, True)
    ports = dict(any_ports([*DELAYS]))
    with ExitStack() as stack:
        for service, port in ports.items():
            arguments = ("responder", str(port), str(DELAYS[service]))
            stack.enter_context(_process(folder, *arguments, port=port))
        gateway = stack.enter_context(_gateway(folder, database, ports))
        token = await _token(gateway)
        slowest = max(DELAYS, key=lambda service: DELAYS[service])
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
            for _ in range(rounds):
                composed = f"{gateway.url}/v1/customers/{uuid4()}/360"
                found.ours.append(await _latency(client, composed))
                found.peer.append(
                    await _latency(client, f"http://127.0.0.1:{ports[slowest]}{PATH}")
                )
    return found


async def _latency(client: httpx.AsyncClient, url: str) -> float:
    """The median of a hundred requests, in ms."""
    taken = []
    for _ in range(100):
        began = time.perf_counter()
        answer = await client.get(url)
        taken.append((time.perf_counter() - began) * 1_000)
        answer.raise_for_status()
    return statistics.median(taken)


@contextmanager
def _gateway(
    folder: Path, database: PostgresServer, upstream_ports: dict[str, int]
) -> Iterator[Gateway]:
    name = f"gateway_{uuid4().hex}"
    database.create_database(name)
    with running(
        port=any_ports(["gateway"])["gateway"],
        upstream_ports=upstream_ports,
        database_url=database.database_url(name),
        log=folder / f"{name}.log",
        settings=SETTINGS,
    ) as gateway:
        yield gateway


async def _token(gateway: Gateway) -> str:
    async with AsyncExitStack() as clients:
        office = await open_office(gateway, "load", clients)
        return office.admin.headers["Authorization"].removeprefix("Bearer ")


@contextmanager
def _process(folder: Path, *arguments: str, port: int) -> Iterator[None]:
    """One of the peers, until the end."""
    command = [sys.executable, "-m", "tests.load.gateway_peers", *arguments]
    with _started(command, folder, lambda: _answers(port)):
        yield


@contextmanager
def _nginx(folder: Path, port: int, upstream: int) -> Iterator[None]:
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port, upstream=upstream))
    with _started(["nginx", "-c", str(settings)], folder, lambda: _answers(port)):
        yield


@contextmanager
def _started(command: Sequence[str], folder: Path, is_ready: Callable[[], bool]) -> Iterator[None]:
    with (folder / "peers.log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 90
            while not is_ready():
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"{command} did not start:\n{(folder / 'peers.log').read_text()}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}{PATH}")
    except httpx.TransportError:
        return False
    return True


def _load(port: int, token: str, seconds: int, connections: int) -> float:
    """Requests a second, as wrk counts them; ends the run where one is not answered well."""
    command = [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={seconds}s",
        "--timeout=20s",
        f"--header=Authorization: Bearer {token}",
        f"http://127.0.0.1:{port}{PATH}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if told is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"not every request was answered:\n{done.stdout}{done.stderr}")
    return float(told[1])


if __name__ == "__main__":
    sys.exit(main())
