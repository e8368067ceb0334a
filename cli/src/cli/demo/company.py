"""The company that the demo invents: its offices from Lisbon to Vladivostok, and who works there.

Korvala sells coffee machines, coffee and everything around them, to companies
and to people at home.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from events.directory import BuiltInRole

NAME, SLUG, CURRENCY = "Korvala · Корвала", "demo", "RUB"
HEADQUARTERS_CITY, HEADQUARTERS_TIME_ZONE = "Москва", "Europe/Moscow"
PASSWORD = "Korvala-demo-1"  # noqa: S105 - of invented people, on a platform that only listens here
EMAIL_DOMAIN = "korvala.example"

Language = Literal["en", "ru"]


@dataclass(frozen=True, slots=True)
class Office:
    """A department; `share` of the customers are its own. `skill` bends its chance of winning."""

    key: str
    name: str
    city: str
    time_zone: str
    language: Language
    share: int = 0
    skill: float = 1.0


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works at Korvala; without an `office` they are at headquarters."""

    name: str
    login: str
    role: BuiltInRole
    office: str | None = None
    language: Language = "ru"
    languages: tuple[str, ...] = ("ru",)
    skills: tuple[str, ...] = ()


OFFICES = (
    Office("moscow", "Moscow · Москва", "Москва", "Europe/Moscow", "ru", 34, 1.0),
    Office(
        "kaliningrad", "Kaliningrad · Калининград", "Калининград", "Europe/Kaliningrad", "ru",
        13, 1.12,
    ),
    Office(
        "yekaterinburg", "Yekaterinburg · Екатеринбург", "Екатеринбург", "Asia/Yekaterinburg",
        "ru", 22, 1.05,
    ),
    Office(
        "vladivostok", "Vladivostok · Владивосток", "Владивосток", "Asia/Vladivostok", "ru",
        16, 0.86,
    ),
    Office("lisbon", "Lisbon · Лиссабон", "Lisboa", "Europe/Lisbon", "en", 15, 0.94),
    Office("marketing", "Marketing · Маркетинг", "Москва", "Europe/Moscow", "ru"),
)  # fmt: skip

SALES_OFFICES = tuple(office for office in OFFICES if office.share)

ADMINISTRATOR = Colleague("Вера Андреевна Соловьёва", "vera.solovyova", "administrator")

COLLEAGUES = (
    Colleague("Павел Сергеевич Громов", "pavel.gromov", "analyst"),
    Colleague("Тимур Ринатович Галиев", "timur.galiev", "operator"),
    Colleague("1C: Enterprise · 1С", "one.c", "integrator"),
    Colleague(
        "Дарья Ильинична Белова",
        "darya.belova",
        "marketer",
        "marketing",
        languages=("ru", "en"),
        skills=("events", "copywriting"),
    ),
    Colleague("Ольга Михайловна Северова", "olga.severova", "manager", "moscow"),
    Colleague("Игорь Петрович Лапин", "igor.lapin", "agent", "moscow", skills=("wholesale",)),
    Colleague(
        "Марина Олеговна Чижова",
        "marina.chizhova",
        "agent",
        "moscow",
        skills=("wholesale", "service"),
    ),
    Colleague("Артём Юрьевич Щеглов", "artyom.shcheglov", "agent", "moscow"),
    Colleague("Наталья Викторовна Рогова", "natalya.rogova", "agent", "moscow"),
    Colleague("Кирилл Денисович Ёлкин", "kirill.yolkin", "agent", "moscow"),
    Colleague("Станислав Янович Вербицкий", "stanislav.verbitsky", "manager", "kaliningrad"),
    Colleague(
        "Ева Романовна Балтина",
        "eva.baltina",
        "agent",
        "kaliningrad",
        languages=("ru", "de"),
        skills=("export",),
    ),
    Colleague("Глеб Андреевич Куршин", "gleb.kurshin", "agent", "kaliningrad"),
    Colleague("Рустам Ильдарович Хакимов", "rustam.khakimov", "manager", "yekaterinburg"),
    Colleague(
        "Анна Павловна Уралова", "anna.uralova", "agent", "yekaterinburg", skills=("wholesale",)
    ),
    Colleague("Фёдор Игоревич Малахов", "fyodor.malakhov", "agent", "yekaterinburg"),
    Colleague("Светлана Борисовна Исетская", "svetlana.isetskaya", "agent", "yekaterinburg"),
    Colleague("Елена Геннадьевна Приморская", "elena.primorskaya", "manager", "vladivostok"),
    Colleague(
        "Максим Олегович Амурский",
        "maksim.amursky",
        "agent",
        "vladivostok",
        languages=("ru", "zh"),
        skills=("export",),
    ),
    Colleague(
        "Юлия Константиновна Ким",
        "yulia.kim",
        "agent",
        "vladivostok",
        languages=("ru", "ko", "en"),
        skills=("export", "wholesale"),
    ),
    Colleague("Helena Duarte", "helena.duarte", "manager", "lisbon", "en", ("en", "pt")),
    Colleague(
        "Tomás Figueira", "tomas.figueira", "agent", "lisbon", "en", ("pt", "es"), ("wholesale",)
    ),
    Colleague("Grace Whitfield", "grace.whitfield", "agent", "lisbon", "en", ("en",), ("export",)),
)


def agents_of(office: str) -> tuple[str, ...]:
    """The logins of those who sell in an office."""
    return tuple(
        colleague.login
        for colleague in COLLEAGUES
        if colleague.office == office and colleague.role == "agent"
    )


def manager_of(office: str) -> str:
    """The login of who leads an office."""
    return next(
        colleague.login
        for colleague in COLLEAGUES
        if colleague.office == office and colleague.role == "manager"
    )


def one_of_each_role() -> tuple[Colleague, ...]:
    """The first colleague in every built-in role."""
    first: dict[BuiltInRole, Colleague] = {}
    for colleague in (ADMINISTRATOR, *COLLEAGUES):
        first.setdefault(colleague.role, colleague)
    return tuple(first.values())
