"""What a managed reason is: why deals of one outcome were won or lost, under a stable code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID, uuid5

from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.merge import redrafted
from chassis.problems import RuleBroken
from events.sales import Outcome, Reason
from events.values import ExternalId, Name


class ReasonDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """The fields of a reason that clients set; outcome and code only when they create it."""

    outcome: Outcome
    code: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,60}(?!\n)$")]
    name: Name
    is_active: bool = True
    external_ids: tuple[ExternalId, ...] = ()


class ReasonCodeTaken(RuleBroken):
    status = 409
    title = "The list of reasons has this code already"


class ReasonCodeFixed(RuleBroken):
    title = "A reason keeps its outcome and its code"


class UnknownReason(RuleBroken):
    title = "There is no such reason"


class ReasonOfOtherOutcome(RuleBroken):
    title = "The reason belongs to the other outcome"


class ReasonRetired(RuleBroken):
    title = "The reason is no longer in use"


def reason_id(tenant: UUID, outcome: Outcome, code: str) -> UUID:
    """The id of the tenant's reason: there is one of each outcome and code."""
    return uuid5(tenant, f"reason:{outcome}:{code}")


def coded(tenant: UUID, item: dict[str, Any]) -> UUID | None:
    """The id of the reason whose outcome and code an item names, as far as it is well-formed."""
    outcome, code = item.get("outcome"), item.get("code")
    if outcome in ("won", "lost") and isinstance(code, str):
        return reason_id(tenant, outcome, code)
    return None


def created(tenant: UUID, draft: ReasonDraft) -> Reason:
    """A new reason as drafted."""
    id = reason_id(tenant, draft.outcome, draft.code)
    return Reason(id=id, version=0, **redrafted(draft))


def changed(reason: Reason, draft: ReasonDraft) -> Reason:
    """The reason with the draft's fields."""
    for field in ("outcome", "code"):
        if getattr(draft, field) != getattr(reason, field):
            raise ReasonCodeFixed("make another reason, and retire this one", field=field)
    return replace(reason, **redrafted(draft))


class Reasons:
    """The managed reasons from which a tenant's closed deals take theirs."""

    def __init__(self, tenant: UUID, known: Iterable[Reason], built_in: Iterable[Reason]) -> None:
        # Deals may come before the tenant's own event has made its reasons; the
        # ids of those are known beforehand.
        self._by_id = {reason.id: reason for reason in (*built_in, *known)}
        self._not_recorded: dict[Outcome, UUID] = {
            "won": reason_id(tenant, "won", "not_recorded"),
            "lost": reason_id(tenant, "lost", "not_recorded"),
        }

    def not_recorded(self, outcome: Outcome) -> UUID:
        """The reason of those who gave none."""
        return self._not_recorded[outcome]

    def of_outcome(self, id: UUID, outcome: Outcome) -> Reason:
        """The reason with this id; `UnknownReason`, or `ReasonOfOtherOutcome`."""
        try:
            reason = self._by_id[id]
        except KeyError:
            raise UnknownReason(f"there is no reason {id}", field="reason") from None
        if reason.outcome != outcome:
            raise ReasonOfOtherOutcome(
                f"{reason.name!r} is a reason for deals that are {reason.outcome}", field="reason"
            )
        return reason

    def in_use(self, id: UUID, outcome: Outcome) -> Reason:
        """As `of_outcome`, for a choice made today: `ReasonRetired` when it is inactive."""
        reason = self.of_outcome(id, outcome)
        if not reason.is_active:
            raise ReasonRetired(f"{reason.name!r} is no longer in use", field="reason")
        return reason
