"""What the platform calls the records of these files: their external ids."""

from __future__ import annotations

from typing import Literal

from events.values import ExternalId

SYSTEM = "opportunities"

Kind = Literal["office", "user", "product", "account", "pipeline", "opportunity"]


def external_id(kind: Kind, name: str) -> tuple[ExternalId]:
    """The external id of something named: the same however the name's letters are cased."""
    return (ExternalId(SYSTEM, kind, name.casefold()),)


def opportunity_id(number: str) -> tuple[ExternalId]:
    """The external id of an opportunity: its own, to the letter."""
    return (ExternalId(SYSTEM, "opportunity", number),)
