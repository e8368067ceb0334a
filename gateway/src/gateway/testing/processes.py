"""A gateway process of one's own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from chassis.service import Role

BOOTSTRAP_TOKEN = "let-me-create-tenants"  # noqa: S105 - of tests
_LONGEST_START_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway at work; `upstream_ports` are where it looks for each service."""

    url: str
    port: int
    upstream_ports: Mapping[str, int]
    database_url: str


@contextmanager
def running(
    *,
    port: int,
    upstream_ports: Mapping[str, int],
    database_url: str,
    log: Path,
    settings: Mapping[str, str],
    role: Role = "api",
) -> Iterator[Gateway]:
    """A gateway process on this database; RuntimeError when it does not start."""
    gateway = Gateway(f"http://127.0.0.1:{port}", port, upstream_ports, database_url)
    environment = {
        **os.environ,
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "GATEWAY_BOOTSTRAP_TOKEN": BOOTSTRAP_TOKEN,
        **{
            f"GATEWAY_{service.upper()}_URL": f"http://127.0.0.1:{upstream}"
            for service, upstream in upstream_ports.items()
        },
        **settings,
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--role", role, "--migrate"],
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            wait_until_ready(f"{gateway.url}/readyz", process, log)
            yield gateway
        finally:
            process.terminate()
            process.wait(20)


def wait_until_ready(probe: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when `probe` answers; RuntimeError when the process ends before, or takes too long."""
    until = time.monotonic() + _LONGEST_START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(probe).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"it did not start:\n{log.read_text()}")
