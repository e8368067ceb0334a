"""What a letter says: an invitation, or the way back in for who forgot the password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from events.directory import Tenant, User

Kind = Literal["invitation", "reset"]

RESET_LIFETIME = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
"""A letter that could not be sent for so long is not waited for any more."""
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)

_SUBJECTS: Mapping[tuple[Kind, str], str] = {
    ("invitation", "en"): "{tenant} invites you to Meridian",
    ("invitation", "ru"): "{tenant} приглашает вас в Meridian",
    ("reset", "en"): "A new password for {tenant}",
    ("reset", "ru"): "Новый пароль в {tenant}",
}
_TEXTS: Mapping[tuple[Kind, str], str] = {
    ("invitation", "en"): """Hello {name},

you have been invited to work in Meridian at {tenant}. Your login is {login}.
Choose a password here:

{link}

The link opens once, until {until}.
""",
    ("invitation", "ru"): """Здравствуйте, {name}!

Вас пригласили работать в Meridian, компания — {tenant}. Ваш логин: {login}.
Выберите пароль по ссылке:

{link}

Она открывается один раз и действует до {until}.
""",
    ("reset", "en"): """Hello {name},

somebody asked for a new password for your login {login} at {tenant}.
If it was you, choose one here:

{link}

The link opens once, until {until}. If it was not you, nothing has changed.
""",
    ("reset", "ru"): """Здравствуйте, {name}!

Для вашего логина {login} в компании {tenant} запросили новый пароль.
Если это были вы, выберите его по ссылке:

{link}

Она открывается один раз и действует до {until}. Если это были не вы, ничего не изменилось.
""",
}


class ResetRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who forgot the password; `tenant` is its slug."""

    tenant: Annotated[str, Meta(max_length=100)]
    login: Annotated[str, Meta(max_length=400)]


class ResetAsked(Struct, kw_only=True):
    """The same for everybody: who does not work there learns nothing."""

    detail: str = "If somebody of this login has an e-mail address, a letter is on its way."


def pause_after(tries: int) -> timedelta:
    """How long a letter waits that could not be sent `tries` times, from 1."""
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 20)), _LONGEST_PAUSE)


def kind_for(user: User) -> Kind:
    """What a user is written: who has a password needs another, who has none the first."""
    return "reset" if user.status == "active" else "invitation"


def composed(
    kind: Kind, user: User, tenant: Tenant, sender: str, address: str, token: str, until: str
) -> EmailMessage:
    """The letter, in the user's language; `address` is the page that takes invitations.

    Raises `ValueError` or `MessageError` for a user whom no letter can reach.
    """
    language = user.language if (kind, user.language) in _TEXTS else "en"
    if user.email is None:
        raise ValueError("this user has no address")
    letter = EmailMessage()
    # Names come from people: no header is made of more than one line.
    letter["Subject"] = _line(_SUBJECTS[kind, language].format(tenant=tenant.name))
    letter["From"] = Address("Meridian", addr_spec=sender)
    letter["To"] = Address(_line(user.name), addr_spec=user.email)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(
        _TEXTS[kind, language].format(
            name=_line(user.name),
            login=user.login,
            tenant=_line(tenant.name),
            link=f"{address}#invitation={quote(token)}",
            until=until,
        )
    )
    # What cannot be sent fails here, and not on its way.
    letter.as_bytes(policy=SMTP)
    return letter


def _line(text: str) -> str:
    return " ".join(text.split())
