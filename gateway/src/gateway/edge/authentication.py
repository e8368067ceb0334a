"""From an access token to the signed identity that services trust.

A token is verified once and remembered by its hash until it expires; the signed
identity of its session is used again for half of its life. What the user may do
comes from the directory each time, which remembers it for seconds.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from chassis.identity import Identity, claims_of
from chassis.problems import Problem, Unauthenticated
from gateway.directory.keys.keyring import Keyring
from gateway.directory.sessions.session import Session, TokenExpired, session_of
from gateway.directory.standings import Standings

LIFETIME_SECONDS = 60
"""Of a signed identity; services refuse an older one."""

_REUSED_SECONDS = 30
_LONGEST_TOKEN = 4_096


@dataclass(slots=True)
class Caller:
    """Whoever holds a verified session; `signed` is the identity of it, in header form."""

    session: Session
    identity: Identity | None = None
    signed: bytes = b""
    until: float = 0.0


class Authentication:
    """Knows the sessions whose tokens this process has seen."""

    REMEMBERED = 10_000

    def __init__(self, keyring: Keyring, standings: Standings) -> None:
        self._keyring = keyring
        self._standings = standings
        self._known: dict[bytes, Caller] = {}

    async def caller(self, headers: list[tuple[bytes, bytes]]) -> Caller:
        """Whoever sends `headers`, with the `Meridian-Identity` that services get.

        Raises `TokenExpired`, or `Unauthenticated` for any other token that does
        not hold and for a user who is not active any more.
        """
        try:
            known = await self._known_by(_bearer_token(headers))
            standing = await self._standings.of(known.session)
        except Unauthenticated as problem:
            raise _challenging(problem) from None
        if known.identity != standing or known.until <= time.monotonic():
            known.signed = await self._sign(standing)
            known.identity = standing
            known.until = time.monotonic() + _REUSED_SECONDS
        return known

    async def _known_by(self, token: bytes) -> Caller:
        mark = hashlib.sha256(token).digest()
        known = self._known.get(mark)
        if known is None:
            keys = await self._keyring.published()
            known = Caller(session_of(token.decode("latin-1"), keys))
            if len(self._known) >= self.REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[mark] = known
        elif known.session.expires <= time.time():
            self._known.pop(mark, None)
            raise TokenExpired("sign in again")
        return known

    async def _sign(self, identity: Identity) -> bytes:
        key = await self._keyring.key()
        return key.sign(claims_of(identity, LIFETIME_SECONDS)).encode()


def _bearer_token(headers: list[tuple[bytes, bytes]]) -> bytes:
    given = [value for name, value in headers if name == b"authorization"]
    if not given:
        raise Unauthenticated("send an access token as `Authorization: Bearer ...`")
    scheme, _, token = given[0].partition(b" ")
    if len(given) > 1 or scheme.lower() != b"bearer" or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated("one access token, as `Authorization: Bearer ...`")
    return token.strip()


def _challenging(problem: Problem) -> Problem:
    """A 401 says how to do better (RFC 6750)."""
    problem.headers["WWW-Authenticate"] = 'Bearer realm="meridian"'
    return problem
