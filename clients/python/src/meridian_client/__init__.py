"""Meridian's public API from Python.

async with AsyncMeridian(url, api_key=key) as meridian:
    deal = await meridian.deals.create(DealDraft(name="40 desks"))

with Meridian(url, api_key=key) as meridian:
    for company in meridian.companies.list(q="acme"):
        print(company.name)
"""

from msgspec import UNSET

from meridian_client.meridian import AsyncMeridian, Meridian
from meridian_client.problems import OutOfPatience, Problem, explain
from meridian_client.transport import LARGEST_CHUNK

__all__ = [
    "LARGEST_CHUNK",
    "UNSET",
    "AsyncMeridian",
    "Meridian",
    "OutOfPatience",
    "Problem",
    "explain",
]
