"""The HTTP client of Meridian's public API: patient, idempotent, cheap per item.

Every call is one logical request. It is repeated while the platform is out of
reach (no connection, 502, 503, 504) or asks for patience (429), under one and
the same `Idempotency-Key`, so that a lost answer never does a thing twice.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import aiohttp
import msgspec

PATIENCE = 180.0
"""Seconds that one logical request is repeated before the client gives up."""
ONE_TRY = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0)
LARGEST_CHUNK = 1_000
"""Items of one bulk request at the most; the API accepts no more."""
LONGEST_READ_AFTER = 4_000
"""Characters of one `Meridian-Read-After`: servers take about 8,000 for all headers."""

_OUT_OF_REACH = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

T = TypeVar("T")
Item = TypeVar("Item")


class Problem(Exception):
    """The API's refusal, as RFC 9457 describes it.

    `field` is the JSON path of what was wrong, where the API names one;
    `members` holds the whole document.
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members = dict(members)
        self.type = str(members.get("type", "about:blank"))
        self.title = str(members.get("title", f"HTTP {status}"))
        self.detail = _text(members.get("detail"))
        self.field = _text(members.get("field"))
        super().__init__(explain(members) or self.title)

    @property
    def slug(self) -> str:
        """The stable short name: `tenant-exists` of `urn:meridian:problem:tenant-exists`."""
        return self.type.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


class OutOfPatience(Exception):
    """The platform stayed out of reach for as long as the client was told to try."""

    def __init__(self, method: str, path: str, seconds: float, last: str) -> None:
        self.method, self.path, self.seconds, self.last = method, path, seconds, last
        super().__init__(f"{method} {path}: no answer in {seconds:.0f} s; the last was: {last}")


class Verdict(msgspec.Struct, frozen=True):
    """What became of one item of a bulk request; `index` counts within its chunk."""

    index: int
    verdict: Literal["created", "updated", "unchanged", "rejected"]
    id: str | None = None
    version: int | None = None
    problem: dict[str, Any] | None = None


class _Verdicts(msgspec.Struct):
    items: list[Verdict]


class Answer:
    """A successful answer: its status, headers and undecoded body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        """The body as plain objects; None when there is none."""
        return msgspec.json.decode(self.body) if self.body else None

    def read_as(self, type_: type[T]) -> T:
        """The body as `type_`; another shape raises `msgspec.ValidationError`."""
        return msgspec.json.decode(self.body, type=type_)

    @property
    def etag(self) -> str | None:
        """The version as it stands in `ETag` and goes into `If-Match`."""
        return self.headers.get("ETag")


class WrittenTokens:
    """The newest `Meridian-Written` token of every record that was written."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}

    def add(self, header: str | None) -> None:
        """Take the tokens of one answer: `topic/id@version[, ...]`, or None."""
        for token in (header or "").split(","):
            subject, at, version = token.strip().rpartition("@")
            if at and version.isdecimal():
                self._versions[subject] = max(int(version), self._versions.get(subject, 0))

    def headers(self) -> Iterator[str]:
        """All tokens, in as few `Meridian-Read-After` values as their length allows."""
        tokens = [f"{subject}@{version}" for subject, version in self._versions.items()]
        start, length = 0, 0
        for index, token in enumerate(tokens):
            if length + len(token) > LONGEST_READ_AFTER:
                yield ", ".join(tokens[start:index])
                start, length = index, 0
            length += len(token) + 2
        if tokens:
            yield ", ".join(tokens[start:])

    def clear(self) -> None:
        self._versions.clear()

    def __len__(self) -> int:
        return len(self._versions)


