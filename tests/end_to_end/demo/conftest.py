"""One small demo for all tests of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.end_to_end.demo.tellings import Tellings, tell_thrice


@pytest.fixture(scope="session")
def tellings(platform: Any) -> Tellings:
    """What three runs of the demo said; the last two left a whole story behind."""
    return asyncio.run(tell_thrice(platform))
