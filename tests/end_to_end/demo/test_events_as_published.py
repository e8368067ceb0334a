"""What the platform says while the demo is played is what its schemas promise."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from typing import Any

import asyncpg
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from events.contract.documents import schema_document
from events.envelope import complete
from tests.end_to_end.demo.tellings import OWNERS

OF_EACH_TYPE = 50
NEWEST = """
select type, body, recordedtime, position
from (select *, row_number() over (partition by type order by position desc) as n from journal) j
where n <= $1
"""


async def said(platform: Any) -> dict[str, list[Any]]:
    """The newest events of each type, as the relay sends them."""
    events: dict[str, list[Any]] = defaultdict(list)
    for owner in OWNERS:
        connection = await asyncpg.connect(platform.database_url(owner))
        for row in await connection.fetch(NEWEST, OF_EACH_TYPE):
            sent = complete(row["body"].encode(), row["recordedtime"], row["position"])
            events[row["type"]].append(json.loads(sent))
        await connection.close()
    return events


@pytest.mark.usefixtures("tellings")
def test_every_event_is_valid_by_its_published_schema(platform: Any) -> None:
    events = asyncio.run(said(platform))
    assert {"crm.sales.deal.imported.v1", "crm.marketing.lead.converted.v1"} <= events.keys()
    for type_name, of_type in events.items():
        schema = json.loads(schema_document(type_name) or b"")
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        for event in of_type:
            validator.validate(event)
