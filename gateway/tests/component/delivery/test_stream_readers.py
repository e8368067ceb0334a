"""Streams as a process keeps them: one tail for all, a little for each, and nobody waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.problems import InvalidRequest, TooManyRequests, Unavailable
from gateway.delivery.cursor import cursor_after
from gateway.delivery.log import store
from gateway.delivery.stream.streams import Streams, open_streams
from gateway.delivery.stream.subscription import Subscription
from gateway.delivery.stream.telling import Telling
from gateway.directory.standings import Standings
from gateway.settings import GatewaySettings
from gateway.testing.deliveries import Desk, opened_desk, product, products
from gateway.testing.streams import Listener


@asynccontextmanager
async def opened(desk: Desk, **settings: Any) -> AsyncIterator[Streams]:
    """The streams of a process that has this desk."""
    stopping = asyncio.Event()
    standings = Standings(desk.database, 0)
    own = GatewaySettings(database_url="postgresql://nowhere", **settings)
    async with open_streams(desk.log, standings, own, stopping) as streams:
        yield streams


async def test_many_streams_of_a_tenant_read_the_log_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, told = uuid4(), 5
    reads = 0
    read = desk.log.read

    async def counting(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(*arguments)

    monkeypatch.setattr(desk.log, "read", counting)
    listeners = [Listener(tenant) for _ in range(30)]
    async with opened(desk) as streams, AsyncExitStack() as stack:
        for listener in listeners:
            await stack.enter_async_context(listener.listening(streams))
        await desk.deliver(*products(tenant, told))
        for listener in listeners:
            assert [(await listener.next()).event for _ in range(told)] == ["changed"] * told
    assert reads < len(listeners)


async def test_one_comes_again_at_another_gateway(desk: Desk, delivery_url: str) -> None:
    listener = Listener()
    tenant = listener.session.tenant
    async with opened(desk) as streams, listener.listening(streams):
        await desk.deliver(*products(tenant, 1))
        last = await listener.next()
    missed = products(tenant, 300)
    await desk.deliver(*missed)
    async with (
        opened_desk(delivery_url) as other,
        opened(other) as streams,
        listener.listening(streams, last_event_id=last.id),
    ):
        found = [(await listener.next()).data["id"] for _ in missed]
        (late,) = products(tenant, 1)
        await other.deliver(late)
        found.append((await listener.next()).data["id"])
    assert found == [event.subject for event in (*missed, late)]


async def test_who_comes_too_late_is_reset_once_and_goes_on(desk: Desk) -> None:
    listener = Listener()
    tenant = listener.session.tenant
    await desk.deliver(*products(tenant, 3))
    while await store.forget(desk.database, tenant, datetime.now(UTC) + timedelta(days=1), 100):
        pass
    old = cursor_after(tenant, 1)
    async with opened(desk) as streams, listener.listening(streams, last_event_id=old):
        reset = await listener.next()
        assert (reset.event, reset.data["reason"]) == ("reset", "expired")
        assert reset.id == cursor_after(tenant, 3)
        (late,) = products(tenant, 1)
        await desk.deliver(late)
        assert (await listener.next()).data["id"] == late.subject


async def test_who_is_too_far_behind_is_reset(desk: Desk) -> None:
    listener = Listener()
    tenant = listener.session.tenant
    await desk.deliver(*products(tenant, 12))
    async with opened(desk, stream_behind=10) as streams:
        async with listener.listening(streams, last_event_id=cursor_after(tenant, 1)):
            assert (await listener.next()).data["reason"] == "behind"
        async with listener.listening(streams, last_event_id=cursor_after(tenant, 2)):
            assert [(await listener.next()).event for _ in range(10)] == ["changed"] * 10


async def test_a_slow_reader_holds_a_little_and_loses_nothing_while_it_is_not_too_far_behind(
    desk: Desk,
) -> None:
    slow, quick = Listener(), Listener()
    quick.session = slow.session
    quick.identity = slow.identity
    tenant = slow.session.tenant
    async with (
        opened(desk, stream_buffer_bytes=1_024, stream_behind=200) as streams,
        slow.listening(streams) as stream,
        quick.listening(streams),
    ):
        slow.takes.clear()
        told = products(tenant, 60)
        await desk.deliver(*told)
        assert [(await quick.next()).data["id"] for _ in told] == [one.subject for one in told]
        assert stream.reader._size <= 1_024
        slow.takes.set()
        assert [(await slow.next()).data["id"] for _ in told] == [one.subject for one in told]

        # Until it is: one reset, and what comes then.
        slow.takes.clear()
        await desk.deliver(*products(tenant, 1))
        for _ in range(5):
            await desk.deliver(*products(tenant, 100))
            for _ in range(100):
                await quick.next()
        slow.takes.set()
        found = [await slow.next()]
        while found[-1].event != "reset":
            found.append(await slow.next())
        assert found[-1].data["reason"] == "behind"
        (late,) = products(tenant, 1)
        await desk.deliver(late)
        assert (await slow.next()).data["id"] == late.subject


async def test_only_whose_record_it_is_is_asked(desk: Desk) -> None:
    listener = Listener()
    tenant, id = listener.session.tenant, uuid4()
    subscription = Subscription(records=frozenset({("crm.sales.product", id)}))
    async with opened(desk) as streams, listener.listening(streams, subscription) as stream:
        await desk.deliver(*products(tenant, 3), product(tenant, id, 1))
        assert (await listener.next()).data["id"] == str(id)
        assert listener.messages.empty()
        tail = stream.tail
    assert not tail._by_record


async def test_each_user_and_all_together_have_so_many_streams(desk: Desk) -> None:
    one, other, third = Listener(), Listener(), Listener()
    async with opened(desk, streams=3, user_streams=2) as streams:
        async with one.listening(streams), one.listening(streams):
            with pytest.raises(TooManyRequests) as refused:
                async with one.listening(streams):
                    pass
            assert int(refused.value.headers["Retry-After"]) > 0
            async with other.listening(streams):
                with pytest.raises(Unavailable):
                    async with third.listening(streams):
                        pass
        # Who was refused counts for nothing, nor who has left.
        async with one.listening(streams), one.listening(streams), third.listening(streams):
            pass


async def test_an_id_from_the_future_is_refused_and_leaves_nothing_open(desk: Desk) -> None:
    listener = Listener()
    async with opened(desk) as streams:
        with pytest.raises(InvalidRequest):
            async with listener.listening(
                streams, last_event_id=cursor_after(listener.session.tenant, 9)
            ):
                pass
        assert (streams._open, streams._watches, streams._tails._held) == (0, {}, {})


async def test_a_stream_ends_with_its_token_and_says_so(desk: Desk) -> None:
    listener = Listener(seconds=0.0)
    async with opened(desk, stream_access_seconds=0.05) as streams, listener.listening(streams):
        last = await listener.next()
    assert (last.event, last.data) == ("end", {"reason": "token_expired"})


async def test_so_much_at_once_that_nobody_can_be_told_is_a_reset_for_all(desk: Desk) -> None:
    listeners = [Listener(uuid4()) for _ in range(2)]
    listeners[1].session = listeners[0].session
    tenant: UUID = listeners[0].session.tenant
    async with opened(desk, stream_behind=50) as streams, AsyncExitStack() as stack:
        for listener in listeners:
            listener.identity = listeners[0].identity
            await stack.enter_async_context(listener.listening(streams))
        await desk.deliver(*products(tenant, 400))
        for listener in listeners:
            while (message := await listener.next()).event != "reset":
                pass
            assert message.data["reason"] == "behind"


async def test_what_cannot_be_told_is_no_silence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()

    def broken(*_: Any) -> bytes:
        raise ValueError("cannot be told")

    async with opened(desk) as streams, listener.listening(streams):
        monkeypatch.setattr(Telling, "to", broken)
        await desk.deliver(*products(listener.session.tenant, 1))
        assert (await listener.next()).event == "end"
    assert "cannot be told" in caplog.text
