"""Somebody on the way to an identity provider and back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.testing.offices import Office


@dataclass(frozen=True, slots=True)
class Traveller:
    """A browser that was sent to `address`; `cookie` is what it keeps meanwhile."""

    address: str
    cookie: str | None
    office: Office

    def state(self) -> str:
        return parse_qs(urlsplit(self.address).query)["state"][0]

    async def completed(self, answer: dict[str, str]) -> httpx.Response:
        """The gateway's answer to what the provider has sent the browser back with."""
        headers = {"Cookie": self.cookie} if self.cookie is not None else {}
        # Many at once wait for each other at a provider that is one small process.
        return await self.office.stranger.post(
            "/v1/sign-ins/complete", json=answer, headers=headers, timeout=240
        )


async def travelling(office: Office, provider: str) -> Traveller:
    """Whoever begins to sign in through this provider of the office."""
    asked = {"tenant": office.slug, "provider": provider}
    answer = await office.stranger.post("/v1/sign-ins", json=asked)
    assert answer.status_code == 201, answer.text
    cookie, _, rules = answer.headers["set-cookie"].partition("; ")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(rules.split("; ")), rules
    return Traveller(answer.json()["authorization_url"], cookie, office)
