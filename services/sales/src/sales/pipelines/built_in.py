"""The pipeline that every tenant begins with, in the tenant's language.

Its ids follow from the tenant's, so that whoever knows the tenant knows them.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from events.sales import Pipeline, Stage

_PIPELINE_NAME: dict[str, str] = {"en": "Sales", "ru": "Продажи"}
_STAGES: tuple[tuple[dict[str, str], int], ...] = (
    ({"en": "Qualified", "ru": "Квалификация"}, 10),
    ({"en": "Needs analysed", "ru": "Потребности выявлены"}, 25),
    ({"en": "Proposal", "ru": "Предложение"}, 50),
    ({"en": "Negotiation", "ru": "Переговоры"}, 75),
)
"""The names of each stage, and its chance of winning in percent."""


def built_in_pipeline(tenant: UUID, language: str = "en") -> Pipeline:
    """The default pipeline of a new tenant, in English where we lack its language.

    The ids are the same in every language.
    """
    id = uuid5(tenant, "pipeline:sales")
    language = language if language in _PIPELINE_NAME else "en"
    stages = tuple(
        Stage(id=uuid5(id, names["en"]), name=names[language], probability=probability)
        for names, probability in _STAGES
    )
    return Pipeline(id=id, version=0, name=_PIPELINE_NAME[language], stages=stages, is_default=True)
