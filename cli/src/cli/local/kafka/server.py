"""One Kafka server in KRaft mode, broker and controller in one, as its own scripts start it."""

import base64
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.local.broker import Broker, BrokerFailed
from cli.local.kafka import program
from cli.local.ports import LOOPBACK, any_ports
from cli.local.processes import clean_environment

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # Topics are declared in `events` and made by the services.
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
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


class Kafka(Broker):
    """A server whose data lie in `folder`, its controller on `controller_port`.

    It keeps what it remembers, also when it is killed.
    """

    start_timeout = 60.0
    stop_timeout = 30.0
    is_durable = True
    # group.min.session.timeout.ms, as Kafka comes.
    shortest_session_ms = 6_000

    def __init__(self, port: int, log: Path, *, folder: Path, controller_port: int) -> None:
        """Describe the server. Nothing is started yet."""
        super().__init__(port, log)
        self._folder = folder
        self._controller = f"{LOOPBACK}:{controller_port}"

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

    @property
    def _configuration(self) -> Path:
        return self._folder / "server.properties"

    def _configure(self, data: Path) -> None:
        settings = {
            **SETTINGS,
            "log.dirs": str(data),
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{self._controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.bootstrap.servers": self._controller,
        }
        lines = (f"{name}={value}\n" for name, value in settings.items())
        self._configuration.write_text("".join(lines))

    def _format(self) -> None:
        # Built beside and then moved: what was interrupted leaves nothing half-made.
        unfinished = self._folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self._configure(unfinished)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]
        tool = program.obtain().command("kafka.tools.StorageTool", "format", "--standalone")
        done = subprocess.run(
            # As one word: the id may begin with a dash.
            [*tool, f"--cluster-id={cluster}", f"--config={self._configuration}"],
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
        super().__init__(ports["broker"], log, folder=folder, controller_port=ports["controller"])
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
