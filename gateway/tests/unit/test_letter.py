"""What letters say, and when one that could not be sent is tried again."""

from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest

from events.directory import Tenant, User
from gateway.directory.letters.letter import GIVEN_UP_AFTER, Kind, composed, kind_for, pause_after

TENANT = Tenant(id=UUID(int=1), version=1, name="ООО «Ромашка»", slug="romashka", currency="RUB")


def user(**fields: str) -> User:
    given: dict[str, Any] = {
        "name": "Пётр Иванов",
        "login": "petr",
        "email": "petr@example.ru",
        "status": "active",
        "language": "ru",
    }
    return User(id=UUID(int=2), version=1, roles=("agent",), **(given | fields))


def letter(kind: Kind = "invitation", **fields: str) -> EmailMessage:
    page = "https://crm.example.ru/welcome"
    until = "2026-12-12 10:00 UTC"
    return composed(kind, user(**fields), TENANT, "crm@example.ru", page, "to/ken+", until)


@pytest.mark.parametrize("kind", ["invitation", "reset"])
@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Здравствуйте"), ("en", "Hello"), ("fr", "Hello")]
)
def test_a_letter_speaks_the_language_of_its_reader(kind: Kind, language: str, word: str) -> None:
    text = letter(kind, language=language).get_content()
    assert word in text
    assert "ООО «Ромашка»" in text
    assert "https://crm.example.ru/welcome#invitation=to/ken%2B\n" in text
    assert "2026-12-12 10:00 UTC" in text


def test_no_name_becomes_another_header() -> None:
    hostile = letter(name="Eve\r\nBcc: everybody@example.ru")
    assert hostile["Bcc"] is None
    assert [address.addr_spec for address in hostile["To"].addresses] == ["petr@example.ru"]


@pytest.mark.parametrize("email", ["a@b@c", "пётр@example.ru", "a\x00@b", "@"])
def test_an_address_that_no_header_can_hold_is_no_letter(email: str) -> None:
    with pytest.raises((ValueError, MessageError)):
        letter(email=email).as_bytes()


def test_who_has_a_password_is_written_of_another() -> None:
    assert [kind_for(user(status=status)) for status in ("invited", "active")] == [
        "invitation", "reset",
    ]  # fmt: skip


def test_pauses_grow_to_an_hour_and_fit_into_the_time_until_it_is_given_up() -> None:
    pauses = [pause_after(tries) for tries in range(1, 100)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=10), timedelta(hours=1))
    assert 24 * pauses[-1] < GIVEN_UP_AFTER
