"""What one can do with tenants, a function per verb."""

from __future__ import annotations

from msgspec import Struct

from chassis.identity import system_identity
from chassis.transactions import Cause, Transactions, uuid7
from events.directory import Department, Tenant, User
from gateway.directory.departments import department as department_rules
from gateway.directory.departments.store import departments
from gateway.directory.passwords.hashing import Hashing
from gateway.directory.passwords.store import keep_password
from gateway.directory.tenants import tenant as rules
from gateway.directory.tenants.store import tenants
from gateway.directory.tenants.tenant import TenantDraft
from gateway.directory.users import user as user_rules
from gateway.directory.users.store import users


class TenantCreated(Struct, kw_only=True):
    """A new tenant with its root department and its administrator."""

    tenant: Tenant
    department: Department
    user: User


async def create_tenant(
    transactions: Transactions, hashing: Hashing, draft: TenantDraft, cause: Cause
) -> tuple[TenantCreated, str]:
    """Make all three, or none; also answers what to read after.

    Raises `TenantExists` for a slug that is taken, which is also what the
    repetition of a creation meets whose answer was lost.
    """
    tenant = rules.created(uuid7(), draft)
    root = department_rules.root(
        uuid7(), name=draft.name, city=draft.city, time_zone=draft.time_zone
    )
    first = draft.administrator
    administrator = user_rules.welcomed(
        uuid7(),
        name=first.name,
        login=first.login,
        email=first.email,
        department=root.id,
        roles=("administrator",),
        language=draft.language,
    )
    hashed = await hashing.hash(first.password)
    identity = system_identity(tenant.id, "directory")
    async with transactions.begin(identity, cause) as transaction:
        made = TenantCreated(
            tenant=await tenants.save(transaction, "created", None, tenant),
            department=await departments.save(transaction, "created", None, root),
            user=await users.save(transaction, "activated", None, administrator),
        )
        await keep_password(transaction, administrator.id, hashed)
    return made, transaction.read_after()
