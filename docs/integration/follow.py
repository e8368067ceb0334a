#!/usr/bin/env python3
"""Keep a copy of what Meridian has in a SQLite file: a snapshot of each kind, then the feed.

    export MERIDIAN_USER=acme/anna MERIDIAN_PASSWORD=...    # or a key's id and secret
    python3 follow.py http://127.0.0.1:8080 copy.db companies people deals

The table `record` has the newest state of each record. The place in the feed is written in the
same transaction as what was read up to there: it may be killed at any time and goes on where it
was, with nothing lost and nothing twice. Only Python's standard library is needed.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

WAIT_SECONDS = 50
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0

TABLES = """
create table if not exists record (
    topic text, id text, version integer, state text, primary key (topic, id)
);
create table if not exists loaded (aggregate text primary key, topic text);
create table if not exists place (only integer primary key check (only = 1), cursor text);
"""


Event = dict[str, Any]


class CursorExpired(Exception):
    """The log has forgotten what came next: everything is to be read anew."""


class Meridian:
    """The API, as far as it is needed here."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        pair = f"{user}:{password}".encode()
        self.authorization = "Basic " + base64.b64encode(pair).decode()

    def open(self, path: str, **query: object) -> http.client.HTTPResponse:
        """The answer to a GET, to be read and closed."""
        question = urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})
        request = urllib.request.Request(  # noqa: S310 - the address is given by who runs this
            f"{self.url}{path}?{question}", headers={"Authorization": self.authorization}
        )
        timeout = WAIT_SECONDS + 30
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
        return answer

    def snapshot(self, aggregate: str) -> tuple[str, str, list[Event]]:
        """(topic, cursor, events): the newest event of everything of one kind."""
        with self.open(f"/v1/snapshot/{aggregate}") as answer:
            head = json.loads(answer.readline())
            lines = [json.loads(line) for line in answer]
        if not lines or lines.pop() != {"records": len(lines)}:
            raise OSError("the snapshot has broken off")
        return head["topic"], head["cursor"], lines

    def feed(self, cursor: str | None, topics: list[str], wait: int) -> dict[str, Any]:
        """A page of events; raises CursorExpired."""
        try:
            with self.open(
                "/v1/feed", cursor=cursor, types=",".join(topics), limit=500, wait=wait
            ) as answer:
                page: dict[str, Any] = json.load(answer)
                return page
        except urllib.error.HTTPError as error:
            if error.code == 410:
                raise CursorExpired from error
            raise


class Copy:
    """What was read, in one file."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path)
        self.database.executescript(TABLES)

    def missing(self, aggregates: list[str]) -> list[str]:
        loaded = {row[0] for row in self.database.execute("select aggregate from loaded")}
        return [aggregate for aggregate in aggregates if aggregate not in loaded]

    def topics(self) -> list[str]:
        return [row[0] for row in self.database.execute("select topic from loaded order by 1")]

    def cursor(self) -> str | None:
        row = self.database.execute("select cursor from place").fetchone()
        return row[0] if row else None

    def load(self, aggregate: str, topic: str, cursor: str, events: list[Event]) -> None:
        """Take over a snapshot. One goes on from the cursor of the first one, the oldest."""
        with self.database:
            self.database.execute("delete from record where topic = ?", (topic,))
            for event in events:
                self.apply(event)
            self.database.execute("insert into loaded values (?, ?)", (aggregate, topic))
            self.database.execute("insert or ignore into place values (1, ?)", (cursor,))

    def take(self, page: dict[str, Any]) -> None:
        """Take over a page of the feed, and the place after it."""
        with self.database:
            for event in page["items"]:
                self.apply(event)
            self.database.execute("update place set cursor = ?", (page["next_cursor"],))

    def forget(self) -> None:
        """Begin anew."""
        with self.database:
            for table in ("record", "loaded", "place"):
                self.database.execute(f"delete from {table}")  # noqa: S608

    def apply(self, event: Event) -> None:
        """The state after an event; what is no more, or out of reach, has none.

        Events that a later snapshot has in it already come again: the version tells.
        """
        topic = event["type"].rsplit(".", 2)[0]
        state = event["data"]["after"]
        if state is None:
            self.database.execute(
                "delete from record where topic = ? and id = ?", (topic, event["subject"])
            )
            return
        self.database.execute(
            """insert into record values (?, ?, ?, ?) on conflict (topic, id) do update
               set version = excluded.version, state = excluded.state
               where record.version < excluded.version""",
            (topic, event["subject"], event["aggregateversion"], json.dumps(state)),
        )


def follow(meridian: Meridian, copy: Copy, aggregates: list[str], *, once: bool) -> None:
    """Follow for ever, or until nothing new is left."""
    for aggregate in copy.missing(aggregates):
        copy.load(aggregate, *meridian.snapshot(aggregate))
    while True:
        page = meridian.feed(copy.cursor(), copy.topics(), 0 if once else WAIT_SECONDS)
        copy.take(page)
        if once and not page["has_more"]:
            return


def main() -> None:
    arguments = argparse.ArgumentParser(description="Keep a copy of what Meridian has.")
    arguments.add_argument("url")
    arguments.add_argument("file")
    arguments.add_argument("aggregates", nargs="+", help="companies, people, deals, ...")
    arguments.add_argument("--once", action="store_true", help="end when nothing new is left")
    given = arguments.parse_args()
    meridian = Meridian(given.url, os.environ["MERIDIAN_USER"], os.environ["MERIDIAN_PASSWORD"])
    copy = Copy(given.file)
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            follow(meridian, copy, given.aggregates, once=given.once)
            return
        except CursorExpired:
            copy.forget()
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                sys.exit(f"{error.code}: {error.read().decode()}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Out of reach, or an answer that has broken off: the same again, a little later.
            print(f"again in a moment: {error}", file=sys.stderr)
        if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


if __name__ == "__main__":
    main()
