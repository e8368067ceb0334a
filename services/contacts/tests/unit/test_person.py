"""Who a person is."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.transactions import uuid7
from contacts.holders import Holder
from contacts.people.names import PersonName, parts_of
from contacts.people.person import (
    PersonDraft,
    PersonNeedsNameOrAddress,
    changed,
    created,
    working_at,
)

NOBODY = Holder(None, None)


@pytest.mark.parametrize(
    "draft",
    [
        PersonDraft(given_name="Анна"),
        PersonDraft(family_name="Иванова"),
        PersonDraft(emails=("a@example.com",)),
        PersonDraft(phones=("112",)),
    ],
)
def test_a_name_an_email_or_a_phone_is_enough(draft: PersonDraft) -> None:
    assert created(uuid7(), draft, NOBODY).version == 0


@pytest.mark.parametrize(
    "draft", [PersonDraft(), PersonDraft(given_name="  "), PersonDraft(patronymic="Петровна")]
)
def test_without_any_of_them_nobody_knows_who_it_is(draft: PersonDraft) -> None:
    with pytest.raises(PersonNeedsNameOrAddress):
        created(uuid7(), draft, NOBODY)


def test_the_last_name_or_address_cannot_be_taken_away() -> None:
    person = created(uuid7(), PersonDraft(given_name="Анна"), NOBODY)
    with pytest.raises(PersonNeedsNameOrAddress):
        changed(person, PersonDraft())


def test_where_somebody_works_is_filled_in_but_not_replaced() -> None:
    first, second = uuid4(), uuid4()
    person = created(uuid7(), PersonDraft(given_name="Анна"), NOBODY)
    assert working_at(working_at(person, first), second).company == first


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("Иванова Анна Петровна", PersonName("Анна", "Иванова", "Петровна")),
        ("Анна Петровна Иванова", PersonName("Анна", "Иванова", "Петровна")),
        ("Роман Аркадьевич Абрамович", PersonName("Роман", "Абрамович", "Аркадьевич")),
        ("Абрамович Роман Аркадьевич", PersonName("Роман", "Абрамович", "Аркадьевич")),
        ("Пётр Ильич", PersonName("Пётр", "", "Ильич")),
        ("Анна Иванова", PersonName("Анна", "Иванова")),
        ("Ludwig van Beethoven", PersonName("Ludwig", "van Beethoven")),
        ("  Cher ", PersonName("Cher")),
        (" ", PersonName("")),
    ],
)
def test_a_name_in_one_line_falls_into_its_parts(written: str, parts: PersonName) -> None:
    assert parts_of(written) == parts


@given(st.text(max_size=300))
def test_the_parts_of_any_name_fit_the_published_type(written: str) -> None:
    parts = parts_of(written)
    assert all(len(part) <= 150 for part in (parts.given, parts.family, parts.patronymic))
