"""What one can do with sessions, a function per verb."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database
from chassis.problems import NotFound
from chassis.transactions import Transaction, now, uuid7
from events.directory import User
from gateway.directory.fingerprints import fingerprint
from gateway.directory.keys.keyring import Keyring
from gateway.directory.passwords.hashing import Hashing
from gateway.directory.sessions import session as rules
from gateway.directory.sessions import store
from gateway.directory.sessions.session import (
    EndedSessions,
    KnownSession,
    OpenSessions,
    RefreshTokenNotValid,
    Session,
    SignedIn,
    SignIn,
    Visitor,
    WrongCredentials,
    WrongPassword,
)
from gateway.directory.sessions.throttle import Throttles
from gateway.directory.totp.use_cases import require_code
from gateway.directory.users.store import users
from gateway.directory.users.user import folded

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long an access token holds, and a session that is prolonged."""

    token_seconds: int
    session: timedelta


class Reception:
    """Lets people in who prove who they are."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        hashing: Hashing,
        throttles: Throttles,
        lifetimes: Lifetimes,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._hashing = hashing
        self._throttles = throttles
        self._lifetimes = lifetimes

    async def sign_in(self, by: SignIn, visitor: Visitor) -> SignedIn:
        """A new session.

        Raises `WrongCredentials`, after the same time and in the same words for a
        tenant, login or password that is not right; `CodeNeeded` and `WrongCode`
        only to who knows the password.
        """
        login = folded(by.login)
        tried: tuple[str, ...] = (by.tenant, login)
        if await store.is_familiar(self._database, by.tenant, login, visitor.address):
            tried = (*tried, visitor.address)
        self._throttles.attempt(tried, visitor.address)
        found = await store.account(self._database, by.tenant, login)
        kept = found[2] if found is not None else None
        if not await self._hashing.verify(kept, by.password) or found is None:
            raise WrongCredentials("the tenant, the login or the password is not right")
        tenant, user, _ = found
        await require_code(self._database, tenant, user.id, by.code)
        self._throttles.succeeded(tried, visitor.address)
        return await self.admit(tenant, user, visitor)

    async def admit(self, tenant: UUID, user: User, visitor: Visitor) -> SignedIn:
        """A new session of an active user who has proved to be the one."""
        at = now()
        until, token = at + self._lifetimes.session, rules.new_refresh_token()
        session = self._session(uuid7(), tenant, user, at, until)
        async with self._database.pool.acquire() as connection, connection.transaction():
            await store.begin(connection, session, visitor, at, until)
            await store.keep_refresh_token(connection, session, fingerprint(token))
        return await self._signed_in(session, user, at, until, token)

    async def require_password(
        self, tenant: UUID, user: UUID, password: str, visitor: Visitor
    ) -> User:
        """The user, who proves once more to be there; raises `WrongPassword`."""
        tried = (tenant, user, visitor.address)
        self._throttles.attempt(tried, visitor.address)
        found = await store.account_of(self._database, tenant, user)
        kept = found[1] if found is not None else None
        if not await self._hashing.verify(kept, password) or found is None:
            raise WrongPassword("it is the one that you sign in with", field="password")
        self._throttles.succeeded(tried, visitor.address)
        return found[0]

    async def refresh(self, given: str) -> SignedIn:
        """A session prolonged, with new tokens in place of the `given` one.

        Raises `RefreshTokenNotValid` for a token of nobody, of a session that is
        over, and for one that was used before, which ends its session.
        """
        hashed, token, at = fingerprint(given), rules.new_refresh_token(), now()
        async with self._database.pool.acquire() as connection, connection.transaction():
            found = await store.refreshed_by(connection, hashed)
            if found is not None:
                known, tenant, user, is_used = found
                session = self._session(known.id, tenant, user, at, known.expires)
                if is_used:
                    await store.end(connection, tenant, user.id, session.id)
                else:
                    await store.use_up(connection, tenant, session.id, hashed, at)
                    await store.keep_refresh_token(connection, session, fingerprint(token))
        # Not inside: what was ended must stay so.
        if found is None or is_used:
            if found is not None:
                log.warning("a refresh token was used twice", extra={"session": session.id})
            raise RefreshTokenNotValid("sign in again")
        return await self._signed_in(session, user, at, known.expires, token)

    def _session(
        self, id: UUID, tenant: UUID, user: User, at: datetime, until: datetime
    ) -> Session:
        """The session as its next access token tells it, which holds no longer than itself."""
        token_until = at.timestamp() + self._lifetimes.token_seconds
        return Session(id, tenant, user.id, int(min(token_until, until.timestamp())))

    async def _signed_in(
        self, session: Session, user: User, at: datetime, until: datetime, token: str
    ) -> SignedIn:
        key = await self._keyring.key()
        return SignedIn(
            access_token=key.sign(rules.claims_of(session)),
            expires_in=session.expires - int(at.timestamp()),
            refresh_token=token,
            session=session.id,
            session_expires=until,
            user=user,
        )


async def end_session(transaction: Transaction, user: UUID, id: UUID) -> KnownSession:
    """End one session of a user, at every gateway within seconds."""
    ended = await store.end(transaction.connection, transaction.tenant, user, id)
    if ended is None:
        raise NotFound("there is no such session")
    return ended


async def end_sessions(transaction: Transaction, user: UUID) -> EndedSessions:
    """End all sessions of a user; needs the permission to change that user."""
    await users.load(transaction, user)
    return EndedSessions(
        ended=await store.end_all(transaction.connection, transaction.tenant, user)
    )


async def sessions_of(transaction: Transaction, user: UUID) -> OpenSessions:
    """The open sessions of a user; needs the permission to change that user."""
    await users.load(transaction, user)
    return await own_sessions(transaction, user)


async def own_sessions(transaction: Transaction, user: UUID) -> OpenSessions:
    """The open sessions of who asks."""
    found = await store.open_sessions(transaction.connection, transaction.tenant, user)
    return OpenSessions(items=found)
