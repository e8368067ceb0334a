"""One HTTP command: identity, idempotency, transaction, answer.

@routes.post("/deals/{id}/win", **answers(Deal))
async def win(id: UUID, outcome: Win = json_body(Win), command: Command = COMMAND):
return await command.run(lambda tx: use_cases.win(tx, id, outcome))
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from fastapi import Depends
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from chassis.fields import require_writable, sight_of
from chassis.identity import HEADER, Identity, IdentityVerifier
from chassis.journal import encoder
from chassis.problems import (
    ExternalIdTaken,
    InvalidRequest,
    MalformedRequest,
    VersionLost,
)
from chassis.storage import Answer
from chassis.telemetry import traceparent
from chassis.transactions import Cause, Transaction, Transactions
from chassis.web.parameters import LONGEST_HEADER
from events.values import Record

UseCase = Callable[[Transaction], Awaitable[Any]]

_VERSION = re.compile(r'(?:W/)?"([0-9]{1,18})"')

# A race lost to another command is run again from its start so many times, a little later.
_TRIES = 8
_PAUSE_SECONDS = 0.01


async def identified(request: Request) -> Identity:
    """The verified identity of a request; `Unauthenticated` without one."""
    verifier: IdentityVerifier = request.app.state.identities
    identity = await verifier.verify(request.headers.get(HEADER))
    request.state.identity = identity
    return identity


identified.is_identifying = True  # type: ignore[attr-defined]
IDENTITY: Any = Depends(identified)


class Command:
    """A request that changes something, on behalf of `identity`."""

    def __init__(self, request: Request, identity: Identity) -> None:
        self.request = request
        self.identity = identity
        self._transactions: Transactions = request.app.state.transactions

    @property
    def seen_version(self) -> int | None:
        """The version in If-Match; None without it or with `*`."""
        tag = self.request.headers.get("if-match")
        if tag is None or tag == "*":
            return None
        found = _VERSION.fullmatch(tag)
        if found is None:
            raise MalformedRequest('If-Match is a version in quotes, as "3"', field="If-Match")
        return int(found[1])

    async def run(
        self,
        use_case: UseCase,
        *,
        status: int = 200,
        sets: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        """Run `use_case` in a transaction and answer what it returns, as far as it may be seen.

        Raises `FieldNotPermitted`, before anything else, when the body names a field that may
        not be set; `sets` maps members of the body that are called otherwise to their fields.
        With an `Idempotency-Key` the answer is stored with what the transaction writes, and
        given again to a repetition of the same request.
        """
        if self._restricted:
            require_writable(self.identity, self._resource, self._named(sets))
        key = self._idempotency_key()
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._attempt(use_case, status, key)
            except (VersionLost, ExternalIdTaken):
                if attempt == _TRIES:
                    raise
                await asyncio.sleep(random.random() * attempt * _PAUSE_SECONDS)
        raise AssertionError("unreachable")

    async def _attempt(self, use_case: UseCase, status: int, key: str | None) -> Response:
        async with self._transactions.begin(self.identity, self._cause()) as transaction:
            if key is not None:
                stored = await self._claim(transaction, key)
                if stored is not None:
                    return stored
            result = await use_case(transaction)
            response = self._answer(result, status, transaction)
            if key is not None:
                await self._remember(transaction, key, response)
        return response

    def _cause(self) -> Cause:
        headers = self.request.headers
        return Cause(
            correlation=_said(headers, "Meridian-Correlation"),
            reason=_said(headers, "Meridian-Reason"),
            origin=_said(headers, "Meridian-Origin"),
            traceparent=traceparent(),
        )

    @property
    def _resource(self) -> str:
        """What the command is about: the first word of its path after the version."""
        return self.request.url.path.split("/", 3)[2]

    @property
    def _restricted(self) -> bool:
        """Whether there are rules for fields of what the command is about."""
        return bool(self.identity.fields) and self._resource in self.identity.fields

    def _named(self, sets: Mapping[str, str]) -> list[str]:
        """The fields that the body names."""
        body: bytes = getattr(self.request.state, "body", b"")
        document = msgspec.json.decode(body) if body else None
        return [sets.get(name, name) for name in document] if isinstance(document, dict) else []

    def _answer(self, result: Any, status: int, transaction: Transaction) -> Response:
        body: bytes | str = encoder.encode(result)
        if isinstance(result, Record):
            sight = sight_of(self.identity, type(result))
            body = body if sight is None else sight.state(body)
        response = Response(body, status, media_type="application/json")
        if isinstance(result, Record):
            response.headers["ETag"] = f'"{result.version}"'
            if status == 201:
                path = self.request.url.path.rstrip("/")
                response.headers["Location"] = f"{path}/{result.id}"
        if transaction.written:
            response.headers["Meridian-Written"] = transaction.read_after()
        return response

    # -- idempotency ------------------------------------------------------------

    def _idempotency_key(self) -> str | None:
        key = self.request.headers.get("idempotency-key")
        if key is not None and not (
            1 <= len(key) <= LONGEST_HEADER and key.isascii() and key.isprintable()
        ):
            raise InvalidRequest(
                f"1 to {LONGEST_HEADER} printable characters of ASCII", field="Idempotency-Key"
            )
        return key

    def _fingerprint(self) -> bytes:
        path = f"{self.request.method} {self.request.url.path}\n".encode()
        asked = path + getattr(self.request.state, "body", b"")
        if self._restricted:
            # What is seen of the answer depends on them: it is not given to other eyes.
            asked += msgspec.json.encode(self.identity.fields[self._resource], order="sorted")
        return hashlib.sha256(asked).digest()

    async def _claim(self, transaction: Transaction, key: str) -> Response | None:
        """None when the key is new; the stored answer when this request was answered before."""
        storage = self._transactions.storage
        answer = await storage.claim(transaction, key, self._fingerprint())
        if answer is None:
            return None
        return Response(
            answer.body,
            answer.status,
            {**answer.headers, "Idempotency-Replayed": "true"},
            media_type="application/json",
        )

    async def _remember(self, transaction: Transaction, key: str, response: Response) -> None:
        kept = ("etag", "location", "meridian-written")
        headers = {name: response.headers[name] for name in kept if name in response.headers}
        answer = Answer(response.status_code, headers, bytes(response.body))
        await self._transactions.storage.remember(transaction, key, answer)


def _said(headers: Headers, name: str) -> str | None:
    """What a header says in UTF-8; None without it. `InvalidRequest` for what is no such text."""
    given = headers.get(name)
    if not given:
        return None
    try:
        # Servers hand on bytes as characters of Latin-1.
        text = given.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise InvalidRequest("text in UTF-8", field=name) from None
    if len(text) > LONGEST_HEADER:
        raise InvalidRequest(f"at most {LONGEST_HEADER} characters", field=name)
    return text


def commanding(
    give: Callable[..., Awaitable[Command]],
) -> Callable[..., Awaitable[Command]]:
    """Mark a dependency that gives a `Command`: its route is documented as one."""
    give.is_command = True  # type: ignore[attr-defined]
    return give


@commanding
async def _command(request: Request, identity: Identity = IDENTITY) -> Command:
    return Command(request, identity)


COMMAND: Any = Depends(_command)


def state_response(version: int, state: str) -> Response:
    """A representation made of ready JSON, with its ETag."""
    return Response(state, media_type="application/json", headers={"ETag": f'"{version}"'})
