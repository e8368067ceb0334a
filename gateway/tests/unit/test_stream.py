"""What a stream is asked for, what it is told, and that nothing passes for what it is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.fields import FieldNotPermitted
from chassis.identity import FieldRules, Identity
from chassis.problems import Problem
from events.catalogue import DEAL, PERSON, PRODUCT
from events.topics import Aggregate
from gateway.delivery.comparable import comparable_fields
from gateway.delivery.log.entry import Entry
from gateway.delivery.stream import messages
from gateway.delivery.stream.filter import Filter
from gateway.delivery.stream.messages import Changed
from gateway.delivery.stream.reader import Reader
from gateway.delivery.stream.subscription import MOST_RECORDS, StreamRequest, Subscription
from gateway.delivery.stream.telling import Telling
from gateway.delivery.stream.watch import Watch
from gateway.delivery.visibility import RESOURCES, Visibility, reach_of
from gateway.directory.sessions.session import Session
from gateway.testing.streams import Message, Parsing

TENANT, ME, SOMEBODY, ID = uuid4(), uuid4(), uuid4(), uuid4()


def looking(reach: Any = "all", **fields: Any) -> Visibility:
    rules: FieldRules = {"deals": fields} if fields else {}
    identity = Identity(
        tenant=TENANT,
        user=ME,
        actor=str(ME),
        department=None,
        department_path=(),
        permissions={f"{resource}:read": reach for resource in RESOURCES.values()},
        fields=rules,
    )
    return Visibility(identity, reach_of(identity, frozenset()))


def entry(
    verb: str = "changed",
    aggregate: Aggregate = DEAL,
    *,
    owner: UUID | None = ME,
    was_owner: UUID | None = ME,
    remains: bool = True,
    after: dict[str, Any] | None = None,
    changed: dict[str, Any] | None = None,
) -> Entry:
    body = {"data": {"after": after or {} if remains else None, "changed": changed or {}}}
    return Entry(
        sequence=7,
        topic=aggregate.topic.name,
        type=f"{aggregate.topic.name}.{verb}.v1",
        subject=ID,
        version=3,
        owner=owner,
        department=None,
        was_owner=was_owner,
        was_department=None,
        remains=remains,
        origin=None,
        recordedtime=datetime(2026, 7, 1, tzinfo=UTC),
        body=json.dumps(body).encode(),
    )


def told(
    what: Entry, visibility: Visibility | None = None, **query: str
) -> tuple[str, dict[str, Any]] | None:
    """(event, data) of the message that somebody gets who asks so."""
    subscription = StreamRequest.parse(query, None).subscription
    said = Telling(TENANT, what).to(visibility or looking(), subscription)
    if said is None:
        return None
    (message,) = parsed(said)
    return message.event, message.data


def parsed(said: bytes) -> list[Message]:
    parsing = Parsing()
    found = [parsing.take(line) for line in said.decode().split("\n")[:-1]]
    return [message for message in found if message is not None]


# -- what is told --------------------------------------------------------------------------------


def test_a_change_is_told_by_its_record_type_version_and_the_names_of_its_fields() -> None:
    assert told(entry(changed={"name": "old", "stage": None})) == (
        "changed",
        {
            "resource": "deals",
            "id": str(ID),
            "type": "crm.sales.deal.changed.v1",
            "version": 3,
            "changed": ["name", "stage"],
        },
    )


def test_the_name_of_a_hidden_field_is_not_told() -> None:
    change = entry(changed={"amount": "1", "name": "old"})
    found = told(change, looking(amount="hidden"))
    assert found is not None
    assert found[1]["changed"] == ["name"]
    # Who sees it is told, of the same event.
    telling = Telling(TENANT, change)
    telling.to(looking(amount="hidden"), Subscription())
    assert b"amount" in (telling.to(looking(), Subscription()) or b"")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (entry("deleted", PERSON, owner=None, remains=False), "deleted"),
        (entry(owner=SOMEBODY), "withdrawn"),
    ],
)
def test_what_is_no_more_or_out_of_reach_is_removed(what: Entry, reason: str) -> None:
    found = told(what, looking("own"))
    assert found is not None
    assert (found[0], found[1]["reason"]) == ("removed", reason)


def test_what_was_never_within_reach_is_not_told() -> None:
    assert told(entry(owner=SOMEBODY, was_owner=SOMEBODY), looking("own")) is None
    assert told(entry(), looking(None)) is None


# -- what is asked for ---------------------------------------------------------------------------


def test_types_topics_and_records_narrow_the_stream() -> None:
    change = entry()
    assert told(change, types="crm.sales.deal")
    assert told(change, types="crm.sales.deal.changed.v1,crm.contacts.person")
    assert told(change, types="crm.sales.deal.won.v1") is None
    assert told(change, records=f"companies/{uuid4()},deals/{str(ID).upper()}")
    assert told(change, records=f"deals/{uuid4()}") is None
    # The same id of another kind is another record.
    assert told(change, records=f"companies/{ID}") is None
    assert told(change, records=f"deals/{ID}", types="crm.sales.deal.won.v1") is None


def test_a_filter_tells_what_enters_stays_and_leaves() -> None:
    owner = str(SOMEBODY)

    def found(after: str, before: str | None = None) -> str | None:
        changed = {} if before is None else {"status": before}
        what = entry(after={"status": after, "owner": owner}, changed=changed)
        said = told(what, filter=f"deals?status=open,won&owner={owner}")
        return None if said is None else said[1].get("reason", said[0])

    assert found("open") == "changed"
    assert found("won", "open") == "changed"
    assert found("open", "lost") == "changed"
    assert found("lost", "open") == "filtered"
    assert found("lost") is None
    assert told(entry(aggregate=PRODUCT), filter="deals?status=open") is None
    removal = told(entry("deleted", remains=False), filter="deals?status=open")
    assert removal is not None
    assert removal[1]["reason"] == "deleted"


def test_a_filter_compares_values_as_their_fields_have_them() -> None:
    found = Filter.parse(f"deals?owner={str(ME).upper()}&started_on=2026-07-01")
    assert found.wanted == {"owner": {str(ME)}, "started_on": {"2026-07-01"}}
    assert Filter.parse("products?is_active=true").wanted == {"is_active": {True}}
    comparable = comparable_fields(DEAL.topic.name)
    assert "status" in comparable
    # Neither amounts nor lists: what cannot be compared truthfully is not offered.
    assert not {"amount", "lines", "history"} & comparable.keys()


def test_nobody_filters_by_what_is_kept_from_them() -> None:
    subscription = Subscription(filter=Filter.parse("deals?status=open"))
    subscription.require_seen_by(looking(amount="hidden").identity)
    with pytest.raises(FieldNotPermitted):
        subscription.require_seen_by(looking(status="masked").identity)


@pytest.mark.parametrize(
    "query",
    [
        {"types": "crm.sales.secret"},
        {"types": ""},
        {"records": ""},
        {"records": "deals"},
        {"records": "deals/1"},
        {"records": f"secrets/{ID}"},
        {"records": ",".join([f"deals/{ID}"] * (MOST_RECORDS + 1))},
        {"filter": "secrets?status=open"},
        {"filter": "deals?amount=1"},
        {"filter": "deals?status"},
        {"filter": "deals?status=open&status=won"},
        {"filter": "deals?owner=me"},
        {"filter": "products?is_active=1"},
    ],
)
def test_what_makes_no_sense_is_refused_by_name(query: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        StreamRequest.parse(query, None)
    assert refused.value.field in query


def test_the_header_of_whoever_comes_again_counts_before_the_address() -> None:
    query = {"last_event_id": "first"}
    assert StreamRequest.parse(query, "later").last_event_id == "later"
    assert StreamRequest.parse(query, None).last_event_id == "first"
    assert StreamRequest.parse({}, "").last_event_id is None


# -- the format ----------------------------------------------------------------------------------


def test_no_name_passes_for_another_field_of_the_stream() -> None:
    hostile = ("a\nevent: end\ndata: {}\n\n", "b\r\nid: stolen", "c\u2028retry: 1", '"}')
    what = Changed(resource="deals", id=ID, type="x\n\nid: y", version=1, changed=hostile)
    said = messages.changed("here", what)
    assert said.count(b"\n") == 4
    assert b"\r" not in said
    (message,) = parsed(said)
    assert (message.event, message.id) == ("changed", "here")
    assert tuple(message.data["changed"]) == hostile


def test_a_heartbeat_is_a_comment_that_moves_the_id() -> None:
    parsing = Parsing()
    for line in messages.heartbeat("there").decode().split("\n"):
        assert parsing.take(line) is None
    assert (parsing.comments, parsing.id) == (1, "there")


def test_those_who_are_sent_away_together_do_not_come_again_at_once() -> None:
    goodbyes = set()
    for _ in range(50):
        parsing = Parsing()
        found = [parsing.take(line) for line in messages.ended("shutdown").decode().split("\n")]
        assert [m.data for m in found if m is not None] == [{"reason": "shutdown"}]
        goodbyes.add(parsing.retry)
    assert len(goodbyes) > 25


# -- one reader ----------------------------------------------------------------------------------


def reader(most_bytes: int = 10) -> Reader:
    session = Session(uuid4(), TENANT, ME, 0)
    return Reader(Watch(session, looking()), Subscription(), 3, most_bytes)


def test_a_reader_that_takes_nothing_keeps_a_little_and_then_its_place_alone() -> None:
    slow = reader()
    slow.offer(5, b"12345")
    slow.offer(6, b"12345")
    assert (slow.is_behind, slow.after) == (False, 4)
    slow.offer(7, b"!")
    slow.offer(8, b"12345")
    # It goes on by itself from before the first that it did not get.
    assert (slow.is_behind, slow.after, slow._waiting) == (True, 4, [])


def test_a_loss_makes_what_waits_useless() -> None:
    one = reader()
    one.offer(5, b"12345")
    one.lose("access")
    one.offer(6, b"12345")
    assert (one.loss, one._waiting) == ("access", [])
