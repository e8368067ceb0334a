"""An OpenID Connect provider of one's own: nanoidp, a process."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec

from gateway.testing.processes import wait_until_ready

CLIENT_ID, CLIENT_SECRET = "meridian", "only-the-two-of-us-know"
PAGE = "http://127.0.0.1:8000/sign-in"
"""Where it may send people back to: where a gateway has it unless told."""

_PASSWORD = "a password at the provider"  # noqa: S105 - of tests
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class IdentityProcess:
    """A provider at work; `log` has a line for each request that it got."""

    issuer: str
    log: Path

    def knows(self, username: str, *groups: str, **fields: Any) -> None:
        """From now on it has a user of this name in these groups."""
        users = f"{self.issuer}/api/runtime/users"
        httpx.delete(f"{users}/{username}", timeout=_PATIENCE)
        user = {"username": username, "password": _PASSWORD, "groups": groups}
        httpx.post(users, json=user | fields, timeout=_PATIENCE).raise_for_status()

    def rotate_keys(self) -> None:
        """From now on it signs with another key."""
        httpx.post(f"{self.issuer}/api/keys/rotate", timeout=_PATIENCE).raise_for_status()

    def fetched_keys(self) -> int:
        """How often somebody has asked for its keys."""
        return self.log.read_text().count('"GET /.well-known/jwks.json')

    async def sign_in(self, address: str, username: str) -> dict[str, str]:
        """Open `address` as a browser does and sign in; what the page is sent back with."""
        async with httpx.AsyncClient(timeout=_PATIENCE) as browser:
            form = await browser.get(address)
            hidden = re.search(r'name="transaction_id" value="([^"]+)"', form.text)
            assert hidden is not None, (form.headers, form.text)
            filled = {"username": username, "password": _PASSWORD}
            filled["transaction_id"] = html.unescape(hidden[1])
            answer = await browser.post(address, data=filled)
        assert answer.headers["location"].startswith(PAGE), answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@contextmanager
def providing_identities(port: int, folder: Path) -> Iterator[IdentityProcess]:
    """A provider on this port; RuntimeError when it does not start."""
    provider = IdentityProcess(f"http://127.0.0.1:{port}", folder / "provider.log")
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [PAGE]}
    settings = {
        "config_version": 1,
        "server": {"host": "127.0.0.1", "port": port},
        "oauth": {"issuer": provider.issuer, "audience": "nobody", "clients": [client]},
    }
    nobody = {"nobody": {"password": _PASSWORD}}
    # JSON is YAML, too.
    (folder / "settings.yaml").write_bytes(msgspec.json.encode(settings))
    (folder / "users.yaml").write_bytes(msgspec.json.encode({"config_version": 1, "users": nobody}))
    with provider.log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nanoidp", "--config", str(folder), "--profile", "oauth21"],
            cwd=folder,
            stdout=output,
            stderr=output,
        )
        try:
            wait_until_ready(f"{provider.issuer}/api/health", process, provider.log)
            yield provider
        finally:
            process.terminate()
            process.wait(20)
