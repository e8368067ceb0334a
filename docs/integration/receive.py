#!/usr/bin/env python3
"""Keep a copy of what Meridian sends to a webhook, in a SQLite file.

    WEBHOOK_SECRET=whsec_... python3 receive.py 127.0.0.1:8099 copy.db

The table `record` has the newest state of each record, null for one that is no more or has gone out
of reach. What comes is accepted once it is on disk: it may be killed at any time, and what was not
accepted comes again. Only Python's standard library is needed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping

TOLERATED_SECONDS = 300
LOCK = threading.Lock()
TABLE = """create table if not exists record
           (id text primary key, topic text, version integer, state text)"""
# What comes again, or late, is older than what is there.
KEEP = """insert into record values (?, ?, ?, ?) on conflict (id) do update
          set version = excluded.version, state = excluded.state
          where excluded.version > record.version"""


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request was signed by this secret, and not long ago (Standard Webhooks)."""
    id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > TOLERATED_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"{id}.{at}.".encode() + body, hashlib.sha256)
    wanted = f"v1,{base64.b64encode(signature).decode()}"
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(wanted, one) for one in given)


def keep(copy: sqlite3.Connection, event: dict[str, object]) -> None:
    """Write down what an event says of its record."""
    data, type_ = event["data"], event["type"]
    assert isinstance(data, dict)
    assert isinstance(type_, str)
    after = data["after"]
    topic = ".".join(type_.split(".")[:3])
    state = None if after is None else json.dumps(after, ensure_ascii=False)
    with LOCK, copy:
        copy.execute(KEEP, (event["subject"], topic, event["aggregateversion"], state))


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers 204 for what is kept, and 401 for what somebody else has sent."""

    protocol_version = "HTTP/1.1"
    secret: str
    copy: sqlite3.Connection

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        genuine = is_genuine(self.secret, {n.lower(): v for n, v in self.headers.items()}, body)
        if genuine:
            keep(self.copy, json.loads(body))
        self.send_response(204 if genuine else 401)
        self.send_header("content-length", "0")
        self.end_headers()


def main() -> None:
    place, file = sys.argv[1:]
    host, _, port = place.rpartition(":")
    Receiver.secret = os.environ["WEBHOOK_SECRET"]
    Receiver.copy = sqlite3.connect(file, check_same_thread=False)
    Receiver.copy.execute("pragma journal_mode = wal")
    Receiver.copy.execute(TABLE)
    http.server.ThreadingHTTPServer((host, int(port)), Receiver).serve_forever()


if __name__ == "__main__":
    main()
