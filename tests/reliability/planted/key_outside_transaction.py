"""Planted: an Idempotency-Key is looked up before the command's transaction, and kept after it."""

from __future__ import annotations

import importlib
import sys

import msgspec
from starlette.responses import Response

from chassis.web.commands import Command, UseCase

_KEEP = """
    insert into idempotency_key (tenant, actor, key, request, status, headers, body)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
"""


async def attempt(self: Command, use_case: UseCase, status: int, key: str | None) -> Response:
    pool = self._transactions.database.pool
    place = (self.identity.tenant, self.identity.actor, key)
    if key is not None:
        kept = await pool.fetchrow(
            """select status, headers, body from idempotency_key
               where tenant = $1 and actor = $2 and key = $3""",
            *place,
        )
        if kept is not None:
            headers = msgspec.json.decode(kept["headers"], type=dict[str, str])
            return Response(kept["body"], kept["status"], headers, media_type="application/json")
    async with self._transactions.begin(self.identity, self._cause()) as transaction:
        response = self._answer(await use_case(transaction), status, transaction)
    if key is not None:
        names = ("etag", "location", "meridian-written")
        headers = {name: response.headers[name] for name in names if name in response.headers}
        await pool.execute(
            _KEEP,
            *place,
            self._fingerprint(),
            response.status_code,
            msgspec.json.encode(headers).decode(),
            response.body,
        )
    return response


def main(arguments: list[str]) -> int:
    Command._attempt = attempt  # type: ignore[method-assign]
    code: int = importlib.import_module(f"{sys.argv[0]}.__main__").main(arguments)
    return code
