"""What one can do with a second factor, a function per verb."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Database
from chassis.transactions import Transaction, now
from events.directory import User
from gateway.directory.totp import store
from gateway.directory.totp import totp as rules
from gateway.directory.totp.totp import (
    AlreadyEnrolled,
    CodeNeeded,
    CodeNotValid,
    Enrolled,
    NotEnrolled,
    RecoveryCodes,
    TotpReset,
    WrongCode,
)
from gateway.directory.users.store import users


async def enrol(transaction: Transaction, user: User) -> Enrolled:
    """A new secret for the user's app; nothing changes until a code confirms it."""
    made = rules.enrolled(user.login)
    kept = await store.keep_secret(transaction.connection, transaction.tenant, user.id, made.secret)
    if not kept:
        raise AlreadyEnrolled("an administrator takes the earlier one away")
    return made


async def confirm(transaction: Transaction, user: UUID, code: str) -> RecoveryCodes:
    """From now on the user signs in with codes; raises `CodeNotValid` for a wrong one."""
    secret = await store.unconfirmed(transaction.connection, transaction.tenant, user)
    if secret is None:
        raise NotEnrolled("enrol first")
    step = rules.step_of(secret, code, now().timestamp())
    if step is None:
        raise CodeNotValid("is the clock of the app right?", field="code")
    codes = rules.new_recovery_codes()
    hashes = [rules.fingerprint(one) for one in codes]
    await store.confirm(transaction.connection, transaction.tenant, user, step, hashes)
    return RecoveryCodes(recovery_codes=codes)


async def reset(transaction: Transaction, user: UUID) -> TotpReset:
    """Take a user's second factor away; needs the permission to change that user."""
    await users.load(transaction, user)
    removed = await store.remove(transaction.connection, transaction.tenant, user)
    return TotpReset(was_enrolled=removed)


async def require_code(database: Database, tenant: UUID, user: UUID, code: str | None) -> None:
    """Raise `CodeNeeded` or `WrongCode` unless the user needs no code or this is one, unused."""
    secret = await store.confirmed(database, tenant, user)
    if secret is None:
        return
    if code is None:
        raise CodeNeeded("send the code of the app, or a recovery code, as `code`")
    step = rules.step_of(secret, code, now().timestamp())
    if step is not None:
        holds = await store.use_step(database, tenant, user, step)
    else:
        holds = await store.use_recovery(database, tenant, user, rules.fingerprint(code))
    if not holds:
        raise WrongCode("wait for the next code of the app")
