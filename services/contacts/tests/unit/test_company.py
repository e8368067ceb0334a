"""What a company may be."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from chassis.transactions import uuid7
from contacts.companies.company import (
    CompanyDraft,
    CompanyNeedsName,
    OwnParent,
    ParentCycle,
    RevenueBelowZero,
    changed,
    created,
)
from contacts.companies.tax_id import TaxIdCheckDigit, TaxIdLength
from contacts.holders import Holder
from events.contacts import Address, Company
from events.values import Money

NOBODY = Holder(None, None)
RUSSIA = Address(country="Россия")


def company(**fields: object) -> Company:
    return created(uuid7(), CompanyDraft(**({"name": "Ромашка"} | fields)), NOBODY)  # type: ignore[arg-type]


def test_a_company_is_kept_in_its_normal_form() -> None:
    made = company(
        name="  ООО   Ромашка ",
        emails=(" Info@ROMASHKA.ru", "info@romashka.ru"),
        phones=("8 495 123-45-67",),
        industry="  ",
        tax_id=" 7707 083893 ",
    )
    assert (made.name, made.industry, made.tax_id) == ("ООО Ромашка", None, "7707083893")
    assert made.emails == ("Info@romashka.ru",)
    assert made.phones == ("+74951234567",)


def test_a_blank_name_is_no_name() -> None:
    with pytest.raises(CompanyNeedsName):
        company(name=" \u00a0 ")


def test_revenue_below_zero_is_refused() -> None:
    with pytest.raises(RevenueBelowZero):
        company(annual_revenue=Money(Decimal("-0.01"), "RUB"))


def test_the_inn_of_a_russian_company_is_checked() -> None:
    assert company(tax_id="7707083893", address=RUSSIA).tax_id == "7707083893"
    with pytest.raises(TaxIdCheckDigit):
        company(tax_id="7707083892", address=RUSSIA)
    with pytest.raises(TaxIdLength):
        company(tax_id="770708", address=RUSSIA)


def test_other_countries_have_their_own_numbers() -> None:
    assert company(tax_id="7707083892", address=Address(country="KZ")).tax_id == "7707083892"
    assert company(tax_id="DE136695976").tax_id == "DE136695976"


def test_a_new_company_belongs_to_who_makes_it_unless_the_draft_says_otherwise() -> None:
    by = Holder(uuid4(), uuid4())
    made = created(uuid7(), CompanyDraft(name="A"), by)
    assert (made.owner, made.department) == (by.owner, by.department)
    other = uuid4()
    made = created(uuid7(), CompanyDraft(name="A", owner=other), by)
    assert (made.owner, made.department) == (other, by.department)


def test_a_company_cannot_be_its_own_parent() -> None:
    known = company()
    with pytest.raises(OwnParent):
        changed(known, CompanyDraft(name="A", parent=known.id), {})


def test_a_company_cannot_belong_to_one_below_it() -> None:
    top, middle, bottom = company(), uuid4(), uuid4()
    below: dict[UUID, UUID] = {bottom: middle, middle: top.id}
    with pytest.raises(ParentCycle):
        changed(top, CompanyDraft(name="A", parent=bottom), below)


def test_an_unknown_parent_is_kept() -> None:
    parent = uuid4()
    assert changed(company(), CompanyDraft(name="A", parent=parent), {}).parent == parent


def test_a_circle_elsewhere_does_not_trap_the_rules() -> None:
    one, two = uuid4(), uuid4()
    known = changed(company(), CompanyDraft(name="A", parent=one), {one: two, two: one})
    assert known.parent == one
