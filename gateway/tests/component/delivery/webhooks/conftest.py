"""Webhooks of the gateway that everybody asks, and a receiver for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.testing.hooks import Hook, hooked
from gateway.testing.offices import Office
from gateway.testing.receivers import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def hook(office: Office, receiver: Receiver) -> Hook:
    return await hooked(office.admin, receiver.url)
