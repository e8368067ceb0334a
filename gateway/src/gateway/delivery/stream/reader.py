"""One open stream: where it is in the log, and a little that waits to be sent."""

from __future__ import annotations

import asyncio

from starlette.types import Send

from gateway.delivery.stream.messages import End, Loss, ended
from gateway.delivery.stream.subscription import Subscription
from gateway.delivery.stream.watch import Watch


class Reader:
    """A stream of whoever `watch` is about, that has been told everything up to `after`.

    What it is offered waits until the connection takes it, up to `most_bytes`: a reader that
    does not come along forgets what it was offered, `is_behind`, and reads the log by itself.
    `loss` says why it is to be told that some was left out.
    """

    __slots__ = (
        "_farewell",
        "_most_bytes",
        "_size",
        "_until",
        "_waiting",
        "_woken",
        "after",
        "has_left",
        "is_behind",
        "loss",
        "subscription",
        "watch",
    )

    def __init__(
        self, watch: Watch, subscription: Subscription, after: int, most_bytes: int
    ) -> None:
        self.watch = watch
        self.subscription = subscription
        self.after = after
        self.is_behind = False
        self.has_left = False
        self.loss: Loss | None = None
        self._most_bytes = most_bytes
        self._waiting: list[bytes] = []
        self._size = 0
        self._until = after
        self._farewell: bytes | None = None
        self._woken: asyncio.Future[None] | None = None

    @property
    def is_over(self) -> bool:
        return self.has_left or self._farewell is not None

    def offer(self, sequence: int, message: bytes) -> None:
        """A message for it, after which it has been told everything up to a sequence."""
        if self.is_behind or self.loss is not None or self.is_over:
            return
        if not self._waiting:
            self.after = max(self.after, sequence - 1)
        self._size += len(message)
        if self._size > self._most_bytes:
            self._forget()
            self.is_behind = True
        else:
            self._waiting.append(message)
            self._until = sequence
        self._wake()

    def lose(self, reason: Loss) -> None:
        """It has to be told that some is left out: what waits is of no use."""
        self._forget()
        self.loss = reason
        self._wake()

    def beat(self, sequence: int, heartbeat: bytes) -> None:
        """Offer a heartbeat where nothing waits that says as much."""
        if not self._waiting:
            self.offer(sequence, heartbeat)

    def end(self, reason: End) -> None:
        """Send what waits, and a last message that says why."""
        if self._farewell is None:
            self._farewell = ended(reason)
            self._wake()

    def leave(self) -> None:
        """Nobody listens any longer."""
        self.has_left = True
        self._wake()

    async def follow(self, send: Send) -> None:
        """Send what is offered, until it falls behind or is over."""
        while not self.has_left:
            if self._waiting:
                await self.tell(send, self._taken())
            elif self.is_behind or self.loss is not None or self.is_over:
                return
            else:
                await self._until_woken()

    async def tell(self, send: Send, told: bytes) -> None:
        """Send something now."""
        await send(_part(told))

    async def finish(self, send: Send) -> None:
        """Send the last message, after which there is no other."""
        if not self.has_left:
            await send(_part(self._farewell or b"", is_last=True))

    def _forget(self) -> None:
        self._waiting.clear()
        self._size = 0

    def _taken(self) -> bytes:
        taken = b"".join(self._waiting)
        self._forget()
        self.after = self._until
        return taken

    async def _until_woken(self) -> None:
        self._woken = asyncio.get_running_loop().create_future()
        try:
            await self._woken
        finally:
            self._woken = None

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


def _part(body: bytes, *, is_last: bool = False) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": not is_last}