class Client:
    """One signed-in user (or the bearer of one token) at one gateway.

    Used as `async with Client(url) as client`. Every method raises `Problem`
    when the API refuses and `OutOfPatience` when it stays out of reach.
    """

    def __init__(self, gateway: str, *, patience: float = PATIENCE, connections: int = 16) -> None:
        self.gateway = gateway.rstrip("/")
        self.patience = patience
        self.written = WrittenTokens()
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._token: str | None = None
        self._credentials: dict[str, str] | None = None
        self._signing_in = asyncio.Lock()
        self._encoder = msgspec.json.Encoder()
        self._verdicts = msgspec.json.Decoder(_Verdicts)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections), timeout=ONE_TRY
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def sign_in(self, tenant: str, login: str, password: str) -> Any:
        """Sign in, and again by itself whenever the token has run out; answers the session."""
        self._credentials = {"tenant": tenant, "login": login, "password": password}
        return await self._new_session()

    def use_token(self, token: str) -> None:
        """Go on as the bearer of `token`, without the means to renew it."""
        self._token, self._credentials = token, None

    async def get(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        *,
        read_after: str | None = None,
        patience: float | None = None,
    ) -> Answer:
        """Read `path`; with `read_after`, once what those tokens name has been applied."""
        headers = {"Meridian-Read-After": read_after} if read_after else {}
        return await self._request("GET", path, query, None, headers, patience)

    async def read_own_writes(
        self, path: str, query: Mapping[str, str | int] | None = None
    ) -> Answer:
        """Read `path` once everything that this client has written shows in it."""
        for read_after in self.written.headers():
            answer = await self.get(path, query, read_after=read_after)
        if not self.written:
            answer = await self.get(path, query)
        self.written.clear()
        return answer

    async def post(
        self,
        path: str,
        body: object,
        *,
        key: str | None = None,
        token: str | None = None,
        patience: float | None = None,
    ) -> Answer:
        """Post `body` (bytes go as they are, anything else as JSON).

        `key` is the idempotency key, made here when the caller has none;
        `token` stands in for the client's own for this request.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self._request("POST", path, None, self._encode(body), headers, patience)

    async def patch(self, path: str, body: object, *, if_match: str) -> Answer:
        """Merge `body` into the record whose `ETag` was `if_match`."""
        headers = {"If-Match": if_match, "Content-Type": "application/merge-patch+json"}
        return await self._request("PATCH", path, None, self._encode(body), headers, None)

    async def each(self, path: str, **filters: str | int) -> AsyncIterator[Any]:
        """Every record of a list, page after page, in the list's own order."""
        query: dict[str, str | int] = {"limit": 500, **filters}
        while True:
            page = (await self.get(path, query)).json()
            for record in page["items"]:
                yield record
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]

    async def upsert_chunk(self, path: str, items: Sequence[object]) -> list[Verdict]:
        """Up to 1,000 items through `path`/bulk in one request: a verdict for each, in order."""
        answer = await self.post(f"{path}/bulk", {"items": items})
        return self._verdicts.decode(answer.body).items

    async def upsert(
        self,
        path: str,
        items: Iterable[object],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncGenerator[list[Verdict], None]:
        """Any number of items through `path`/bulk: the verdicts of each chunk, in order.

        `items` is drawn from while up to `in_flight` chunks are on their way, so
        a generator prepares the next items while the platform works on these.
        No item may name a record that another item names.
        """
        source = iter(items)
        sent: deque[asyncio.Task[list[Verdict]]] = deque()
        try:
            while batch := list(islice(source, chunk)):
                sent.append(asyncio.create_task(self.upsert_chunk(path, batch)))
                await asyncio.sleep(0)  # let it leave before the next items are prepared
                if len(sent) >= in_flight:
                    yield await sent.popleft()
            while sent:
                yield await sent.popleft()
        finally:
            for task in sent:
                task.cancel()
            await asyncio.gather(*sent, return_exceptions=True)

    async def upsert_all(self, path: str, items: Iterable[object]) -> list[Verdict]:
        """`upsert` to its end: the verdict of every item, in the order of the items."""
        async with aclosing(self.upsert(path, items)) as chunks:
            return [verdict async for verdicts in chunks for verdict in verdicts]

    def _encode(self, body: object) -> bytes:
        return body if isinstance(body, bytes) else self._encoder.encode(body)

    async def _new_session(self) -> Any:
        answer = await self._repeat(
            "POST",
            "/v1/sessions",
            None,
            self._encode(self._credentials),
            {"Idempotency-Key": str(uuid.uuid4())},
            None,
        )
        session = answer.json()
        self._token = session["access_token"]
        return session

    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: bytes | None,
        headers: dict[str, str],
        patience: float | None,
    ) -> Answer:
        """One logical request, signed in anew once when the token has run out."""
        if "Authorization" in headers or self._token is None:
            return await self._repeat(method, path, query, body, headers, patience)
        token = self._token
        try:
            signed = headers | {"Authorization": f"Bearer {token}"}
            return await self._repeat(method, path, query, body, signed, patience)
        except Problem as problem:
            if problem.status != 401 or self._credentials is None:
                raise
        async with self._signing_in:
            if self._token == token:  # nobody else has renewed it meanwhile
                await self._new_session()
        signed = headers | {"Authorization": f"Bearer {self._token}"}
        return await self._repeat(method, path, query, body, signed, patience)

    async def _repeat(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: bytes | None,
        headers: dict[str, str],
        patience: float | None,
    ) -> Answer:
        """Try until the platform answers, or until patience runs out."""
        if self._session is None:
            raise RuntimeError("the client works inside `async with` only")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        patience = self.patience if patience is None else patience
        clock = asyncio.get_running_loop().time
        give_up, pause = clock() + patience, _FIRST_PAUSE
        while True:
            asked = 0.0
            try:
                async with self._session.request(
                    method, self.gateway + path, params=query, data=body, headers=headers
                ) as response:
                    content = await response.read()
                if response.status not in _OUT_OF_REACH:
                    self.written.add(response.headers.get("Meridian-Written"))
                    return _answer(response.status, response.headers, content)
                asked = _retry_after(response.headers.get("Retry-After"))
                last = str(_problem(response.status, content))
            except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
                last = f"{type(error).__name__} {error}".strip()
            wait = max(asked, random.uniform(pause / 2, pause))
            if clock() + wait > give_up:
                raise OutOfPatience(method, path, patience, last)
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)


def explain(problem: Mapping[str, Any]) -> str:
    """A problem document in one line: what was wrong, with which field."""
    text = _text(problem.get("detail")) or _text(problem.get("title")) or ""
    field = _text(problem.get("field"))
    return f"{text} ({field})" if field else text


def _answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    if status < 400:
        return Answer(status, headers, content)
    raise _problem(status, content)


def _problem(status: int, content: bytes) -> Problem:
    """What the body says; a body that is no problem document (a proxy's page) says nothing."""
    try:
        members = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        members = {}
    return Problem(status, members)


def _retry_after(header: str | None) -> float:
    """Seconds asked for by `Retry-After`, which is a number or an HTTP date; 0 without one."""
    if header is None:
        return 0.0
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _text(value: object) -> str | None:
    return None if value is None else str(value)
