"""What one can do with channels, a function per verb."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.bulk import Decision, Upsert, Verdicts, upsert
from chassis.identity import Identity
from chassis.merge import check_edit, merged
from chassis.transactions import Transaction, uuid7
from events.marketing import Channel
from marketing.channels import channel as rules
from marketing.channels.channel import ChannelDraft
from marketing.channels.store import channels


async def create_channel(transaction: Transaction, draft: ChannelDraft) -> Channel:
    return await channels.save(transaction, "created", None, rules.created(uuid7(), draft))


async def change_channel(
    transaction: Transaction, id: UUID, patch: dict[str, Any], seen: int | None
) -> Channel:
    channel = await channels.load(transaction, id)
    await check_edit(transaction, channel, patch, seen)
    after = rules.changed(channel, merged(channel, patch, ChannelDraft))
    return await channels.save(transaction, "changed", channel, after)


async def upsert_channels(transaction: Transaction, items: list[dict[str, Any]]) -> Verdicts:
    return await upsert(transaction, Upsert(channels, ChannelDraft, _decide), items)


def _decide(before: Channel | None, draft: ChannelDraft, _: Identity) -> Decision[Channel]:
    if before is None:
        return Decision("created", rules.created(uuid7(), draft))
    return Decision("changed", rules.changed(before, draft))
