"""From an access token or an API key to the signed identity that services trust.

Either is verified once and remembered by its hash until it expires; the signed
identity of its session is used again for half of its life. What the user may do
comes from the directory each time, which remembers it for seconds.
"""

from __future__ import annotations

import hashlib
import time
from base64 import b64decode
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Database
from chassis.identity import Identity, claims_of
from chassis.problems import Problem, Unauthenticated
from gateway.directory.api_keys import store as api_keys
from gateway.directory.api_keys.api_key import MARK, key_of, parts_of
from gateway.directory.fingerprints import fingerprint
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

    @property
    def quotas(self) -> tuple[int, int, int]:
        """What limits count by: tenant, user and access token."""
        session = self.session
        # Numbers, because what an UUID answers to a dictionary is Python.
        return session.tenant.int, session.user.int, session.id.int


class Authentication:
    """Knows the sessions whose tokens this process has seen."""

    REMEMBERED = 10_000

    def __init__(self, keyring: Keyring, standings: Standings, database: Database) -> None:
        self._database = database
        self._keyring = keyring
        self._standings = standings
        self._known: dict[bytes, Caller] = {}

    def at_hand(self, headers: list[tuple[bytes, bytes]]) -> Caller | None:
        """As `caller`, where nobody has to be asked and nothing to be signed; else None."""
        try:
            token = _token(headers)
        except Unauthenticated:
            return None
        known = self._known.get(hashlib.sha256(token).digest())
        if known is None or known.session.expires <= time.time():
            return None
        standing = self._standings.at_hand(known.session)
        is_good = known.identity is standing and known.until > time.monotonic()
        return known if is_good else None

    async def caller(self, headers: list[tuple[bytes, bytes]]) -> Caller:
        """Whoever sends `headers`, with the `Meridian-Identity` that services get.

        Raises `TokenExpired`, or `Unauthenticated` for any other token that does
        not hold and for a user who is not active any more.
        """
        try:
            known = await self._known_by(_token(headers))
            standing = await self._standings.of(known.session)
        except Unauthenticated as problem:
            raise _challenging(problem) from None
        if known.identity != standing or known.until <= time.monotonic():
            known.signed = await self._sign(standing)
            known.until = time.monotonic() + _REUSED_SECONDS
        known.identity = standing
        return known

    async def _known_by(self, token: bytes) -> Caller:
        mark = hashlib.sha256(token).digest()
        known = self._known.get(mark)
        if known is None:
            known = Caller(await self._session(token.decode("latin-1")))
            if len(self._known) >= self.REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[mark] = known
        elif known.session.expires <= time.time():
            self._known.pop(mark, None)
            raise TokenExpired("sign in again")
        return known

    async def _session(self, token: str) -> Session:
        if not token.startswith(MARK):
            return session_of(token, await self._keyring.published())
        id, secret = parts_of(token)
        session = await api_keys.session_of(self._database, id, fingerprint(secret))
        if session is None:
            raise Unauthenticated("the API key does not hold")
        return session

    async def _sign(self, identity: Identity) -> bytes:
        key = await self._keyring.key()
        return key.sign(claims_of(identity, LIFETIME_SECONDS)).encode()


def _token(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The access token or API key of a request; of Basic it is the key that the two make."""
    given = [value for name, value in headers if name == b"authorization"]
    if not given:
        raise Unauthenticated("send an access token as `Authorization: Bearer ...`")
    scheme, _, token = given[0].partition(b" ")
    scheme = scheme.lower()
    if len(given) > 1 or scheme not in (b"bearer", b"basic") or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated("one access token, as `Authorization: Bearer ...`")
    return token.strip() if scheme == b"bearer" else _key(token.strip())


def _key(pair: bytes) -> bytes:
    try:
        id, _, secret = b64decode(pair, validate=True).decode("ascii").partition(":")
        return key_of(UUID(id), secret).encode()
    except ValueError:
        raise Unauthenticated("as Basic send a key's id and its secret") from None


def _challenging(problem: Problem) -> Problem:
    """A 401 says how to do better (RFC 6750)."""
    problem.headers["WWW-Authenticate"] = 'Bearer realm="meridian"'
    return problem
