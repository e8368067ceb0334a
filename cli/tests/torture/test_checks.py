"""The checks find nothing where all is right, and whatever goes wrong is found by its own check."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cli.tests.torture.model import COMPANY, DEAL, LEAD, TOUCH, Model
from cli.torture.checks.judgement import judged
from cli.torture.evidence import Evidence
from cli.torture.own_words import differing, strayed

STEPS = ("create company", "create deal", "change", "change unanswered", "read", "refuse", "submit")


def played(steps: list[str]) -> Model:
    """A world in which these steps were taken, after one of each."""
    model = Model()
    known = [(COMPANY, model.create(COMPANY)), (DEAL, model.create(DEAL))]
    for number, step in enumerate((*STEPS, *steps)):
        topic, subject = known[number % len(known)]
        match step:
            case "create company":
                known.append((COMPANY, model.create(COMPANY)))
            case "create deal":
                known.append((DEAL, model.create(DEAL)))
            case "change":
                model.change(topic, subject)
            case "change unanswered":
                model.change(topic, subject, acknowledged=False)
            case "read":
                model.read(subject)
            case "refuse":
                model.refuse()
            case "submit":
                model.submit()
    return model


@given(st.lists(st.sampled_from(STEPS), max_size=25))
def test_nothing_is_found_where_all_is_right(steps: list[str]) -> None:
    model = played(steps)
    assert judged(model.history, model.evidence()) == []


def an_acknowledged_write_is_gone(model: Model, found: Evidence) -> None:
    subject = model.create(COMPANY)
    found.journal = [entry for entry in found.journal if entry.subject != subject]


def a_command_happened_twice(model: Model, found: Evidence) -> None:
    first = next(entry for entry in found.journal if entry.topic == COMPANY)
    found.journal.append(replace(first, subject=model.tenant))


def a_refused_command_had_an_effect(model: Model, found: Evidence) -> None:
    refused = next(o for o in model.history if o.outcome == "fail")
    found.journal.append(replace(found.journal[0], marker=refused.marker, version=99))


def a_repetition_was_answered_otherwise(model: Model, _: Evidence) -> None:
    attempts = model.history[0].attempts
    attempts.append(replace(attempts[0], answer={"id": "another"}))


def a_bug_was_met(model: Model, _: Evidence) -> None:
    model.history[0].attempts[0].said = "500 Something went wrong"


def a_version_is_missing(_: Model, found: Evidence) -> None:
    found.journal.remove(next(entry for entry in found.journal if entry.version == 1))


def a_record_strayed_from_its_journal(_: Model, found: Evidence) -> None:
    key, (version, state) = next(iter(found.records.items()))
    found.records[key] = (version, {**state, "name": "another"})


def a_consumer_has_missed_a_version(_: Model, found: Evidence) -> None:
    key = next(key for key, version in found.applied.items() if version > 1)
    found.applied[key] -= 1


def a_key_is_parked(_: Model, found: Evidence) -> None:
    found.waiting["sales: parked"] = 1


def an_old_record_came_last(_: Model, found: Evidence) -> None:
    subject = next(subject for subject, version in found.last_words.items() if version > 1)
    found.last_words[subject] = 1


def a_lead_became_two_deals(model: Model, found: Evidence) -> None:
    deal = next(e for e in found.journal if e.topic == DEAL and (e.state or {}).get("lead"))
    found.journal.append(replace(deal, subject=model.tenant))


def a_lead_was_never_taken_up(_: Model, found: Evidence) -> None:
    found.journal = [entry for entry in found.journal if entry.topic != TOUCH]


def a_lead_is_not_converted(_: Model, found: Evidence) -> None:
    found.journal = [e for e in found.journal if e.topic != LEAD or e.version == 1]


def a_projection_is_stale(_: Model, found: Evidence) -> None:
    rows = found.projections["deal_fact"]
    key, row = next((key, row) for key, row in rows.items() if row["version"] > 1)
    rows[key] = {**row, "version": row["version"] - 1}


def a_projection_says_something_else(_: Model, found: Evidence) -> None:
    key, row = next(iter(found.projections["deal_fact"].items()))
    found.projections["deal_fact"][key] = {**row, "name": "another"}


def a_projection_lacks_a_row(_: Model, found: Evidence) -> None:
    found.projections["deal_fact"].popitem()


def an_edit_was_overwritten_unseen(model: Model, found: Evidence) -> None:
    change = next(o for o in model.history if o.kind.startswith("change") and o.edits)
    assert change.subject is not None
    model.change(
        next(e.topic for e in model.journal if e.subject == change.subject), change.subject
    )
    model.history[-1].seen_version = 1
    found.journal = list(model.journal)


def a_read_shows_what_was_before(model: Model, _: Evidence) -> None:
    subject = model.create(COMPANY)
    model.change(COMPANY, subject)
    model.read(subject)
    model.history[-1].attempts[0].version = 1


@pytest.mark.parametrize(
    ("goes_wrong", "check"),
    [
        (an_acknowledged_write_is_gone, "stored"),
        (a_command_happened_twice, "once"),
        (a_refused_command_had_an_effect, "once"),
        (a_repetition_was_answered_otherwise, "once"),
        (a_bug_was_met, "answers"),
        (a_version_is_missing, "versions"),
        (a_record_strayed_from_its_journal, "tables"),
        (a_consumer_has_missed_a_version, "delivery"),
        (a_key_is_parked, "waiting"),
        (an_old_record_came_last, "last word"),
        (a_lead_became_two_deals, "reactions"),
        (a_lead_was_never_taken_up, "reactions"),
        (a_lead_is_not_converted, "reactions"),
        (a_projection_is_stale, "projections"),
        (a_projection_says_something_else, "projections"),
        (a_projection_lacks_a_row, "projections"),
        (an_edit_was_overwritten_unseen, "edits"),
        (a_read_shows_what_was_before, "reads"),
    ],
)
def test_what_goes_wrong_is_found(
    goes_wrong: Callable[[Model, Evidence], None], check: str
) -> None:
    model = played(["change", "change", "change", "change"])
    found = model.evidence()
    goes_wrong(model, found)
    assert check in {violation.check for violation in judged(model.history, found)}


def test_what_a_rebuild_and_a_reconciliation_say_is_taken_for_what_it_is() -> None:
    compared = {"consumer": "analytics", "topic": DEAL, "granted": True, "hindrance": None}
    assert list(differing([compared])) == []
    named = {"consumer": "analytics", "topic": DEAL, "key": "1", "verdict": "missing"}
    late, hindered = {**compared, "granted": False}, {**compared, "hindrance": "too many"}
    for line in (named, late, hindered):
        assert [violation.check for violation in differing([compared, line])] == ["reconcile"]
    right = {"table": "deal_fact", "named": []}
    wrong = {"table": "deal_fact", "named": [{"id": "1", "verdict": "differing"}]}
    assert list(strayed([right, {"seconds": {}}])) == []
    assert [violation.check for violation in strayed([right, wrong])] == ["rebuild"]
