"""The names of customers, companies and people alike."""

from __future__ import annotations

from typing import Any

from analytics.projection import Projection, Shape
from events.catalogue import COMPANY, PERSON
from events.contacts import Company, Person

SHAPE = Shape("customer_dimension", {"type": "text", "name": "text"})


def company_row(company: Company) -> tuple[Any, ...]:
    return ("company", company.name)


def person_row(person: Person) -> tuple[Any, ...]:
    names = (person.given_name, person.patronymic, person.family_name)
    return ("person", " ".join(name for name in names if name))


COMPANIES = Projection(COMPANY, SHAPE, company_row)
PEOPLE = Projection(PERSON, SHAPE, person_row)
