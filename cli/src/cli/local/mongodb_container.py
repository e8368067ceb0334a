"""MongoDB in a container, for tests where Docker answers.

Needs testcontainers, which only the tests install.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from cli.local.ports import LOOPBACK, any_ports

IMAGE = "mongo:8.0"
_START_TIMEOUT_S = 120


@contextmanager
def mongodb_container() -> Iterator[str]:
    """Run MongoDB for the length of the block; gives its URL, still without a database's name.

    One server that is a replica set of its own, as only replica sets confirm majorities.
    """
    port = any_ports(["mongodb"])["mongodb"]
    container = DockerContainer(IMAGE, network_mode="host")
    container.with_command(f"--replSet meridian --bind_ip {LOOPBACK} --port {port}")
    waiting = LogMessageWaitStrategy("Waiting for connections")
    container.waiting_for(waiting.with_startup_timeout(_START_TIMEOUT_S))
    with container:
        member = f"{{_id: 'meridian', members: [{{_id: 0, host: '{LOOPBACK}:{port}'}}]}}"
        begin = f"rs.initiate({member}); while (!db.hello().isWritablePrimary) sleep(50)"
        code, output = container.exec(["mongosh", "--quiet", "--port", str(port), "--eval", begin])
        if code != 0:
            raise RuntimeError(f"MongoDB makes no replica set: {output.decode()}")
        yield f"mongodb://{LOOPBACK}:{port}/"
