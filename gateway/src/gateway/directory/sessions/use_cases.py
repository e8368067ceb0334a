"""What one can do with sessions, a function per verb."""

from __future__ import annotations

from chassis.database import Database
from chassis.transactions import now, uuid7
from gateway.directory.keys.keyring import Keyring
from gateway.directory.passwords.hashing import Hashing
from gateway.directory.sessions import session as rules
from gateway.directory.sessions.session import Session, SignedIn, SignIn, WrongCredentials
from gateway.directory.sessions.store import account
from gateway.directory.sessions.throttle import Throttle
from gateway.directory.users.user import folded


class Reception:
    """Lets people in who prove who they are."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        hashing: Hashing,
        throttle: Throttle,
        token_lifetime_seconds: int,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._hashing = hashing
        self._throttle = throttle
        self._lifetime = token_lifetime_seconds

    async def sign_in(self, by: SignIn) -> SignedIn:
        """A new session.

        Raises `WrongCredentials`, after the same time and in the same words for a
        tenant, login or password that is not right.
        """
        login = folded(by.login)
        self._throttle.attempt((by.tenant, login))
        found = await account(self._database, by.tenant, login)
        kept = found[2] if found is not None else None
        if not await self._hashing.verify(kept, by.password) or found is None:
            raise WrongCredentials("the tenant, the login or the password is not right")
        self._throttle.succeeded((by.tenant, login))
        tenant, user, _ = found
        expires = int(now().timestamp()) + self._lifetime
        session = Session(uuid7(), tenant, user.id, expires)
        key = await self._keyring.key()
        return SignedIn(
            access_token=key.sign(rules.claims_of(session)),
            expires_in=self._lifetime,
            user=user,
        )
