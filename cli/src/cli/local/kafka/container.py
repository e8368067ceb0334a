"""Kafka in a container, for tests where Docker answers.

Needs testcontainers, which only the tests install.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from cli.local.kafka.program import version
from cli.local.kafka.server import SETTINGS
from cli.local.ports import LOOPBACK, any_ports

_START_TIMEOUT_S = 120


def docker_answers() -> bool:
    """Tell whether a Docker daemon can be asked for containers."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        asked = subprocess.run([docker, "version"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


@contextmanager
def kafka_container() -> Iterator[str]:
    """Run the project's version of Kafka for the length of the block; gives its `host:port`."""
    ports = any_ports(["broker", "controller"])
    address, controller = (f"{LOOPBACK}:{port}" for port in ports.values())
    # On this machine's own network: nothing listens beyond the loopback address.
    container = DockerContainer(f"apache/kafka:{version()}", network_mode="host")
    settings = {
        **SETTINGS,
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address}",
        "controller.quorum.voters": f"1@{controller}",
    }
    for name, value in settings.items():
        # As the image takes them from its environment.
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    waiting = LogMessageWaitStrategy("Kafka Server started")
    container.waiting_for(waiting.with_startup_timeout(_START_TIMEOUT_S))
    with container:
        yield address
