"""What one can do with API keys, a function per verb."""

from __future__ import annotations

from uuid import UUID

from chassis.identity import Identity
from chassis.problems import NotFound
from chassis.transactions import Transaction
from gateway.directory.api_keys import api_key as rules
from gateway.directory.api_keys import store
from gateway.directory.api_keys.api_key import ApiKey, ApiKeyDraft, ApiKeys
from gateway.directory.fingerprints import fingerprint


async def create_key(transaction: Transaction, user: UUID, draft: ApiKeyDraft) -> ApiKey:
    """A new key of who asks; its secret is issued when this has committed."""
    held = transaction.identity.permissions
    key = rules.created(transaction.new_id(), draft, user, held, transaction.moment)
    await store.keep(transaction.connection, transaction.tenant, key)
    return key


async def issue_secret(transaction: Transaction, id: UUID) -> str:
    """A new secret of a key; an earlier one holds no longer."""
    secret = rules.new_secret()
    hashed = fingerprint(secret)
    await store.keep_secret(transaction.connection, transaction.tenant, id, hashed)
    return secret


async def known_keys(transaction: Transaction, user: UUID) -> ApiKeys:
    """One's own keys, or those of all for who may change any user."""
    found = await store.known(
        transaction.connection, transaction.tenant, _whose(transaction.identity, user)
    )
    return ApiKeys(items=found)


async def revoke_key(transaction: Transaction, user: UUID, id: UUID) -> ApiKey:
    """Revoke a key, at every gateway within seconds: one's own, or anybody's as above."""
    whose = _whose(transaction.identity, user)
    key = await store.revoke(transaction.connection, transaction.tenant, whose, id)
    if key is None:
        raise NotFound("there is no such key")
    return key


def _whose(identity: Identity, user: UUID) -> UUID | None:
    return None if identity.permissions.get("users:write") == "all" else user
