"""What a report is asked for: a period, filters, a currency, a grouping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from chassis.problems import InvalidRequest, RuleBroken
from chassis.web.parameters import Parameter, schema_of

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")

# Name -> JSON Schema and meaning.
_SHARED: dict[str, tuple[Mapping[str, Any], str]] = {
    "from": (schema_of(date), "the first business day of the period"),
    "to": (schema_of(date), "the last business day of the period"),
    "pipeline": (schema_of(UUID), "deals of one pipeline only"),
    "department": (
        schema_of(UUID),
        "what belongs to one department and those below it",
    ),
    "owner": (schema_of(UUID), "what belongs to one user"),
    "currency": (
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        "ISO 4217 code; the tenant's own by default",
    ),
}


class PeriodEndsBeforeItBegins(RuleBroken):
    title = "A period ends after it begins"


@dataclass(frozen=True, slots=True)
class Period:
    """Business days from `first` to `last`, both included; None has no such end."""

    first: date | None = None
    last: date | None = None

    def covers(self, column: str) -> str:
        """The condition in SQL that `column` lies in this period.

        Without a period there is none: what has no date counts too.
        """
        ends = []
        if self.first is not None:
            ends.append(f"{column} >= :first_day")
        if self.last is not None:
            ends.append(f"{column} <= :last_day")
        return " and ".join(ends) or "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A report's query string, understood. `department` includes every one below it."""

    period: Period = Period()
    pipeline: UUID | None = None
    department: UUID | None = None
    owner: UUID | None = None
    currency: str | None = None
    choices: Mapping[str, str]

    @property
    def by(self) -> str:
        return self.choices["by"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter with a closed set of values; the first is the default.

    `counts` has the fields by which a value makes the report count, as `deals.channel`.
    """

    name: str
    values: Sequence[str]
    counts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, query: Mapping[str, str]) -> str:
        value = query.get(self.name, self.values[0])
        if value not in self.values:
            raise InvalidRequest(f"one of {', '.join(self.values)}", field=self.name)
        return value


def parse(given: Mapping[str, str], choices: Sequence[Choice]) -> ReportRequest:
    """The request in a query string of known parameters; `InvalidRequest` names what is wrong.

    `choices` are the report's own parameters, beyond those that all reports take.
    """
    period = Period(_day(given, "from"), _day(given, "to"))
    if period.first and period.last and period.first > period.last:
        raise PeriodEndsBeforeItBegins(f"{period.last} is before {period.first}", field="to")
    return ReportRequest(
        period=period,
        pipeline=_id(given, "pipeline"),
        department=_id(given, "department"),
        owner=_id(given, "owner"),
        currency=_currency(given),
        choices={choice.name: choice.of(given) for choice in choices},
    )


def documented(choices: Sequence[Choice]) -> list[Parameter]:
    """The parameters of a report."""
    own = [
        Parameter(
            choice.name,
            {"type": "string", "enum": list(choice.values), "default": choice.values[0]},
        )
        for choice in choices
    ]
    return [*(Parameter(name, *said) for name, said in _SHARED.items()), *own]


def _day(given: Mapping[str, str], name: str) -> date | None:
    if name not in given:
        return None
    try:
        if _DAY.fullmatch(given[name]):
            return date.fromisoformat(given[name])
    except ValueError:
        pass
    raise InvalidRequest("a day as 2026-01-31", field=name)


def _id(given: Mapping[str, str], name: str) -> UUID | None:
    if name not in given:
        return None
    try:
        return UUID(given[name])
    except ValueError:
        raise InvalidRequest(f"{given[name]!r} is not an id", field=name) from None


def _currency(given: Mapping[str, str]) -> str | None:
    code = given.get("currency")
    if code is not None and not _CURRENCY.fullmatch(code):
        raise InvalidRequest("an ISO 4217 code, as RUB", field="currency")
    return code
