"""The gate before the committed contract, with a small language of one aggregate."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import pytest

from events.contract.archive import Archive, IncompatibleChange
from events.topics import REMEMBERING, Aggregate, Topic
from events.values import KNOWN_VALUES, Record, growing

OPENED = "crm.post.letter.opened.v1"
SENT = "crm.post.letter.sent.v1"


class Letter(Record, frozen=True, kw_only=True):
    """Something written to somebody."""

    kind: Annotated[str, growing(Literal["note", "offer"])]
    text: str = ""


class LetterWithStamp(Letter, frozen=True, kw_only=True):
    """Something written to somebody, stamped."""

    kind: Annotated[str, growing(Literal["note", "offer", "contract"])]
    stamp: str | None = None


class LetterInOtherWords(Letter, frozen=True, kw_only=True):
    """A message on paper."""


class LetterWithAddress(Letter, frozen=True, kw_only=True):
    """Something written to somebody, who lives somewhere."""

    address: str


class Envelope(Record, frozen=True, kw_only=True):
    """A letter that lost its text."""

    kind: Annotated[str, growing(Literal["note", "offer"])]


def letters(state: type[Record] = Letter, *verbs: str, partitions: int = 3) -> Aggregate:
    topic = Topic("crm.post.letter", "post", partitions, REMEMBERING)
    # Structs of one name, as they would be after the change.
    state = type("Letter", (state,), {"__doc__": state.__doc__}, frozen=True, kw_only=True)
    return Aggregate(topic, state, verbs or ("sent", "opened"), ("analytics",))


def archive(folder: Path, aggregate: Aggregate) -> Archive:
    return Archive(folder, [aggregate])


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder in which the language of letters is published, with a golden event."""
    archive(tmp_path, letters()).write()
    event = {"id": "e", "type": SENT, "tenantid": "t", "data": {"after": {"kind": "note"}}}
    write_golden(tmp_path, 1, "first", event)
    archive(tmp_path, letters()).write()
    return tmp_path


def write_golden(folder: Path, version: int, name: str, event: object) -> None:
    path = folder / "golden" / SENT / str(version) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(event))


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_publishing_twice_changes_nothing(published: Path) -> None:
    before = everything(published)
    assert archive(published, letters()).stale() == []
    assert archive(published, letters()).write() == []
    assert everything(published) == before


def test_an_addition_becomes_the_next_version(published: Path) -> None:
    later = archive(published, letters(LetterWithStamp))
    assert later.broken() == []
    later.write()
    first, second = later.versions(SENT)
    assert "stamp" not in first["$defs"]["Letter"]["properties"]
    assert second["$defs"]["Letter"]["properties"]["kind"][KNOWN_VALUES][-1] == "contract"
    served = json.loads((published / "src/events/schemas" / f"{SENT}.json").read_bytes())
    assert "stamp" in served["$defs"]["Letter"]["properties"]
    assert later.stale() == []


def test_better_words_are_served_and_are_no_new_version(published: Path) -> None:
    later = archive(published, letters(LetterInOtherWords))
    assert later.write() != []
    assert len(later.versions(SENT)) == 1
    served = json.loads((published / "src/events/schemas" / f"{SENT}.json").read_bytes())
    assert served["description"].startswith("A message on paper.")


@pytest.mark.parametrize(
    ("aggregate", "reason"),
    [
        (letters(LetterWithAddress), "data.after.address is new and required"),
        (letters(Envelope), "data.after.text was removed"),
        (letters(Letter, "sent"), f"{OPENED} was published and is gone"),
        (letters(partitions=12), "crm.post.letter has 3 partitions for ever, not 12"),
        (replace(letters(), major=2), f"{SENT} was published and is gone"),
    ],
    ids=["required field", "removed field", "removed type", "partitions", "another major"],
)
def test_what_breaks_a_promise_is_refused_and_nothing_is_written(
    published: Path, aggregate: Aggregate, reason: str
) -> None:
    before = everything(published)
    with pytest.raises(IncompatibleChange) as refused:
        archive(published, aggregate).write()
    assert any(reason in sentence for sentence in refused.value.reasons), refused.value.reasons
    assert everything(published) == before


def test_a_change_is_compared_with_every_version_before(published: Path) -> None:
    archive(published, letters(LetterWithStamp)).write()
    reasons = archive(published, letters(Letter)).broken()
    assert f"{SENT}: the new schema against version 2: data.after.stamp was removed" in reasons
    assert not any("against version 1" in reason for reason in reasons)


def test_history_is_not_rewritten_by_hand(published: Path) -> None:
    archive(published, letters(LetterWithStamp)).write()
    path = published / "history" / SENT / "1.json"
    path.write_text(path.read_text().replace('"type": "string"', '"type": "integer"'))
    reasons = archive(published, letters(LetterWithStamp)).broken()
    assert any(f"{SENT}: version 2 against version 1" in reason for reason in reasons)


def test_a_new_type_is_published_beside_the_others(published: Path) -> None:
    later = archive(published, letters(Letter, "sent", "opened", "burnt"))
    later.write()
    assert len(later.versions("crm.post.letter.burnt.v1")) == 1


def test_a_golden_event_is_never_edited_nor_removed(published: Path) -> None:
    write_golden(published, 1, "second", {"type": SENT, "id": "e2", "tenantid": "t"})
    archive(published, letters()).write()
    write_golden(published, 1, "second", {"type": SENT, "id": "e3", "tenantid": "t"})
    (published / "golden" / SENT / "1" / "first.json").unlink()
    assert archive(published, letters()).broken() == [
        f"golden/{SENT}/1/first.json is gone",
        f"golden/{SENT}/1/second.json was edited",
    ]


def test_examples_are_the_golden_events_of_the_newest_version(published: Path) -> None:
    later = archive(published, letters(LetterWithStamp))
    later.write()
    write_golden(published, 2, "stamped", {"type": SENT, "id": "e2", "tenantid": "t"})
    later.write()
    described = json.loads((published / "src/events/asyncapi.json").read_bytes())
    [example] = described["components"]["messages"][SENT]["examples"]
    assert example["name"] == "stamped"


def test_what_lacks_a_golden_event_is_said(published: Path) -> None:
    assert archive(published, letters()).without_golden() == [f"{OPENED}/1"]
