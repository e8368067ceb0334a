"""A gateway that takes providers of this machine, and gives them and itself all the time it has."""

from collections.abc import Iterator

import pytest

from cli.local.ports import any_ports
from cli.local.postgres import PostgresServer
from gateway.testing.processes import Gateway, running

SETTINGS = {
    "GATEWAY_UPSTREAM_DEADLINE_SECONDS": "240",
    "GATEWAY_OIDC_LOOPBACK": "true",
    "GATEWAY_OIDC_SECONDS": "240",
    "GATEWAY_OIDC_PAUSE_SECONDS": "0",
}


@pytest.fixture(scope="session")
def gateway(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    postgres_server.create_database("gateway_providers")
    with running(
        port=any_ports(["gateway"])["gateway"],
        upstream_ports={},
        database_url=postgres_server.database_url("gateway_providers"),
        log=tmp_path_factory.mktemp("gateway") / "gateway.log",
        settings=SETTINGS,
    ) as gateway:
        yield gateway
