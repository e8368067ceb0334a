"""Companies to import sales histories into."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.opportunities.company import Company, found

NewCompany = Callable[[], Company]


@pytest.fixture(scope="session")
def new_company(platform: Any) -> NewCompany:
    """Makes tenants, each by itself."""
    return lambda: asyncio.run(found(platform))


@pytest.fixture
def company(new_company: NewCompany) -> Company:
    """A tenant for one test."""
    return new_company()
