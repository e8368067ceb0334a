"""The pipeline that every tenant begins with, in the tenant's language.

Its ids follow from the tenant's, so that whoever knows the tenant knows them.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID, uuid5

from events.sales import Pipeline, Stage

Language = Literal["en", "ru"]

_PIPELINE_NAME: dict[Language, str] = {"en": "Sales", "ru": "Продажи"}
_STAGES: tuple[tuple[dict[Language, str], int], ...] = (
    ({"en": "Qualified", "ru": "Квалификация"}, 10),
    ({"en": "Needs analysed", "ru": "Потребности выявлены"}, 25),
    ({"en": "Proposal", "ru": "Предложение"}, 50),
    ({"en": "Negotiation", "ru": "Переговоры"}, 75),
)
"""The names of each stage, and its chance of winning in percent."""


def built_in_pipeline(tenant: UUID, language: Language = "en") -> Pipeline:
    """The default pipeline of a new tenant. The ids are the same in every language."""
    id = uuid5(tenant, "pipeline:sales")
    stages = tuple(
        Stage(id=uuid5(id, names["en"]), name=names[language], probability=probability)
        for names, probability in _STAGES
    )
    return Pipeline(id=id, version=0, name=_PIPELINE_NAME[language], stages=stages, is_default=True)
