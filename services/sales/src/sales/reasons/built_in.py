"""The reasons that every tenant begins with, in the tenant's language."""

from __future__ import annotations

from uuid import UUID

from events.sales import Outcome, Reason
from sales.reasons.reason import reason_id

_NAMES: dict[Outcome, dict[str, dict[str, str]]] = {
    "lost": {
        "not_recorded": {"en": "Not recorded", "ru": "Не указана"},
        "price": {"en": "Price", "ru": "Цена"},
        "competitor": {"en": "Competitor", "ru": "Конкурент"},
        "no_budget": {"en": "No budget", "ru": "Нет бюджета"},
        "no_decision": {"en": "No decision", "ru": "Решение не принято"},
        "timing": {"en": "Timing", "ru": "Неподходящее время"},
        "unreachable": {"en": "Unreachable", "ru": "Не удалось связаться"},
    },
    "won": {
        "not_recorded": {"en": "Not recorded", "ru": "Не указана"},
        "product": {"en": "Product", "ru": "Продукт"},
        "price": {"en": "Price", "ru": "Цена"},
        "relationship": {"en": "Relationship", "ru": "Отношения"},
        "speed": {"en": "Speed", "ru": "Скорость"},
    },
}


def built_in_reasons(tenant: UUID, language: str = "en") -> list[Reason]:
    """The reasons of a new tenant, in English where we lack its language.

    The ids are the same in every language.
    """
    return [
        Reason(
            id=reason_id(tenant, outcome, code),
            version=0,
            outcome=outcome,
            code=code,
            name=names.get(language, names["en"]),
        )
        for outcome, codes in _NAMES.items()
        for code, names in codes.items()
    ]
