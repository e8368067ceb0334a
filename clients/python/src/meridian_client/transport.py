"""Requests that are patient, idempotent and read what their client has written.

Every call is one logical request. It is repeated while the platform is out of
reach (no connection, 502, 503, 504) or asks for patience (429), under one and
the same `Idempotency-Key`, so that a lost answer never does a thing twice.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from itertools import islice
from typing import Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

import aiohttp
import msgspec

from meridian_client.generated.models import SignedIn, SignIn, Verdict, Verdicts
from meridian_client.problems import OutOfPatience, Problem
from meridian_client.written import WrittenTokens

PATIENCE = 180.0
"""Seconds that one logical request is repeated before the client gives up."""
ONE_TRY = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0)
LARGEST_CHUNK = 1_000
"""Items of one bulk request at the most; the API accepts no more."""
LARGEST_PAGE = 500

_OUT_OF_REACH = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

T = TypeVar("T")
Value = str | int | bool | UUID | date | datetime
Filter = Value | Collection[Value]
"""What a query may ask for: one value, or any of several."""
Id = UUID | str
Query = Mapping[str, Filter | None]
"""Parameters of a query string; those that are None are left out."""


class _Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next_cursor: str | None = None


class Transport:
    """One signed-in user (or the bearer of one token) at one gateway.

    Every method raises `Problem` when the API refuses and `OutOfPatience` when it
    stays out of reach.
    """

    def __init__(self, url: str, *, patience: float, connections: int) -> None:
        self.url = url.rstrip("/")
        self.patience = patience
        self.written = WrittenTokens()
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._token: str | None = None
        self._credentials: SignIn | None = None
        self._signing_in = asyncio.Lock()
        self._encoder = msgspec.json.Encoder()

    def open(self) -> None:
        """Begin; needs a running event loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            headers={"User-Agent": f"meridian-client/{version('meridian-client')}"},
            timeout=ONE_TRY,
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def sign_in(self, tenant: str, login: str, password: str) -> SignedIn:
        """Sign in, and again by itself whenever the token has run out."""
        self._credentials = SignIn(tenant=tenant, login=login, password=password)
        return await self._new_session()

    async def reach(self, patience: float) -> None:
        """Wait for the gateway to answer at all."""
        await self._repeat("GET", "/livez", None, {}, patience)

    def use_token(self, token: str) -> None:
        """Go on as the bearer of `token`, without the means to renew it."""
        self._token, self._credentials = token, None

    async def send(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> T:
        """Ask once and read the answer as `answer`; headers that are None are left out.

        Whatever may change something goes with an `Idempotency-Key`, made here where
        `headers` name none. A body given as bytes goes as it is.
        """
        sent = {name: value for name, value in (headers or {}).items() if value is not None}
        data = None
        if method != "GET":
            sent.setdefault("Idempotency-Key", str(uuid.uuid4()))
        if body is not None:
            data = body if isinstance(body, bytes) else self._encoder.encode(body)
            kind = "merge-patch+json" if method == "PATCH" else "json"
            sent["Content-Type"] = f"application/{kind}"
        content = await self._signed(method, _with(path, query), data, sent)
        if not content:
            return msgspec.convert(None, answer)
        return msgspec.json.decode(content, type=answer)

    async def read_own_writes(self, path: str, answer: type[T], query: Query | None = None) -> T:
        """Read `path` once everything that this client has written shows in it."""
        for tokens in list(self.written.headers()):
            read = await self.send(
                "GET", path, answer, query=query, headers={"Meridian-Read-After": tokens}
            )
            self.written.seen(tokens)
            if not self.written:
                return read
        return await self.send("GET", path, answer, query=query)

    async def pages(
        self, path: str, item: type[T], query: Query | None = None, size: int = LARGEST_PAGE
    ) -> AsyncGenerator[list[T], None]:
        """The records of a list, page after page, in the list's own order."""
        asked = {"limit": size, **(query or {})}
        page_type: type[_Page[T]] = _Page[item]  # type: ignore[valid-type]
        while True:
            page = await self.send("GET", path, page_type, query=asked)
            yield page.items
            if page.next_cursor is None:
                return
            asked["cursor"] = page.next_cursor

    async def each(
        self, path: str, item: type[T], query: Query | None = None, size: int = LARGEST_PAGE
    ) -> AsyncGenerator[T, None]:
        """Every record of a list, in the list's own order."""
        async with aclosing(self.pages(path, item, query, size)) as pages:
            async for page in pages:
                for record in page:
                    yield record

    async def upsert(self, path: str, items: Sequence[object], first: int = 0) -> list[Verdict]:
        """Up to 1,000 items through `path`/bulk in one request: a verdict for each, in order.

        `first` is the index of the first item.
        """
        answer = await self.send("POST", f"{path}/bulk", Verdicts, body={"items": items})
        if first:
            for verdict in answer.items:
                verdict.index += first
        return answer.items

    async def bulk(
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
        source, drawn = iter(items), 0
        sent: deque[asyncio.Task[list[Verdict]]] = deque()
        try:
            while batch := list(islice(source, chunk)):
                sent.append(asyncio.create_task(self.upsert(path, batch, drawn)))
                drawn += len(batch)
                await asyncio.sleep(0)  # let it leave before the next items are prepared
                if len(sent) >= in_flight:
                    yield await sent.popleft()
            while sent:
                yield await sent.popleft()
        finally:
            for task in sent:
                task.cancel()
            await asyncio.gather(*sent, return_exceptions=True)

    async def verdicts(
        self, path: str, items: Iterable[object], chunk: int = LARGEST_CHUNK, in_flight: int = 3
    ) -> AsyncGenerator[Verdict, None]:
        """`bulk` item by item."""
        async with aclosing(self.bulk(path, items, chunk=chunk, in_flight=in_flight)) as chunks:
            async for verdicts in chunks:
                for verdict in verdicts:
                    yield verdict

    async def _new_session(self) -> SignedIn:
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
        body = self._encoder.encode(self._credentials)
        content = await self._repeat("POST", "/v1/sessions", body, headers)
        session = msgspec.json.decode(content, type=SignedIn)
        self._token = session.access_token
        return session

    async def _signed(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> bytes:
        """One logical request, signed in anew once when the token has run out."""
        if self._token is None:
            return await self._repeat(method, path, body, headers)
        token = self._token
        try:
            signed = headers | {"Authorization": f"Bearer {token}"}
            return await self._repeat(method, path, body, signed)
        except Problem as problem:
            if problem.status != 401 or self._credentials is None:
                raise
        async with self._signing_in:
            if self._token == token:  # nobody else has renewed it meanwhile
                await self._new_session()
        signed = headers | {"Authorization": f"Bearer {self._token}"}
        return await self._repeat(method, path, body, signed)

    async def _repeat(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        patience: float | None = None,
    ) -> bytes:
        """Try until the platform answers, or until patience runs out."""
        if self._session is None:
            raise RuntimeError("the client works inside `with` or `async with` only")
        patience = self.patience if patience is None else patience
        clock = asyncio.get_running_loop().time
        give_up, pause = clock() + patience, _FIRST_PAUSE
        while True:
            asked = 0.0
            try:
                async with self._session.request(
                    method, self.url + path, data=body, headers=headers
                ) as response:
                    content = await response.read()
                if response.status < 400:
                    self.written.add(response.headers.get("Meridian-Written"))
                    return content
                problem = Problem.of(response.status, content)
                if response.status not in _OUT_OF_REACH:
                    raise problem
                asked = _retry_after(response.headers.get("Retry-After"))
                last = str(problem)
            except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
                last = f"{type(error).__name__} {error}".strip()
            wait = max(asked, random.uniform(pause / 2, pause))
            if clock() + wait > give_up:
                raise OutOfPatience(method, path, patience, last)
            await asyncio.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)


def segment(value: object) -> str:
    """`value` as one segment of a path, whatever it is made of; a `ValueError` for none."""
    text = str(value)
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no id")
    return quote(text, safe="")


def tag(version: int | str | None) -> str | None:
    """A version as `If-Match` has it; `*` and a finished `ETag` stay as they are."""
    return f'"{version}"' if isinstance(version, int) else version


def _with(path: str, query: Query | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    if not given:
        return path
    pairs = (f"{quote(name)}={quote(_parameter(value), safe='')}" for name, value in given.items())
    return f"{path}?{'&'.join(pairs)}"


def _parameter(value: Filter) -> str:
    """A value as query strings have it: `true`, RFC 3339 for days and times."""
    if isinstance(value, Collection) and not isinstance(value, str):
        return ",".join(map(_parameter, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


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
