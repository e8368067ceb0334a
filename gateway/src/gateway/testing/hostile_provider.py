"""An OpenID Connect provider that says whatever it is told to, true or not."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import jwt
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from gateway.testing.identity_provider import CLIENT_ID

DISCOVERY = "/.well-known/openid-configuration"


class HostileProvider:
    """Signs with `key`, which it publishes as `kid`; what is in `answers` it answers instead.

    `claims` are those of its tokens; of None there are none. `asked` counts requests by path,
    and `proofs` are the Authorization and the form of each question for tokens.
    """

    def __init__(self, port: int) -> None:
        # Ports come again, and what an issuer published is remembered.
        self.place = f"/{uuid4().hex}"
        self.issuer = f"http://127.0.0.1:{port}{self.place}"
        self.key = rsa.generate_private_key(65537, 2048)
        self.kid = "first"
        self.nonce = ""
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.answers: dict[str, web.Response] = {}
        self.holds_back: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.proofs: list[tuple[str | None, dict[str, Any]]] = []
        self.metadata: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def returned(self, address: str) -> dict[str, str]:
        """What it sends the browser back with that has opened `address`."""
        asked = parse_qs(urlsplit(address).query)
        self.nonce = asked["nonce"][0]
        return {"state": asked["state"][0], "code": "any"}

    def token_claims(self) -> dict[str, Any]:
        now = int(time.time())
        true = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "somebody", "nonce": self.nonce,
            "iat": now, "exp": now + 60, "email": "eve@example.org", "email_verified": True,
        }  # fmt: skip
        return {name: said for name, said in (true | self.claims).items() if said is not None}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, "RS256", {"kid": self.kid})

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def keys(self) -> list[dict[str, Any]]:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return [public | {"kid": self.kid, "use": "sig"}]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(self.place)
        self.asked[path] += 1
        if path in self.holds_back:
            await asyncio.Event().wait()
        if path in self.answers:
            return _again(self.answers[path])
        if path == DISCOVERY:
            return web.json_response(self.metadata)
        if path == "/keys":
            return web.json_response({"keys": self.keys()})
        self.proofs.append((request.headers.get("Authorization"), dict(await request.post())))
        token = self.sign(self.token_claims())
        answer = {"id_token": token, "access_token": "any", "token_type": "Bearer"}
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


def _again(answer: web.Response) -> web.Response:
    """A response is good for one request."""
    return web.Response(body=answer.body, status=answer.status, headers=answer.headers)


@asynccontextmanager
async def serving_hostility(port: int) -> AsyncIterator[HostileProvider]:
    """A hostile provider on this port."""
    provider = HostileProvider(port)
    server = web.Server(provider.answer)  # type: ignore[arg-type]
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield provider
    finally:
        await runner.cleanup()
