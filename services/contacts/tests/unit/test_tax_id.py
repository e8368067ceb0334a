"""The Russian taxpayer number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.companies.tax_id import TaxIdCheckDigit, TaxIdLength, check_inn, is_russian


@pytest.mark.parametrize("inn", ["7707083893", "7736050003", "500100732259"])
def test_real_numbers_pass(inn: str) -> None:
    check_inn(inn)


@pytest.mark.parametrize("inn", ["7707083890", "500100732258", "500100732269"])
def test_a_wrong_check_digit_is_named(inn: str) -> None:
    with pytest.raises(TaxIdCheckDigit):
        check_inn(inn)


@pytest.mark.parametrize(
    "inn", ["", "770708389", "77070838931", "77070838AB", "７７０７０８３８９３"]
)
def test_ten_or_twelve_plain_digits_are_asked_for(inn: str) -> None:
    with pytest.raises(TaxIdLength):
        check_inn(inn)


@given(st.sampled_from(["7707083893", "500100732259"]), st.data())
def test_any_single_mistyped_digit_but_few_is_noticed(inn: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(inn) - 1))
    typed = data.draw(st.sampled_from([d for d in "0123456789" if d != inn[place]]))
    # A remainder of ten is written as 0: the scheme itself cannot tell those apart.
    mistyped = inn[:place] + typed + inn[place + 1 :]
    try:
        check_inn(mistyped)
    except TaxIdCheckDigit:
        return
    assert mistyped[-1] == "0" or mistyped[-2] == "0"


@pytest.mark.parametrize("country", ["RU", "ru", "Россия", " Российская  Федерация ", "Russia"])
def test_russia_goes_by_many_names(country: str) -> None:
    assert is_russian(country)


@pytest.mark.parametrize("country", [None, "", "KZ", "Belarus"])
def test_other_countries_are_not_russia(country: str | None) -> None:
    assert not is_russian(country)
