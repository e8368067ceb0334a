"""By what touches are found, beside their ids."""

from __future__ import annotations

from typing import Any

from contacts.touches.touch import moment
from events.contacts import Touch

FILTERS = {"customer": "customer", "deal": "deal", "status": "status", "channel": "channel"}


def columns(touch: Touch) -> dict[str, Any]:
    """What queries filter and sort touches by."""
    return {
        "customer": touch.customer.id,
        "deal": touch.deal,
        "status": touch.status,
        "channel": touch.channel,
        "moment": moment(touch),
    }
