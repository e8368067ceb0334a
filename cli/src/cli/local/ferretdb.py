"""FerretDB: a server that speaks MongoDB's protocol and keeps its data in PostgreSQL.

For tests and local platforms without a MongoDB. It has no transactions and no
partial indexes, and some operators of MongoDB it lacks: what runs on it runs on
MongoDB. Every database is a schema of the one in PostgreSQL.
"""

from collections.abc import Sequence
from pathlib import Path

from cli.local.go_programs.program import FERRETDB, obtain
from cli.local.ports import LOOPBACK
from cli.local.server import Server


class FerretFailed(RuntimeError):
    """The server did not start."""


class FerretDB(Server):
    """One server on `port` of the loopback address, output in `log`.

    `database_url` is that of a database in PostgreSQL, for it alone. To start it for the first
    time on a checkout it is built, or GoProgramMissing raised.
    """

    title = "FerretDB"
    failure = FerretFailed
    start_timeout = 30.0
    stop_timeout = 5.0

    def __init__(self, port: int, database_url: str, log: Path) -> None:
        """Describe the server. Nothing is started yet."""
        super().__init__(port, log)
        self._database_url = database_url.replace("postgresql://", "postgres://", 1)

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"mongodb://{LOOPBACK}:{self.port}/{database}"

    def _command(self) -> Sequence[str]:
        return [
            str(obtain(FERRETDB)),
            f"-listen={LOOPBACK}:{self.port}",
            f"-postgresql-url={self._database_url}",
        ]
