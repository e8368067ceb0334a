"""What is known of a deal's past: the stages it entered, when, and on which local date."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from chassis.problems import RuleBroken
from events.sales import Deal, Pipeline, StageEntry
from sales.local_time import LocalTime, Moment, in_utc, possible
from sales.pipelines.pipeline import StageNotOfPipeline, stage_of

Span: TypeAlias = tuple[datetime | None, date | None]
"""A moment and its local date; either may be unknown."""

UNKNOWN: Span = (None, None)


class StageEntryDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stage that the deal entered; without times where nobody knows when."""

    stage: UUID
    entered_at: Moment | None = None
    entered_on: date | None = None
    by: UUID | None = None


class HistoryOutOfOrder(RuleBroken):
    """Entries without a time come first, the others by time."""

    title = "The history is not in the order of time"


def paired(given: Span, before: Span, name: str, department: UUID | None, local: LocalTime) -> Span:
    """A moment with its date; one that is missing stays as it was `before`, or follows.

    A local date that is known for a moment is kept, whatever calendar the
    department keeps by now. `name` is that of the fields, without `_at` and `_on`.
    """
    at, on = in_utc(given[0], f"{name}_at"), possible(given[1], f"{name}_on")
    if on is None and at is not None:
        kept = before[1] if at == before[0] else None
        return at, kept or local.date_of(at, department)
    if at is None and on is not None and on == before[1]:
        return before
    return at, on


def dated(
    drafts: tuple[StageEntryDraft, ...],
    before: Deal | None,
    department: UUID | None,
    local: LocalTime,
) -> tuple[StageEntry, ...]:
    """The drafted history, with a local date for every moment."""
    known = {(e.stage, e.entered_at): e.entered_on for e in before.history} if before else {}
    entries = []
    for place, draft in enumerate(drafts):
        at, on = paired(
            (draft.entered_at, draft.entered_on),
            (draft.entered_at, known.get((draft.stage, draft.entered_at))),
            f"history[{place}].entered",
            department,
            local,
        )
        entries.append(StageEntry(stage=draft.stage, entered_at=at, entered_on=on, by=draft.by))
    return tuple(entries)


def check(
    history: tuple[StageEntry, ...], status: str, pipeline: Pipeline, before: Deal | None
) -> None:
    """Raise `StageNotOfPipeline` or `HistoryOutOfOrder` for what cannot have been."""
    if status == "open":
        stage_of(pipeline, history[-1].stage)
    stages = {stage.id for stage in pipeline.stages}
    if before is not None and before.pipeline == pipeline.id:
        # A stage may have been removed from the pipeline since the deal was in it.
        stages |= {entry.stage for entry in before.history}
    last: StageEntry | None = None
    for place, entry in enumerate(history):
        field = f"history[{place}]"
        if entry.stage not in stages:
            raise StageNotOfPipeline(
                f"{pipeline.name!r} has no stage {entry.stage}", field=f"{field}.stage"
            )
        if last is not None and not _follows(entry, last):
            raise HistoryOutOfOrder("it is earlier than the entry before it", field=field)
        if entry.entered_on is not None:
            last = entry


def _follows(entry: StageEntry, last: StageEntry) -> bool:
    if entry.entered_at is not None and last.entered_at is not None:
        return entry.entered_at >= last.entered_at
    if entry.entered_on is None or last.entered_on is None:
        return False
    return entry.entered_on >= last.entered_on
