"""What a managed reason is, and which one a deal may take."""

from uuid import uuid4, uuid5

import pytest
from msgspec.structs import replace

from sales.reasons.built_in import built_in_reasons
from sales.reasons.reason import (
    ReasonCodeFixed,
    ReasonDraft,
    ReasonOfOtherOutcome,
    ReasonRetired,
    Reasons,
    UnknownReason,
    changed,
    created,
)

TENANT = uuid4()
PRICE = created(TENANT, ReasonDraft(outcome="lost", code="price", name="Цена"))


def reasons(*known: object) -> Reasons:
    return Reasons(TENANT, known, built_in_reasons(TENANT))  # type: ignore[arg-type]


def test_the_id_of_a_reason_follows_from_its_outcome_and_code() -> None:
    assert PRICE.id == uuid5(TENANT, "reason:lost:price")
    assert created(TENANT, ReasonDraft(outcome="won", code="price", name="Цена")).id != PRICE.id


@pytest.mark.parametrize("other", [{"outcome": "won"}, {"code": "cost"}])
def test_a_reason_keeps_its_outcome_and_its_code(other: dict[str, str]) -> None:
    given = {"outcome": "lost", "code": "price", "name": "Цена"} | other
    with pytest.raises(ReasonCodeFixed):
        changed(PRICE, ReasonDraft(**given))  # type: ignore[arg-type]


def test_a_reason_may_be_renamed_and_retired() -> None:
    draft = ReasonDraft(outcome="lost", code="price", name="Дорого", is_active=False)
    after = changed(PRICE, draft)
    assert (after.id, after.name, after.is_active) == (PRICE.id, "Дорого", False)


def test_every_tenant_begins_with_the_same_codes_in_its_own_language() -> None:
    english, russian = built_in_reasons(TENANT), built_in_reasons(TENANT, "ru")
    assert [r.id for r in english] == [r.id for r in russian]
    codes = {
        outcome: [r.code for r in english if r.outcome == outcome] for outcome in ("lost", "won")
    }
    assert codes == {
        "lost": [
            *("not_recorded", "price", "competitor", "no_budget"),
            *("no_decision", "timing", "unreachable"),
        ],
        "won": ["not_recorded", "product", "price", "relationship", "speed"],
    }
    assert [r.name for r in russian if r.code == "competitor"] == ["Конкурент"]


def test_a_deal_takes_a_reason_of_its_own_outcome() -> None:
    assert reasons(PRICE).in_use(PRICE.id, "lost") == PRICE
    with pytest.raises(ReasonOfOtherOutcome):
        reasons(PRICE).in_use(PRICE.id, "won")


def test_a_deal_of_today_takes_no_retired_reason_but_one_of_the_past_may_have_it() -> None:
    retired = replace(PRICE, is_active=False)
    with pytest.raises(ReasonRetired):
        reasons(retired).in_use(PRICE.id, "lost")
    assert reasons(retired).of_outcome(PRICE.id, "lost") == retired


def test_a_deal_takes_no_reason_that_does_not_exist() -> None:
    with pytest.raises(UnknownReason):
        reasons().of_outcome(uuid4(), "lost")


def test_a_deal_may_take_a_built_in_reason_before_the_list_has_it() -> None:
    id = uuid5(TENANT, "reason:lost:not_recorded")
    assert reasons().not_recorded("lost") == id
    assert reasons().of_outcome(id, "lost").code == "not_recorded"
