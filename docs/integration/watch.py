#!/usr/bin/env python3
"""Print what changes in Meridian as it changes: a line of JSON for each message.

    export MERIDIAN_USER=acme/anna MERIDIAN_PASSWORD=...    # or a key's id and secret
    python3 watch.py http://127.0.0.1:8080 types=crm.sales.deal,crm.contacts.company
    python3 watch.py http://127.0.0.1:8080 'filter=deals?status=open'

When the connection breaks, it comes again and goes on where it was. Only Python's standard library
is needed.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

# Well above the 15 seconds in which every stream is heard of.
SILENCE_SECONDS = 45


class Stream:
    """One follows it for ever; `id` is the place to go on from, `pause` the seconds before that."""

    def __init__(self, url: str, query: dict[str, str], user: str, password: str) -> None:
        self.address = f"{url.rstrip('/')}/v1/stream?{urllib.parse.urlencode(query)}"
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {pair}"}
        self.id = ""
        self.pause = 3.0

    def messages(self) -> Iterator[tuple[str, str]]:
        """(event, data) of each message until the connection ends."""
        headers = self.headers | ({"Last-Event-ID": self.id} if self.id else {})
        request = urllib.request.Request(self.address, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as lines:  # noqa: S310
            event, data = "", []
            for line in lines:
                name, _, value = line.decode().rstrip("\r\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    data.append(value)
                elif name == "id":
                    self.id = value
                elif name == "retry":
                    self.pause = int(value) / 1_000
                elif not name and data:
                    yield event, "\n".join(data)
                    event, data = "", []


def main() -> None:
    url, *pairs = sys.argv[1:]
    query = dict(pair.split("=", 1) for pair in pairs)
    stream = Stream(url, query, os.environ["MERIDIAN_USER"], os.environ["MERIDIAN_PASSWORD"])
    while True:
        try:
            for event, data in stream.messages():
                print(json.dumps({"event": event, **json.loads(data)}), flush=True)
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                sys.exit(f"{error.code}: {error.read().decode()}")
        except (OSError, http.client.HTTPException) as error:
            print(f"again in a moment: {error}", file=sys.stderr)
        time.sleep(stream.pause)


if __name__ == "__main__":
    main()
