"""By what companies are found, beside their ids."""

from __future__ import annotations

from typing import Any

from chassis.search import folded, searchable
from events.contacts import Company

FILTERS = {"industry": "industry", "parent": "parent"}
SEARCHED = ("name", "tax_id", "emails", "phones")

# Folding can make a name many times longer; an index holds no such row.
_FOLDED_LENGTH = 300


def columns(company: Company) -> dict[str, Any]:
    """What queries filter and search companies by."""
    return {
        "industry": company.industry,
        "parent": company.parent,
        "folded_name": folded_name(company.name),
        "search": searchable(company, SEARCHED),
    }


def folded_name(name: str) -> str:
    """By what two company names are the same."""
    return folded([name])[:_FOLDED_LENGTH]
