"""The client without an event loop, from a thread that has none."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from aiohttp import web

from meridian_client import Meridian, OutOfPatience, Problem

T = TypeVar("T")


async def apart(gateway: Any, work: Callable[[Meridian], T], patience: float = 5.0) -> T:
    """What `work` comes to in a thread of its own, with a client signed in."""

    def run() -> T:
        with Meridian(gateway.url, patience=patience) as client:
            client.sign_in("acme", "ada", "secret")
            gateway.requests.clear()
            return work(client)

    return await asyncio.to_thread(run)


async def test_an_operation_is_waited_for_and_repeated(gateway: Any) -> None:
    refused = iter(range(2))

    async def script(request: web.Request) -> web.Response | None:
        busy = request.path == "/v1/tenant" and next(refused, None) is not None
        return web.Response(status=503) if busy else None

    gateway.script = script
    tenant = await apart(gateway, lambda client: client.tenant.read())
    assert tenant.slug == "acme"
    assert len(gateway.requests) == 3


async def test_a_list_is_read_page_after_page(gateway: Any) -> None:
    async def script(request: web.Request) -> web.Response | None:
        if request.path != "/v1/companies":
            return None
        page = int(request.query.get("cursor", "1"))
        items = [{"id": f"{'0' * 8}-{'0' * 4}-{'0' * 4}-{'0' * 4}-{page:012}", "version": 1}]
        following = str(page + 1) if page < 4 else None
        named = [{**item, "name": str(page)} for item in items]
        return web.json_response({"items": named, "next_cursor": following})

    gateway.script = script
    names = await apart(gateway, lambda client: [c.name for c in client.companies.list()])
    assert names == ["1", "2", "3", "4"]
    first = await apart(gateway, lambda client: next(iter(client.companies.list())).name)
    assert first == "1"
    assert len(gateway.requests) == 1


async def test_bulk_draws_in_the_callers_thread_and_answers_in_order(gateway: Any) -> None:
    def work(client: Meridian) -> tuple[list[str], set[threading.Thread], list[int]]:
        threads: set[threading.Thread] = set()

        def items() -> Iterator[dict[str, object]]:
            for number in range(25):
                threads.add(threading.current_thread())
                yield {"name": f"company {number}"}

        verdicts = list(client.companies.bulk(items(), chunk=4, in_flight=3))
        names = [gateway.names[str(verdict.id)] for verdict in verdicts]
        assert threads == {threading.current_thread()}
        return names, threads, [verdict.index for verdict in verdicts]

    names, _, indexes = await apart(gateway, work)
    assert names == [f"company {number}" for number in range(25)]
    assert indexes == list(range(25))
    assert len(gateway.requests) == 7


async def test_refusals_and_the_end_of_patience_are_raised(gateway: Any) -> None:
    async def script(request: web.Request) -> web.Response | None:
        statuses = {"/v1/tenant": 503, "/v1/me": 403}
        status = statuses.get(request.path)
        return None if status is None else web.Response(status=status)

    gateway.script = script

    def work(client: Meridian) -> None:
        with pytest.raises(Problem, match="HTTP 403"):
            client.me.read()
        with pytest.raises(OutOfPatience):
            client.tenant.read()

    await apart(gateway, work, patience=0.2)


async def test_threads_share_a_client(gateway: Any) -> None:
    def work(client: Meridian) -> list[str]:
        slugs: list[str] = []
        readers = [
            threading.Thread(target=lambda: slugs.append(client.tenant.read().slug))
            for _ in range(4)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        return slugs

    assert await apart(gateway, work) == ["acme"] * 4


def test_outside_its_block_a_client_does_nothing() -> None:
    client = Meridian("http://127.0.0.1:1")
    with pytest.raises(RuntimeError, match="inside"):
        client.tenant.read()


async def test_nothing_runs_after_the_block(gateway: Any) -> None:
    await apart(gateway, lambda client: client.tenant.read())
    assert "meridian-client" not in [thread.name for thread in threading.enumerate()]
