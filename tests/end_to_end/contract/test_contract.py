"""Schemathesis asks every service and the gateway all that their documents allow and forbid.

It runs through examples, boundaries, random requests and chains of them along the
links of the documents; `schemathesis.toml` beside this says what it checks and
what is excepted. `--contract-examples N` has it ask longer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.identity import Identity, claims_of
from cli.local.broker import BrokerKind
from gateway.directory.keys.keyring import Keyring
from gateway.directory.keys.signing_key import Rotation
from tests.end_to_end.access.company import PASSWORD, Company, found, furnish
from tests.end_to_end.conftest import Platform, running

pytestmark = [pytest.mark.contract, pytest.mark.timeout(0)]

ROOT = Path(__file__).resolve().parents[3]
CONFIG = Path(__file__).with_name("schemathesis.toml")
LIFETIME_SECONDS = 10 * 3_600

# The limits have tests of their own; here everything is to be answered.
WITHOUT_LIMITS = dict.fromkeys(
    (
        *("GATEWAY_TENANT_REQUESTS", "GATEWAY_USER_REQUESTS", "GATEWAY_KEY_REQUESTS"),
        *("GATEWAY_ADDRESS_REQUESTS", "GATEWAY_SIGN_IN_FAILURES"),
        *("GATEWAY_SIGN_IN_ADDRESS_FAILURES", "GATEWAY_RESET_REQUESTS"),
        *("MARKETING_SUBMISSIONS_PER_MINUTE", "MARKETING_SUBMISSIONS_BURST"),
    ),
    "1000000000",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A platform with a company on it, and what its administrator proves oneself by."""

    platform: Platform
    proofs: Mapping[str, str]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that counts no requests."""
    home = tmp_path_factory.mktemp("contract")
    yield from running(home, BrokerKind.TANSU, WITHOUT_LIMITS)


@pytest.fixture
async def subject(alone: Platform) -> Subject:
    async with AsyncExitStack() as clients:
        company = await found(alone, "acme", clients, {"north": ["agent"]})
        await furnish(company)
        identity = await signed(alone, company)
    return Subject(
        alone,
        {
            "CONTRACT_IDENTITY": identity,
            "CONTRACT_TENANT": company.slug,
            "CONTRACT_LOGIN": company.administrator.login,
            "CONTRACT_PASSWORD": PASSWORD,
            "CONTRACT_BOOTSTRAP": alone.bootstrap_token,
        },
    )


async def signed(platform: Platform, company: Company) -> str:
    """The administrator's identity, signed with the gateway's own key, as services get it."""
    me = (await company.administrator.client.get("/v1/me")).json()
    department = UUID(me["department"]["id"])
    identity = Identity(
        tenant=UUID(company.tenant),
        user=UUID(me["user"]["id"]),
        actor=me["user"]["id"],
        department=department,
        department_path=(department,),
        permissions=me["permissions"],
    )
    database = Database(platform.database_url("gateway"), 2)
    await database.open()
    try:
        key = await Keyring(database, Rotation(600, 30 * 86_400, 180), 60).key()
    finally:
        await database.close()
    return key.sign(claims_of(identity, LIFETIME_SECONDS))


@pytest.mark.parametrize("owner", ["contacts", "sales", "marketing", "analytics", "gateway"])
def test_what_is_documented_holds_and_nothing_else_does(
    owner: str, subject: Subject, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    url = subject.platform.addresses.urls[owner]
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{url}/openapi.json", "--url", url, "--no-color", "--continue-on-failure"),
        *("--max-examples", str(pytestconfig.getoption("--contract-examples"))),
        *("--report", "ndjson", "--report-ndjson-path", str(tmp_path / "asked.ndjson")),
    ]
    asked = subprocess.run(
        command,
        cwd=ROOT,
        env={
            **os.environ,
            **subject.proofs,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.end_to_end.contract.checks",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    print(asked.stdout)
    assert asked.returncode == 0, asked.stderr
