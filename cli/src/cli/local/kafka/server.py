"""Kafka servers in KRaft mode, broker and controller in one, as their own scripts start them."""

import base64
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.local.broker import Broker, BrokerFailed
from cli.local.kafka import program
from cli.local.ports import LOOPBACK, any_ports
from cli.local.processes import clean_environment

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # Topics are declared in `events` and made by the services.
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Nobody else is about to join.
    "group.initial.rebalance.delay.ms": "0",
    # A broker that was killed is taken for alive so long, and may not come back before.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
    # Small, as the rest of the local platform.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "num.network.threads": "2",
    "num.io.threads": "4",
}


MOST_COPIES = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """The servers that belong together: each one's number and the port of its controller.

    `id` is what all of them are formatted with.
    """

    id: str
    controllers: Mapping[int, int]

    @property
    def copies(self) -> int:
        """How many servers keep each partition."""
        return min(len(self.controllers), MOST_COPIES)

    def settings(self) -> dict[str, str]:
        """What the size of the cluster decides; of three copies one may be lost."""
        copies, in_sync = str(self.copies), str(max(1, self.copies - 1))
        return {
            "default.replication.factor": copies,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_sync,
            "controller.quorum.voters": ",".join(
                f"{node}@{LOOPBACK}:{port}" for node, port in sorted(self.controllers.items())
            ),
        }


def new_cluster(controllers: Mapping[int, int], id: uuid.UUID | None = None) -> Cluster:
    """A cluster of these servers, with an id of its own unless one is given."""
    cluster = base64.urlsafe_b64encode((id or uuid.uuid4()).bytes).decode()[:22]
    return Cluster(cluster, controllers)


class Kafka(Broker):
    """A server whose data lie in `folder`: number `node` of its `cluster`.

    It keeps what it remembers, also when it is killed.
    """

    start_timeout = 60.0
    stop_timeout = 30.0
    is_durable = True
    # group.min.session.timeout.ms, as Kafka comes.
    shortest_session_ms = 6_000

    def __init__(
        self,
        port: int,
        log: Path,
        *,
        folder: Path,
        cluster: Cluster,
        node: int = 1,
        seen_at: int | None = None,
    ) -> None:
        """Describe the server. Nothing is started yet."""
        super().__init__(port, log, seen_at=seen_at)
        self._folder = folder
        self._cluster = cluster
        self._node = node

    @property
    def version(self) -> str:
        """Name and version of the program."""
        return f"kafka {program.version()}"

    @property
    def data(self) -> Path:
        """The log folders: what the broker remembers."""
        return self._folder / "data"

    def prepare(self) -> None:
        """Bring the program and format the data folder, on first use. Raises BrokerFailed."""
        warm_up(program.obtain())
        self._make_folder()

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self.data / "meta.properties").exists():
            self._format()
        self._configure(self.data)

    def forget(self) -> None:
        """Delete the data of a stopped server: it is then as lost as if its disk had gone."""
        shutil.rmtree(self.data, ignore_errors=True)

    def _command(self) -> Sequence[str]:
        return program.obtain().command("kafka.Kafka", self._configuration)

    def _environment(self) -> Mapping[str, str]:
        """Without libraries for other programs: Java counts on its own ways with the clock."""
        told = super()._environment()
        return {name: value for name, value in told.items() if name != "LD_PRELOAD"}

    @property
    def _configuration(self) -> Path:
        return self._folder / "server.properties"

    def _configure(self, data: Path) -> None:
        controller = f"{LOOPBACK}:{self._cluster.controllers[self._node]}"
        settings = {
            **SETTINGS,
            **self._cluster.settings(),
            "node.id": str(self._node),
            "log.dirs": str(data),
            "listeners": f"PLAINTEXT://{self.listener},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
        }
        lines = (f"{name}={value}\n" for name, value in settings.items())
        self._configuration.write_text("".join(lines))

    def _format(self) -> None:
        # Built beside and then moved: what was interrupted leaves nothing half-made.
        unfinished = self._folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self._configure(unfinished)
        tool = program.obtain().command("kafka.tools.StorageTool", "format")
        done = subprocess.run(
            # As one word: the id may begin with a dash.
            [*tool, f"--cluster-id={self._cluster.id}", f"--config={self._configuration}"],
            capture_output=True,
            text=True,
            env=clean_environment(),
            check=False,
        )
        if done.returncode != 0:
            raise BrokerFailed(f"Kafka cannot format its folder: {done.stdout}{done.stderr}")
        unfinished.rename(self.data)


class _FirstRun(Kafka):
    """A server that leaves the archive of its classes behind."""

    def __init__(self, folder: Path) -> None:
        ports = any_ports(["broker", "controller"])
        log = folder / "kafka.log"
        cluster = new_cluster({1: ports["controller"]})
        super().__init__(ports["broker"], log, folder=folder, cluster=cluster)
        self.archive = folder / "classes.jsa"

    def prepare(self) -> None:
        self._make_folder()

    def _command(self) -> Sequence[str]:
        kafka = program.obtain()
        return kafka.command("kafka.Kafka", self._configuration, archive_to=self.archive)


def warm_up(kafka: program.KafkaProgram) -> None:
    """Make the archive of loaded classes from one short run, where it is not there yet.

    Raises BrokerFailed when Kafka does not run here. A Java that writes no archive is no fault.
    """
    if kafka.archive.exists():
        return
    with program.locked(), tempfile.TemporaryDirectory(dir=kafka.folder) as folder:
        if kafka.archive.exists():  # by another, while we waited
            return
        first = _FirstRun(Path(folder))
        first.start()
        first.stop()
        first.archive.touch()
        first.archive.rename(kafka.archive)
