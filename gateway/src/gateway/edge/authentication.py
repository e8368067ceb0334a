"""From an access token, an API key or a password to the signed identity that services trust.

Any is verified once and remembered by its hash until it expires; the signed
identity of its session is used again for half of its life. What the user may do
comes from the directory each time, which remembers it for seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from base64 import b64decode
from dataclasses import dataclass
from uuid import UUID

import msgspec

from chassis.database import Database
from chassis.identity import Identity, claims_of
from chassis.problems import Problem, Unauthenticated
from gateway.directory.api_keys import store as api_keys
from gateway.directory.api_keys.api_key import MARK, key_of, parts_of
from gateway.directory.fingerprints import fingerprint
from gateway.directory.keys.keyring import Keyring
from gateway.directory.sessions.session import (
    Session,
    SignIn,
    TokenExpired,
    Visitor,
    session_of,
)
from gateway.directory.sessions.use_cases import Reception
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

    def __init__(
        self, keyring: Keyring, standings: Standings, database: Database, reception: Reception
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._standings = standings
        self._reception = reception
        self._known: dict[bytes, Caller] = {}
        self._entering: dict[bytes, asyncio.Task[Session]] = {}
        # What is remembered of passwords is of no use to anybody else.
        self._own_secret = secrets.token_bytes(32)

    async def caller(self, headers: list[tuple[bytes, bytes]], address: str) -> Caller:
        """Whoever sends `headers`, with the `Meridian-Identity` that services get.

        Raises `TokenExpired`, or `Unauthenticated` for any other token or password that does
        not hold and for a user who is not active any more; `TooManyRequests` for who guesses.
        """
        try:
            given = _given(headers)
            if isinstance(given, SignIn):
                known, standing = await self._visiting(given, _visitor(headers, address))
            else:
                known = await self._known_by(given)
                standing = await self._standings.of(known.session)
        except Unauthenticated as problem:
            raise _challenging(problem, headers) from None
        if known.identity != standing or known.until <= time.monotonic():
            known.signed = await self._sign(standing)
            known.identity = standing
            known.until = time.monotonic() + _REUSED_SECONDS
        return known

    async def standing(self, session: Session) -> Identity:
        """What the holder of a session may do now; `Unauthenticated` once it is over."""
        if session.expires <= time.time():
            raise TokenExpired("sign in again")
        return await self._standings.of(session)

    async def _known_by(self, token: bytes) -> Caller:
        mark = hashlib.sha256(token).digest()
        known = self._known.get(mark)
        if known is None:
            known = self._remember(mark, await self._session(token.decode("latin-1")))
        elif known.session.expires <= time.time():
            self._known.pop(mark, None)
            raise TokenExpired("sign in again")
        return known

    async def _visiting(self, by: SignIn, visitor: Visitor) -> tuple[Caller, Identity]:
        """Who sends a login and a password with each request: signed in once an hour or so."""
        mark = hashlib.blake2b(msgspec.json.encode(by), key=self._own_secret).digest()
        known = self._known.get(mark)
        if known is not None and known.session.expires > time.time():
            try:
                return known, await self._standings.of(known.session)
            except Unauthenticated:
                # Ended, as by another password: it is proved anew.
                self._known.pop(mark, None)
        # Whoever comes while the password is looked at waits for the same answer.
        entering = self._entering.get(mark)
        if entering is None:
            entering = asyncio.create_task(self._reception.visit(by, visitor))
            self._entering[mark] = entering
            entering.add_done_callback(lambda _: self._entering.pop(mark, None))
        session = await asyncio.shield(entering)
        known = self._known.get(mark)
        if known is None or known.session != session:
            known = self._remember(mark, session)
        return known, await self._standings.of(session)

    def _remember(self, mark: bytes, session: Session) -> Caller:
        if len(self._known) >= self.REMEMBERED:
            del self._known[next(iter(self._known))]
        known = self._known[mark] = Caller(session)
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


def _given(headers: list[tuple[bytes, bytes]]) -> bytes | SignIn:
    """What a request proves itself by: an access token, an API key, or a login and a password."""
    given = [value for name, value in headers if name == b"authorization"]
    if not given:
        raise Unauthenticated("send an access token as `Authorization: Bearer ...`")
    scheme, _, token = given[0].partition(b" ")
    scheme = scheme.lower()
    if len(given) > 1 or scheme not in (b"bearer", b"basic") or len(token) > _LONGEST_TOKEN:
        raise Unauthenticated("one access token, as `Authorization: Bearer ...`")
    return token.strip() if scheme == b"bearer" else _pair(token.strip())


def _pair(pair: bytes) -> bytes | SignIn:
    """Of Basic it is the key that the two make, or who signs in as `tenant/login`."""
    try:
        user, _, password = b64decode(pair, validate=True).decode().partition(":")
        tenant, is_login, login = user.partition("/")
        if is_login:
            return msgspec.convert({"tenant": tenant, "login": login, "password": password}, SignIn)
        return key_of(UUID(user), password).encode()
    except ValueError:
        raise Unauthenticated(
            "as Basic send a key's id and its secret, or `tenant/login` and the password"
        ) from None


def _visitor(headers: list[tuple[bytes, bytes]], address: str) -> Visitor:
    client = next((value for name, value in headers if name == b"user-agent"), b"")
    return Visitor(address, client.decode("latin-1"))


def _challenging(problem: Problem, headers: list[tuple[bytes, bytes]]) -> Problem:
    """A 401 says how to do better (RFC 6750 and 7617)."""
    challenge = 'Bearer realm="meridian"'
    if not any(name == b"sec-fetch-mode" for name, _ in headers):
        # No page in a browser: that would open a window of its own. Some programs send a password
        # only when they are asked for it.
        challenge += ', Basic realm="meridian", charset="UTF-8"'
    problem.headers["WWW-Authenticate"] = challenge
    return problem
