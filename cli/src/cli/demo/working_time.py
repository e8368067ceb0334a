"""When Korvala's offices work, and who is away.

What an office does not say is as at headquarters: Moscow's holidays, and a
Saturday that is worked for a longer holiday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from events.directory import AbsenceKind

HEADQUARTERS = ""


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who is away from `since` days before the last day of the story to `until` after."""

    login: str
    kind: AbsenceKind
    since: int
    until: int
    deputy: str

    def days(self, last_day: date) -> tuple[date, date]:
        """The first and the last day."""
        return last_day - timedelta(days=self.since), last_day + timedelta(days=self.until)


def _weekdays(*hours: tuple[str, str]) -> dict[str, Any]:
    day = [{"opens": opens, "closes": closes} for opens, closes in hours]
    return dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), day)


CALENDARS: Mapping[str, Mapping[str, Any]] = {
    HEADQUARTERS: {
        "working_hours": _weekdays(("09:00", "13:00"), ("14:00", "18:00")),
        "holidays": {"country": "RU"},
        "calendar_exceptions": [
            {
                "date": "2027-02-20",
                "name": "Saturday worked for Monday · Рабочая суббота",
                "hours": [{"opens": "09:00", "closes": "17:00"}],
            }
        ],
    },
    "vladivostok": {
        "working_hours": _weekdays(("09:00", "19:00"))
        | {"saturday": [{"opens": "10:00", "closes": "16:00"}]}
    },
    "lisbon": {"holidays": {"country": "PT"}},
}
"""By office, as the API takes them."""

ABSENCES = (
    Away("igor.lapin", "vacation", 4, 9, "marina.chizhova"),
    Away("marina.chizhova", "sick", 1, 3, "artyom.shcheglov"),
    Away("maksim.amursky", "trip", 2, 5, "yulia.kim"),
    Away("tomas.figueira", "vacation", 40, -27, "grace.whitfield"),
)
