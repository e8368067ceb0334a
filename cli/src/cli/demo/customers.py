"""Korvala's customers: companies with people in them, and people who buy for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from cli.demo.catalogue import Appetite
from cli.demo.company import SALES_OFFICES, Language, Office, agents_of
from cli.demo.names import person_name, proper_name
from cli.demo.scenario import Scenario
from cli.demo.tax_ids import inn_of_organisation, inn_of_sole_trader, nif_of_company
from cli.imports.logins import login_of

COMPANIES_OF_HUNDRED = 52
"""Companies among a hundred customers; the others are people."""
AT_A_COMPANY = 0.58
"""The share of the people who are known because of a company."""


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation; `owner` is the login of the agent whose customer it is."""

    key: str
    name: str
    tax_id: str
    industry: str
    appetite: Appetite
    office: Office
    owner: str
    email: str
    phone: str
    street: str
    employees: int
    annual_revenue: int
    founded_year: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person; `company` is the key of where they work, None for a private customer."""

    key: str
    given_name: str
    patronymic: str
    family_name: str
    company: str | None
    job_title: str | None
    office: Office
    owner: str
    email: str
    phone: str
    language: Language

    @property
    def name(self) -> str:
        """The name as one speaks of a customer."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Trade:
    """A line of business: what its companies call themselves in either language."""

    industry: str
    appetite: Appetite
    kinds: Mapping[Language, tuple[str, ...]]
    largest: int


_TRADES = (
    Trade("Cafés", "bar", {"ru": ("Кофейня", "Пекарня", "Чайная"), "en": ("Café", "Bakery")}, 40),
    Trade("Restaurants", "bar", {"ru": ("Ресторан", "Бистро"), "en": ("Bistro", "Kitchen")}, 90),
    Trade("Hotels", "bar", {"ru": ("Гостиница", "Отель"), "en": ("Hotel", "Guest House")}, 300),
    Trade("Offices", "office", {"ru": ("Бюро", "Бизнес-центр"), "en": ("Studio",)}, 400),
    Trade("Education", "office", {"ru": ("Школа", "Лицей"), "en": ("College",)}, 200),
    Trade("Health care", "office", {"ru": ("Клиника",), "en": ("Clinic", "Dental")}, 250),
    Trade("Manufacturing", "office", {"ru": ("Завод", "Мастерская"), "en": ("Works",)}, 1_200),
    Trade("Transport", "office", {"ru": ("Перевозки",), "en": ("Logistics",)}, 700),
)
_OFTEN = (24, 16, 9, 18, 8, 9, 9, 7)
_REGIONS = {"moscow": "77", "kaliningrad": "39", "yekaterinburg": "66", "vladivostok": "25"}
_AREA_CODES = {
    "moscow": "495", "kaliningrad": "401", "yekaterinburg": "343", "vladivostok": "423",
}  # fmt: skip
_STREETS: Mapping[Language, tuple[str, ...]] = {
    "ru": ("ул. Садовая", "пр. Мира", "ул. Береговая", "ул. Зелёная", "Речная наб."),
    "en": ("Rua das Flores", "Avenida do Mar", "Rua da Alegria", "Travessa do Poço", "Largo da Sé"),
}  # fmt: skip
_TITLES: Mapping[Language, tuple[str, ...]] = {
    "ru": ("Управляющий", "Директор", "Закупщик", "Старший бариста", "Офис-менеджер", "Бухгалтер"),
    "en": ("Owner", "Manager", "Buyer", "Head barista", "Office manager", "Accountant"),
}


def companies(scenario: Scenario) -> list[Company]:
    """The companies, in the order of their keys."""
    dice = scenario.dice("companies")
    count = scenario.customers * COMPANIES_OF_HUNDRED // 100
    taken: set[str] = set()
    return [_company(dice, number, taken, scenario) for number in range(1, count + 1)]


def people(scenario: Scenario, at: list[Company]) -> list[Person]:
    """The people, of whom some work `at` the companies."""
    dice = scenario.dice("people")
    count = scenario.customers - len(at)
    return [_person(dice, number, at) for number in range(1, count + 1)]


def _company(dice: Random, number: int, taken: set[str], scenario: Scenario) -> Company:
    office = _office(dice)
    (trade,) = dice.choices(_TRADES, _OFTEN)
    kind = dice.choice(trade.kinds[office.language])
    proper = _proper(dice, office.language, kind, taken)
    mailbox = login_of(proper).replace(".", "-")
    is_russian = office.language == "ru"
    employees = max(2, round(trade.largest ** dice.uniform(0.25, 1.0)))
    if not is_russian:
        name, tax_id = f"{proper} {kind}, Lda", nif_of_company(dice)
    elif employees < 12 and dice.random() < 0.6:
        name = f"ИП {person_name(dice, 'ru').family}, {kind.lower()} «{proper}»"
        tax_id = inn_of_sole_trader(dice, _REGIONS[office.key])
    else:
        form = "АО" if employees > 250 else "ООО"
        name = f"{form} «{kind} „{proper}“»"
        tax_id = inn_of_organisation(dice, _REGIONS[office.key])
    return Company(
        key=f"company-{number:05}",
        name=name,
        tax_id=tax_id,
        industry=trade.industry,
        appetite=trade.appetite,
        office=office,
        owner=dice.choice(agents_of(office.key)),
        email=f"info@{mailbox}-{number}.example",
        phone=_phone(dice, office),
        street=f"{dice.choice(_STREETS[office.language])}, {dice.randint(1, 120)}",
        employees=employees,
        annual_revenue=employees * dice.randint(9, 42) * 100_000,
        founded_year=scenario.last_day.year - round(dice.triangular(1, 45, 6)),
    )


def _person(dice: Random, number: int, at: list[Company]) -> Person:
    company = dice.choice(at) if at and dice.random() < AT_A_COMPANY else None
    office = company.office if company else _office(dice)
    language = office.language
    name = person_name(dice, language)
    mailbox = login_of(f"{name.given} {name.family}")
    domain = company.email.partition("@")[2] if company else "post.example"
    return Person(
        key=f"person-{number:05}",
        given_name=name.given,
        patronymic=name.patronymic,
        family_name=name.family,
        company=company.key if company else None,
        job_title=dice.choice(_TITLES[language]) if company else None,
        office=office,
        owner=company.owner if company else dice.choice(agents_of(office.key)),
        email=f"{mailbox}.{number}@{domain}",
        phone=_phone(dice, office),
        language=language,
    )


def _office(dice: Random) -> Office:
    return dice.choices(SALES_OFFICES, [office.share for office in SALES_OFFICES])[0]


def _proper(dice: Random, language: Language, kind: str, taken: set[str]) -> str:
    """A proper name that no other company of this kind has."""
    wished = proper = proper_name(dice, language)
    number = 1
    while f"{kind} {proper}" in taken:
        number += 1
        proper = f"{wished} {number}"
    taken.add(f"{kind} {proper}")
    return proper


def _phone(dice: Random, office: Office) -> str:
    # No subscriber's number begins with 0 in either country: nobody can be called by mistake.
    last = dice.randrange(1_000_000)
    if office.language == "ru":
        return f"+7{_AREA_CODES[office.key]}0{last:06}"
    return f"+351210{last:06}"
