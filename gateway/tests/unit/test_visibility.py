"""Who sees what of an event: by the reach of the permission, and by rules for fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis.fields import sight_of
from chassis.identity import FieldRules, Identity
from events.catalogue import AGGREGATES, DEAL, PERSON, USER
from events.topics import Aggregate
from events.values import Reach as HowFar
from gateway.delivery.facts.store import facts
from gateway.delivery.log.entry import Entry, Reach
from gateway.delivery.visibility import RESOURCES, Visibility, reach_of
from gateway.directory.absences.store import absences
from gateway.directory.departments.store import departments
from gateway.directory.roles.store import roles
from gateway.directory.tenants.store import tenants
from gateway.directory.users.store import users

ME, SOMEBODY = uuid4(), uuid4()
ROOT, NORTH, SOUTH = uuid4(), uuid4(), uuid4()
AT = "2026-07-01T12:00:00Z"


def looking(reach: HowFar | None, aggregate: Aggregate = PERSON, **rules: Any) -> Visibility:
    """What I see, in the north, who may read records of this kind so far."""
    resource = RESOURCES[aggregate.topic.name]
    fields: FieldRules = {resource: rules} if rules else {}
    identity = Identity(
        tenant=uuid4(),
        user=ME,
        actor=str(ME),
        department=NORTH,
        department_path=(ROOT, NORTH),
        permissions={} if reach is None else {f"{resource}:read": reach},
        fields=fields,
    )
    return Visibility(identity, reach_of(identity, frozenset({NORTH})))


def entry(
    owner: UUID | None,
    department: UUID | None,
    *,
    was: tuple[UUID | None, UUID | None] = (None, None),
    remains: bool = True,
    aggregate: Aggregate = PERSON,
    after: dict[str, Any] | None = None,
    changed: dict[str, Any] | None = None,
) -> Entry:
    body = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/contacts",
        "type": aggregate.type_of("changed"),
        "subject": str(uuid4()),
        "time": "2020-01-01T00:00:00Z",
        "actor": "somebody",
        "reason": "because",
        "data": {"after": (after or {}) if remains else None, "changed": changed or {}},
        "recordedtime": AT,
    }
    return Entry(
        sequence=1,
        topic=aggregate.topic.name,
        type=aggregate.type_of("changed"),
        subject=uuid4(),
        version=2,
        owner=owner,
        department=department,
        was_owner=was[0],
        was_department=was[1],
        remains=remains,
        origin=None,
        recordedtime=datetime(2026, 7, 1, 12, tzinfo=UTC),
        body=msgspec.json.encode(body),
    )


@pytest.mark.parametrize(
    ("reach", "mine", "of_north", "of_south", "of_nobody"),
    [
        ("all", True, True, True, True),
        ("department", True, True, False, False),
        ("own", True, False, False, False),
        (None, False, False, False, False),
    ],
)
def test_a_record_is_seen_as_far_as_the_permission_reaches(
    reach: HowFar | None, mine: bool, of_north: bool, of_south: bool, of_nobody: bool
) -> None:
    visibility = looking(reach)
    seen = [
        visibility.event(entry(owner, department)) is not None
        for owner, department in (
            (ME, SOUTH), (SOMEBODY, NORTH), (SOMEBODY, SOUTH), (None, None),
        )
    ]  # fmt: skip
    assert seen == [mine, of_north, of_south, of_nobody]


def test_a_permission_opens_its_own_resource_alone() -> None:
    assert looking("all", PERSON).event(entry(ME, NORTH, aggregate=DEAL)) is None
    assert looking("all", PERSON).event(entry(ME, NORTH, aggregate=USER)) is None
    assert looking("all", USER).event(entry(ME, NORTH, aggregate=USER)) is not None


def test_a_topic_that_nobody_knows_is_seen_by_nobody() -> None:
    strange = replace(entry(ME, NORTH), topic="crm.sales.secret")
    assert looking("all").event(strange) is None
    assert not Reach().covers("crm.sales.secret", ME, NORTH)


def test_every_topic_has_the_resource_that_its_service_asks_for() -> None:
    assert RESOURCES.keys() == {aggregate.topic.name for aggregate in AGGREGATES}
    for store in (absences, departments, facts, roles, tenants, users):
        assert RESOURCES[store.aggregate.topic.name] == store.resource


def test_what_leaves_the_reach_is_told_without_anything_of_it() -> None:
    given_away = entry(
        SOMEBODY, SOUTH, was=(ME, NORTH), after={"name": "secret"}, changed={"name": "known"}
    )
    for reach in ("own", "department"):
        visibility = looking(reach)
        assert visibility.seen(given_away) == "withdrawn"
        told = msgspec.json.decode(visibility.event(given_away) or b"")
        assert told["data"] == {"after": None, "changed": {}}
        assert told["withdrawn"] is True
        assert told["time"] == AT
        assert not {"actor", "reason"} & told.keys()
    assert looking("all").seen(given_away) == "whole"
    assert looking(None).seen(given_away) is None


def test_what_comes_into_reach_is_seen_whole() -> None:
    assert looking("own").seen(entry(ME, NORTH, was=(SOMEBODY, SOUTH))) == "whole"


def test_a_removal_is_seen_by_whom_the_record_belonged_to() -> None:
    removed = entry(None, None, was=(SOMEBODY, NORTH), remains=False)
    assert looking("department").seen(removed) == "whole"
    assert looking("all").seen(removed) == "whole"
    assert looking("own").seen(removed) is None


def test_rules_for_fields_hold_for_the_state_and_for_what_changed() -> None:
    visibility = looking("all", emails="masked", phones="hidden", given_name="read_only")
    body = visibility.event(
        entry(
            ME,
            NORTH,
            after={"given_name": "Olga", "emails": ["olga@example.ru"], "phones": ["+7 495"]},
            changed={"emails": ["old@example.ru"], "phones": []},
        )
    )
    told = msgspec.json.decode(body or b"")
    assert told["data"] == {
        "after": {"given_name": "Olga", "emails": ["o…@example.ru"]},
        "changed": {"emails": ["o…@example.ru"]},
    }
    assert told["time"] == "2020-01-01T00:00:00Z"


def test_the_time_of_an_event_is_not_told_where_it_repeats_a_hidden_field() -> None:
    visibility = looking("all", DEAL, closed_at="hidden")
    told = msgspec.json.decode(visibility.event(entry(ME, NORTH, aggregate=DEAL)) or b"")
    assert told["time"] == told["recordedtime"] == AT


def test_without_rules_the_bytes_are_those_that_came() -> None:
    one = entry(ME, NORTH, after={"given_name": "Olga"})
    assert looking("all").event(one) is one.body
    assert sight_of(looking("all").identity, PERSON) is None


def test_every_reach_is_known() -> None:
    for reach in get_args(HowFar):
        assert looking(reach).event(entry(ME, NORTH)) is not None
