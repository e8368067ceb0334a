"""The two clients: `AsyncMeridian` for programs with an event loop, `Meridian` for all others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from types import TracebackType
from typing import Self

from meridian_client.blocking import BlockingTransport
from meridian_client.generated.asynchronous import AsyncResources
from meridian_client.generated.models import SignedIn, Verdict
from meridian_client.generated.synchronous import Resources
from meridian_client.transport import LARGEST_CHUNK, PATIENCE, Transport
from meridian_client.written import WrittenTokens

CONNECTIONS = 16


class AsyncMeridian(AsyncResources):
    """Meridian at `url`, as the bearer of `api_key` or whoever signs in.

    Used as `async with AsyncMeridian(url) as meridian`. Operations raise `Problem`
    when the API refuses and `OutOfPatience` when it stays out of reach for
    `patience` seconds. Reports are read once they include what this client wrote.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        patience: float = PATIENCE,
        connections: int = CONNECTIONS,
    ) -> None:
        self.transport = Transport(url, patience=patience, connections=connections)
        if api_key is not None:
            self.transport.use_token(api_key)
        super().__init__(self.transport)

    async def __aenter__(self) -> Self:
        self.transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.transport.close()

    async def sign_in(self, tenant: str, login: str, password: str) -> SignedIn:
        """Sign in, and again by itself whenever the session's token has run out."""
        return await self.transport.sign_in(tenant, login, password)

    def use_token(self, token: str) -> None:
        """Go on as the bearer of `token` (an API key, a session's), which is not renewed."""
        self.transport.use_token(token)

    async def reach(self, patience: float) -> None:
        """Wait up to `patience` seconds for the gateway to answer at all."""
        await self.transport.reach(patience)

    def bulk(
        self,
        path: str,
        items: Iterable[object],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncGenerator[list[Verdict], None]:
        """Whatever encodes as JSON through `path`/bulk: the verdicts of each chunk, in order.

        The next items are drawn while up to `in_flight` chunks are on their way. No
        item may name a record that another item names.
        """
        return self.transport.bulk(path, items, chunk=chunk, in_flight=in_flight)

    @property
    def written(self) -> WrittenTokens:
        """What reports will include when they are read next."""
        return self.transport.written


class Meridian(Resources):
    """As `AsyncMeridian`, for programs without an event loop: `with Meridian(url) as meridian`.

    Threads may share it.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        patience: float = PATIENCE,
        connections: int = CONNECTIONS,
    ) -> None:
        self.transport = BlockingTransport(
            Transport(url, patience=patience, connections=connections)
        )
        if api_key is not None:
            self.use_token(api_key)
        super().__init__(self.transport)

    def __enter__(self) -> Self:
        self.transport.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.transport.close()

    def sign_in(self, tenant: str, login: str, password: str) -> SignedIn:
        """Sign in, and again by itself whenever the session's token has run out."""
        return self.transport.wait(self.transport.transport.sign_in(tenant, login, password))

    def use_token(self, token: str) -> None:
        """Go on as the bearer of `token` (an API key, a session's), which is not renewed."""
        self.transport.transport.use_token(token)

    def reach(self, patience: float) -> None:
        """Wait up to `patience` seconds for the gateway to answer at all."""
        self.transport.wait(self.transport.transport.reach(patience))

    def bulk(
        self,
        path: str,
        items: Iterable[object],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> Iterator[list[Verdict]]:
        """As `AsyncMeridian.bulk`; `items` is drawn from in the caller's thread."""
        return self.transport.bulk(path, items, chunk=chunk, in_flight=in_flight)

    @property
    def written(self) -> WrittenTokens:
        """What reports will include when they are read next."""
        return self.transport.transport.written
