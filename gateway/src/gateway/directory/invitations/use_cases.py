"""What one can do with invitations, a function per verb."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from chassis.identity import Identity
from chassis.transactions import Cause, Transaction, Transactions
from events.directory import User
from gateway.directory.fingerprints import fingerprint
from gateway.directory.invitations import store
from gateway.directory.invitations.invitation import (
    Acceptance,
    InvitationNotValid,
    new_token,
)
from gateway.directory.passwords.hashing import Hashing
from gateway.directory.passwords.store import keep_password
from gateway.directory.sessions.store import end_all
from gateway.directory.tenants.store import take_turn
from gateway.directory.users import user as rules
from gateway.directory.users.store import users


async def issue_invitation(
    transaction: Transaction, user: UUID, lifetime: timedelta, *, by_mail: bool = False
) -> str:
    """A new invitation for `user`; an earlier one by the same way holds no longer."""
    rules.activated(await users.load(transaction, user))
    token, until = new_token(), transaction.moment + lifetime
    await store.keep(transaction, user, fingerprint(token), until, by_mail=by_mail)
    return token


async def accept_invitation(
    transactions: Transactions, hashing: Hashing, acceptance: Acceptance, cause: Cause
) -> tuple[User, str]:
    """Choose a password and become active; also answers what to read after.

    Whoever came in with an earlier password is out.

    Raises `InvitationNotValid` for one that was never issued, was used, replaced
    or has expired: the answer is the same.
    """
    hashed = fingerprint(acceptance.invitation)
    invited = await store.invited_by(transactions.database, hashed)
    if invited is None:
        raise InvitationNotValid("ask for a new one", field="invitation")
    password = await hashing.hash(acceptance.password)
    async with transactions.begin(_as_oneself(*invited), cause) as transaction:
        await take_turn(transaction)
        user = await users.load(transaction, invited[1])
        if not await store.use_up(transaction, hashed):
            raise InvitationNotValid("ask for a new one", field="invitation")
        await keep_password(transaction, user.id, password)
        await end_all(transaction.connection, transaction.tenant, user.id)
        active = await users.save(transaction, "activated", user, rules.activated(user))
    return active, transaction.read_after()


def _as_oneself(tenant: UUID, user: UUID) -> Identity:
    """Who holds the invitation acts as the invited user, on that user's record alone."""
    return Identity(
        tenant=tenant,
        user=user,
        actor=str(user),
        department=None,
        department_path=(),
        permissions={"users:write": "own"},
    )
