"""Every query of identity providers, of who is linked to them, and of sign-ins on their way."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg.exceptions import UniqueViolationError

from chassis.database import Connection, Database
from chassis.journal import encoder
from chassis.merge import redrafted
from chassis.transactions import Transaction
from gateway.directory.fingerprints import fingerprint
from gateway.directory.oidc.provider import (
    Definition,
    IdentityProviderDraft,
    Provider,
    ProviderCodeTaken,
)
from gateway.directory.oidc.sign_in import Begun, Secrets
from gateway.directory.users.user import folded

_COLUMNS = (
    "provider.tenant, provider.id, provider.definition, provider.client_secret,"
    " provider.changed, provider.changed_by"
)


async def keep(transaction: Transaction, provider: Provider) -> None:
    """Keep a provider as it is from now on; raises `ProviderCodeTaken`."""
    definition = redrafted(provider.draft)
    secret = definition.pop("client_secret")
    try:
        await transaction.connection.execute(
            """insert into identity_provider
                   (tenant, id, code, is_active, definition, client_secret, changed, changed_by)
               values ($1, $2, $3, $4, $5, $6, $7, $8)
               on conflict (id) do update
               set code = excluded.code, is_active = excluded.is_active,
                   definition = excluded.definition, client_secret = excluded.client_secret,
                   changed = excluded.changed, changed_by = excluded.changed_by""",
            provider.tenant,
            provider.id,
            provider.draft.code,
            provider.draft.is_active,
            encoder.encode(definition).decode(),
            secret,
            provider.changed,
            provider.changed_by,
        )
    except UniqueViolationError:
        code = provider.draft.code
        raise ProviderCodeTaken(f"there is a provider {code!r}", field="code") from None


async def known(transaction: Transaction, id: UUID | None = None) -> list[Provider]:
    """The tenant's providers by their codes, or the one of this id."""
    rows = await transaction.connection.fetch(
        f"""select {_COLUMNS} from identity_provider provider
            where tenant = $1 and ($2::uuid is null or id = $2)
            order by code""",  # noqa: S608 - the names of our own columns
        transaction.tenant,
        id,
    )
    return [_provider(row) for row in rows]


async def remove(transaction: Transaction, id: UUID) -> None:
    await transaction.connection.execute(
        "delete from identity_provider where tenant = $1 and id = $2", transaction.tenant, id
    )


async def forget_sign_ins(connection: Connection, provider: UUID) -> None:
    """Whoever is on the way begins anew."""
    await connection.execute("delete from sign_in where provider = $1", provider)


async def forget_links(connection: Connection, provider: UUID) -> None:
    """The subjects of another issuer are other people."""
    await connection.execute("delete from identity_link where provider = $1", provider)


async def named(database: Database, slug: str, code: str) -> Provider | None:
    """The provider of this code, in use, of the tenant of this slug."""
    row = await database.pool.fetchrow(
        f"""select {_COLUMNS} from tenants
            join identity_provider provider on provider.tenant = tenants.id
            where tenants.slug = $1 and provider.code = $2
                  and provider.is_active""",  # noqa: S608 - the names of our own columns
        slug,
        code,
    )
    return _provider(row) if row is not None else None


async def begin(
    database: Database, provider: UUID, made: Secrets, at: datetime, until: datetime
) -> None:
    """Remember a sign-in; those that never came back are forgotten."""
    async with database.pool.acquire() as connection, connection.transaction():
        # Those that another beginning is just forgetting are left to it.
        await connection.execute(
            """delete from sign_in where state in (
                   select state from sign_in where expires <= $1 for update skip locked)""",
            at,
        )
        await connection.execute(
            """insert into sign_in (state, browser, provider, nonce, verifier, begun, expires)
               values ($1, $2, $3, $4, $5, $6, $7)""",
            fingerprint(made.state),
            fingerprint(made.browser),
            provider,
            made.nonce,
            made.verifier,
            at,
            until,
        )


async def take(database: Database, state: str, browser: str) -> Begun | None:
    """The sign-in of this state, if this browser began it; there is no such one afterwards."""
    row = await database.pool.fetchrow(
        f"""delete from sign_in using identity_provider provider
            where sign_in.state = $1 and sign_in.browser = $2 and sign_in.expires > now()
                  and provider.id = sign_in.provider and provider.is_active
            returning sign_in.nonce, sign_in.verifier, sign_in.begun,
                      {_COLUMNS}""",  # noqa: S608 - the names of our own columns
        fingerprint(state),
        fingerprint(browser),
    )
    if row is None:
        return None
    return Begun(_provider(row), row["nonce"], row["verifier"], row["begun"])


async def linked(transaction: Transaction, provider: UUID, subject: str) -> UUID | None:
    """The user who has come from this provider as this subject."""
    user: UUID | None = await transaction.connection.fetchval(
        """select user_id from identity_link
           where tenant = $1 and provider = $2 and subject = $3""",
        transaction.tenant,
        provider,
        subject,
    )
    return user


async def addressed(
    transaction: Transaction, provider: UUID, email: str
) -> tuple[UUID, bool] | None:
    """(user, whether another subject of the provider is linked to it) of an e-mail address."""
    row = await transaction.connection.fetchrow(
        """select users.id, link.subject is not null as is_linked
           from users left join identity_link link
                on link.provider = $2 and link.user_id = users.id
           where users.tenant = $1 and users.email = $3""",
        transaction.tenant,
        provider,
        folded(email),
    )
    return (row["id"], row["is_linked"]) if row is not None else None


async def link(transaction: Transaction, provider: UUID, subject: str, user: UUID) -> None:
    await transaction.connection.execute(
        "insert into identity_link (provider, subject, tenant, user_id) values ($1, $2, $3, $4)",
        provider,
        subject,
        transaction.tenant,
        user,
    )


def _provider(row: Any) -> Provider:
    definition = msgspec.json.decode(row["definition"], type=Definition)
    return Provider(
        tenant=row["tenant"],
        id=row["id"],
        draft=IdentityProviderDraft(**redrafted(definition), client_secret=row["client_secret"]),
        changed=row["changed"],
        changed_by=row["changed_by"],
    )
