"""What a channel is: a way by which customers find the company."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from events.marketing import Channel, ChannelKind
from events.values import ExternalId, Name


class ChannelDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a channel that clients set."""

    name: Name
    kind: ChannelKind
    is_active: bool = True
    external_ids: tuple[ExternalId, ...] = ()


def created(id: UUID, draft: ChannelDraft) -> Channel:
    """A new channel as drafted."""
    return Channel(id=id, version=0, **redrafted(draft))


def changed(channel: Channel, draft: ChannelDraft) -> Channel:
    """The channel with the draft's fields."""
    return replace(channel, **redrafted(draft))
