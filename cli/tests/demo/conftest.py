"""The half-year that these tests look at, whole and in a small size."""

from datetime import date

import pytest

from cli.demo.scenario import Scenario
from cli.demo.story import Story, tell

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def story() -> Story:
    """As `./meridian demo` plays it by default."""
    return tell(Scenario(TODAY))
