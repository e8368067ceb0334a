"""What the rules of cleaning do to single values."""

import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.imports import cleaning
from cli.imports.cleaning import RULES, Known, Notes, Rejected

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
cents = st.decimals(0, Decimal("999999999999.99"), places=2)


def code(rejected: pytest.ExceptionInfo[Rejected]) -> str:
    return rejected.value.code


@given(days)
def test_a_day_is_read_as_americans_write_it(day: date) -> None:
    notes: Notes = []
    assert cleaning.day(f"{day.month}/{day.day}/{day.year}", "d", notes) == day
    assert notes == ["american_date"]


@given(days)
def test_a_day_is_read_as_iso_writes_it(day: date) -> None:
    notes: Notes = []
    assert cleaning.day(day.isoformat(), "d", notes) == day
    assert notes == []


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 9999))
def test_what_is_no_day_is_rejected_and_never_shifted(month: int, day: int, year: int) -> None:
    cell = f"{month}/{day}/{year:04}"
    try:
        expected = date(year, month, day)
    except ValueError:
        expected = date.min
    if 1900 <= expected.year < 2200:
        assert cleaning.day(cell, "d", []) == expected
        return
    with pytest.raises(Rejected) as caught:
        cleaning.day(cell, "d", [])
    assert code(caught) == "not_a_date"


@pytest.mark.parametrize(
    "cell",
    ["2/30/2017", "25/10/2016", "3/14/17", "yesterday", "3-14-2017", "٣/١٤/٢٠١٧", "1/1/0017"],
)
def test_no_day(cell: str) -> None:
    with pytest.raises(Rejected) as caught:
        cleaning.day(cell, "close_date", [])
    assert code(caught) == "not_a_date"
    assert "close_date" in caught.value.why


def test_an_empty_day_is_not_known() -> None:
    notes: Notes = []
    assert cleaning.day(" ", "d", notes) is None
    assert notes == ["white_space", "empty_value"]


@given(cents)
def test_an_amount_is_kept_to_the_cent(amount: Decimal) -> None:
    notes: Notes = []
    assert cleaning.money(f"{amount:f}", "v", notes) == amount
    assert notes == []


@given(cents)
def test_an_amount_is_the_same_with_commas_and_a_dollar(amount: Decimal) -> None:
    notes: Notes = []
    assert cleaning.money(f"${amount:,f}", "v", notes) == amount
    assert notes == ["dressed_number"]


@given(st.text(max_size=12))
def test_any_cell_is_an_amount_nothing_or_rejected(cell: str) -> None:
    try:
        amount = cleaning.money(cell, "v", [])
    except Rejected:
        return
    assert amount is None or (amount >= 0 and amount == round(amount, 2))


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("-0.01", "negative"),
        ("1e5", "not_a_number"),
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("1054,50", "not_a_number"),
        ("1,05", "not_a_number"),
        ("12.345", "not_a_number"),
        ("0x10", "not_a_number"),
        ("١٠٠", "not_a_number"),
        ("1_000", "not_a_number"),
        ("1000000000000", "not_a_number"),
        ("9" * 4000, "too_long"),
    ],
)
def test_no_amount(cell: str, why: str) -> None:
    with pytest.raises(Rejected) as caught:
        cleaning.money(cell, "close_value", [])
    assert code(caught) == why


def test_trailing_zeros_are_no_fraction_of_a_cent() -> None:
    assert cleaning.money("12.5000", "v", []) == Decimal("12.50")


def test_millions_become_units() -> None:
    assert cleaning.millions("1100.04", "r", []) == Decimal("1100040000.00")
    assert cleaning.millions("0.00000001", "r", []) == Decimal("0.01")


def test_a_whole_number_has_no_decimals_and_stays_in_its_range() -> None:
    assert cleaning.whole("1,179", "e", [], 0, 9999) == 1179
    for cell in ("2.5", "10000", "MCMXC"):
        with pytest.raises(Rejected):
            cleaning.whole(cell, "e", [], 0, 9999)


@given(st.text())
def test_text_comes_out_in_one_line_composed_and_stays_so(cell: str) -> None:
    try:
        cleaned = cleaning.text(cell, "c", [])
    except Rejected:
        return
    if cleaned is None:
        assert not cell.split()
        return
    assert cleaned == " ".join(cleaned.split())
    assert unicodedata.is_normalized("NFC", cleaned)
    notes: Notes = []
    assert cleaning.text(cleaned, "c", notes) == cleaned
    assert set(notes) <= {"formula_text"}


def test_a_name_in_small_letters_stays() -> None:
    notes: Notes = []
    assert cleaning.required("dambase", "account", notes) == "dambase"
    assert notes == []


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-x", "@Sum(A1)"])
def test_what_looks_like_a_formula_stays_text_and_is_noted(cell: str) -> None:
    notes: Notes = []
    assert cleaning.text(cell, "account", notes) == cell
    assert notes == ["formula_text"]


def test_declared_spellings() -> None:
    notes: Notes = []
    assert cleaning.product_name("GTXPro", notes) == "GTX Pro"
    assert cleaning.industry("technolgy", notes) == "technology"
    assert cleaning.country("Philipines", notes) == "Philippines"
    assert notes == ["product_alias", "industry_spelling", "country_spelling"]


def test_a_known_name_is_found_in_other_letters() -> None:
    known: Known[int] = Known("account", "accounts.csv")
    known.add("ООО «Ромашка»", 7)
    notes: Notes = []
    assert known.find("ооо «РОМАШКА»", notes) == 7
    assert notes == ["letter_case"]
    with pytest.raises(Rejected, match=r"account 'Nobody' is not in accounts\.csv"):
        known.find("Nobody", notes)


def test_every_rule_is_declared_once() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
