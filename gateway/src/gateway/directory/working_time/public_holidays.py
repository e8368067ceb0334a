"""The holidays of countries, as the library `holidays` knows them.

Importing it takes half a second and 20 MB, so that is put off until somebody asks, and done
beside the event loop: await `loaded` before anything else here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from chassis.problems import RuleBroken
from events.directory import Holidays

if TYPE_CHECKING:
    from holidays import HolidayBase


class UnknownHolidays(RuleBroken):
    title = "Nothing is known of these holidays"


async def loaded() -> None:
    """Return once the library is there."""
    if not _load.cache_info().currsize:
        await asyncio.to_thread(_load)


def known(wanted: Holidays | None) -> Holidays | None:
    """`wanted`, if the library has such holidays; else `UnknownHolidays` says what it has."""
    if wanted is None:
        return None
    from holidays.registry import EntityLoader

    if wanted.country not in EntityLoader.get_country_codes(include_aliases=False):
        raise UnknownHolidays(f"of a country {wanted.country!r}", field="holidays.country")
    country = _of(Holidays(country=wanted.country, categories=()))
    subdivisions = country.subdivisions
    if wanted.subdivision is not None and wanted.subdivision not in subdivisions:
        has = ", ".join(subdivisions) or "none"
        raise UnknownHolidays(
            f"of {wanted.subdivision!r} in {wanted.country}, which has {has}",
            field="holidays.subdivision",
        )
    for category in wanted.categories:
        if category not in country.supported_categories:
            has = ", ".join(country.supported_categories)
            raise UnknownHolidays(
                f"of a category {category!r}: {wanted.country} has {has}",
                field="holidays.categories",
            )
    return wanted


@lru_cache(maxsize=1_000)
def names(of: Holidays, year: int, language: str) -> Mapping[date, str]:
    """The holidays of a year, named in `language` where the library can, else in English.

    None for what another version of the library knew: a calendar goes on without them.
    """
    try:
        country = _of(of)
        named = _of(of, year, _language(country, language))
    except (NotImplementedError, ValueError):
        return {}
    return dict(named)


@lru_cache(maxsize=1)
def _load() -> None:
    from holidays import country_holidays

    # All countries are imported with the first one.
    country_holidays("RU")


def _of(of: Holidays, year: int | None = None, language: str | None = None) -> HolidayBase:
    from holidays import country_holidays

    return country_holidays(
        of.country,
        subdiv=of.subdivision,
        years=year,
        language=language,
        categories=of.categories or None,
    )


def _language(country: HolidayBase, wanted: str) -> str | None:
    """One of the languages that the library has for a country."""
    for start in (wanted, "en"):
        for language in country.supported_languages:
            if language.split("_")[0] == start:
                return language
    return country.default_language
