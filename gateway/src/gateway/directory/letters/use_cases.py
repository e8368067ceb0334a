"""What one can do about letters, a function per verb."""

from __future__ import annotations

from chassis.identity import system_identity
from chassis.transactions import Transactions
from gateway.directory.letters import store
from gateway.directory.letters.letter import ResetRequest
from gateway.directory.sessions.store import account
from gateway.directory.users.user import folded
from gateway.edge.routing import GATEWAY


async def ask_for_reset(transactions: Transactions, asked: ResetRequest) -> None:
    """Have a letter sent to an active user of this login, if there is one with an address."""
    found = await account(transactions.database, asked.tenant, folded(asked.login))
    if found is None:
        return
    tenant, user, _ = found
    async with transactions.begin(system_identity(tenant, GATEWAY)) as transaction:
        await store.want(transaction, [user.id])
