"""E-mails, phones and names in one form each."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.contact_details import (
    AddressTooLong,
    EmailMalformed,
    PhoneMalformed,
    normal_address,
    normal_email,
    normal_emails,
    normal_phone,
    normal_phones,
    spaced,
    spaced_or_none,
)
from events.contacts import Address

ANYTHING = st.text(max_size=60)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  anna@Example.COM ", "anna@example.com"),
        ("Anna.Petrova@example.com", "Anna.Petrova@example.com"),
        ("инфо@Пример.РФ", "инфо@пример.рф"),
    ],
)
def test_an_email_is_trimmed_and_its_domain_lower_case(written: str, kept: str) -> None:
    assert normal_email(written) == kept


@pytest.mark.parametrize(
    "written", ["", "anna", "@example.com", "anna@", "a b@example.com", "a@b@c"]
)
def test_what_is_no_email_is_refused(written: str) -> None:
    with pytest.raises(EmailMalformed):
        normal_email(written)


def test_an_email_longer_than_any_mailbox_is_refused() -> None:
    with pytest.raises(EmailMalformed):
        normal_email("a" * 320 + "@example.com")


def test_one_email_in_two_spellings_is_kept_once_as_first_written() -> None:
    assert normal_emails(["Anna@example.com", "b@example.com", "anna@EXAMPLE.com"]) == (
        "Anna@example.com",
        "b@example.com",
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+7 (916) 123-45-67", "+79161234567"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("8-800-555-35-35", "+78005553535"),
        ("7 916 123 45 67", "+79161234567"),
        ("8\u00a0495\u00a0123\u201345\u201367", "+74951234567"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("(415) 555-0100", "4155550100"),
        ("0044 20 7946 0958", "+442079460958"),
        ("112", "112"),
    ],
)
def test_a_phone_becomes_digits_with_a_plus_where_the_country_is_known(
    written: str, kept: str
) -> None:
    assert normal_phone(written) == kept


@pytest.mark.parametrize(
    "written", ["", "---", "12", "call me", "+7 916 доб. 12", "٠١٢٣٤٥", "1" * 21]
)
def test_what_is_no_phone_is_refused(written: str) -> None:
    with pytest.raises(PhoneMalformed):
        normal_phone(written)


def test_one_phone_in_two_spellings_is_kept_once() -> None:
    assert normal_phones(["8 916 123-45-67", "+79161234567"]) == ("+79161234567",)


def test_names_lose_the_spaces_nobody_meant() -> None:
    assert spaced("  ООО \u00a0 «Ромашка»\t\n") == "ООО «Ромашка»"
    assert spaced_or_none("   ") is None
    assert spaced_or_none(None) is None


def test_an_address_without_any_part_is_none() -> None:
    assert normal_address(Address(country=" ", city="")) is None
    assert normal_address(Address(city=" Санкт-Петербург ")) == Address(city="Санкт-Петербург")


def test_a_part_of_an_address_has_an_end() -> None:
    with pytest.raises(AddressTooLong) as refused:
        normal_address(Address(line="a" * 301))
    assert refused.value.field == "address.line"


@given(ANYTHING)
def test_spacing_twice_is_spacing_once(text: str) -> None:
    assert spaced(spaced(text)) == spaced(text)


@given(st.one_of(ANYTHING, st.emails()))
def test_a_normal_email_fits_the_published_type_and_stays_as_it_is(text: str) -> None:
    try:
        email = normal_email(text)
    except EmailMalformed:
        return
    assert re.search(r"^[^@\s]+@[^@\s]+$", email)
    assert len(email) <= 320
    assert normal_email(email) == email


@given(st.one_of(ANYTHING, st.from_regex(r"[+]?[0-9 ().-]{1,30}", fullmatch=True)))
def test_a_normal_phone_fits_the_published_type_and_stays_as_it_is(text: str) -> None:
    try:
        phone = normal_phone(text)
    except PhoneMalformed:
        return
    assert re.fullmatch(r"\+?[0-9]{3,21}", phone)
    assert normal_phone(phone) == phone
