"""What one can do with identity providers, and who is let in by them, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.merge import merged
from chassis.problems import NotFound, Unauthenticated
from chassis.transactions import Transaction, uuid7
from events.directory import User
from gateway.directory.oidc import provider as rules
from gateway.directory.oidc import store
from gateway.directory.oidc.provider import (
    IdentityProvider,
    IdentityProviderDraft,
    IdentityProviders,
    Provider,
)
from gateway.directory.oidc.token import Person
from gateway.directory.roles.built_in import ROLES
from gateway.directory.roles.rights import held_by
from gateway.directory.roles.store import in_use
from gateway.directory.tenants.store import take_turn, tenants
from gateway.directory.users import user as user_rules
from gateway.directory.users.store import users

_READ, _WRITE = "identity-providers:read", "identity-providers:write"


class NobodyByProvider(Unauthenticated):
    title = "Nobody here signs in like this"


async def create_provider(
    transaction: Transaction, draft: IdentityProviderDraft, *, loopback: bool
) -> IdentityProvider:
    transaction.identity.reach(_WRITE)
    await take_turn(transaction)
    return await _keep(transaction, transaction.new_id(), draft, set(), loopback=loopback)


async def change_provider(
    transaction: Transaction, id: UUID, patch: dict[str, Any], *, loopback: bool
) -> IdentityProvider:
    """Change a provider; whoever is on the way there begins anew.

    Of another issuer nobody is known: its subjects are other people.
    """
    transaction.identity.reach(_WRITE)
    await take_turn(transaction)
    before = (await _one(transaction, id)).draft
    draft = merged(before, patch, IdentityProviderDraft)
    # A role that was retired since stays named, as it stays with those who have it.
    kept = rules.managed(before)
    shown = await _keep(transaction, id, draft, kept, loopback=loopback)
    await store.forget_sign_ins(transaction.connection, id)
    if draft.issuer != before.issuer:
        await store.forget_links(transaction.connection, id)
    return shown


async def known_providers(transaction: Transaction) -> IdentityProviders:
    transaction.identity.reach(_READ)
    found = await store.known(transaction)
    return IdentityProviders(items=[provider.shown() for provider in found])


async def known_provider(transaction: Transaction, id: UUID) -> IdentityProvider:
    transaction.identity.reach(_READ)
    return (await _one(transaction, id)).shown()


async def remove_provider(transaction: Transaction, id: UUID) -> IdentityProvider:
    """Nobody comes by it any more; who has come stays a user, and signed in."""
    transaction.identity.reach(_WRITE)
    await take_turn(transaction)
    provider = await _one(transaction, id)
    await store.remove(transaction, id)
    return provider.shown()


async def recognise(transaction: Transaction, provider: Provider, person: Person) -> User:
    """The user whom a provider vouches for, in the roles that its groups give.

    It is the one who has come as this subject before, else the one of the verified
    e-mail address, else a new one. Raises `NobodyByProvider` for whom it does not let
    in, and `NoRoleByGroups`.
    """
    await take_turn(transaction)
    id = await store.linked(transaction, provider.id, person.subject)
    if id is None:
        id = await _addressed(transaction, provider, person)
        if id is None:
            return await _welcome(transaction, provider, person)
        await store.link(transaction, provider.id, person.subject, id)
    user = await users.load(transaction, id)
    if user.status == "disabled":
        raise NobodyByProvider("this user is disabled")
    usable = await _usable_roles(transaction)
    after = rules.placed(user_rules.activated(user), provider.draft, person.groups, usable)
    if after == user:
        return user
    colleagues = await users.colleagues(transaction)
    verb = "changed" if user.status == "active" else "activated"
    return await users.save(transaction, verb, user, colleagues.admit(after, user))


async def _keep(
    transaction: Transaction,
    id: UUID,
    draft: IdentityProviderDraft,
    named: set[str],
    *,
    loopback: bool,
) -> IdentityProvider:
    """Keep a provider as drafted; its groups give roles in use, or those `named` before."""
    colleagues = await users.colleagues(transaction)
    rules.check(
        draft,
        held=held_by(transaction.identity),
        roles=ROLES.keys() | colleagues.roles.keys() | named,
        departments=colleagues.departments,
        loopback=loopback,
    )
    provider = Provider(
        tenant=transaction.tenant,
        id=id,
        draft=draft,
        changed=transaction.moment,
        changed_by=transaction.identity.user,
    )
    await store.keep(transaction, provider)
    return provider.shown()


async def _one(transaction: Transaction, id: UUID) -> Provider:
    found = await store.known(transaction, id)
    if not found:
        raise NotFound("there is no such identity provider")
    return found[0]


async def _usable_roles(transaction: Transaction) -> set[str]:
    own = await in_use(transaction.connection, transaction.tenant)
    return ROLES.keys() | own.keys()


async def _addressed(transaction: Transaction, provider: Provider, person: Person) -> UUID | None:
    """The user of the person's verified address, unless another person there has been it."""
    if person.email is None:
        return None
    found = await store.addressed(transaction, provider.id, person.email)
    if found is None:
        return None
    user, is_linked = found
    if is_linked:
        raise NobodyByProvider("somebody else at the provider signs in as the user of this address")
    return user


async def _welcome(transaction: Transaction, provider: Provider, person: Person) -> User:
    """A new user; `LoginTaken` where another has the login that the person would get."""
    department, login = provider.draft.default_department, person.login
    if not provider.draft.admits_unknown or department is None or login is None:
        raise NobodyByProvider("nobody here is known by this account: ask an administrator")
    tenant = await tenants.load(transaction, transaction.tenant)
    user = user_rules.welcomed(
        uuid7(),
        name=person.name or login,
        login=login,
        email=person.email,
        department=department,
        roles=(),
        language=tenant.language,
    )
    placed = rules.placed(user, provider.draft, person.groups, await _usable_roles(transaction))
    colleagues = await users.colleagues(transaction)
    saved = await users.save(transaction, "activated", None, colleagues.admit(placed))
    await store.link(transaction, provider.id, person.subject, saved.id)
    return saved
