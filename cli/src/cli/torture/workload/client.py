"""One client at the gateways' doors: sends an operation, and says what is known of its outcome."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any
from uuid import UUID

import aiohttp
import msgspec

from cli.torture.history import Attempt, History, Operation, Outcome

_LONGEST_SECONDS = 8.0
_MOST_ATTEMPTS = 6
_LONGEST_PAUSE = 2.0


class Client:
    """Sends operations of one tenant's administrator, and writes them into the history.

    What nobody could answer is repeated under its Idempotency-Key, most of the time; what has none
    never is. Now and then an answered one is repeated too, or two are sent at once. Use as an
    async context manager.
    """

    def __init__(
        self, number: int, gateways: tuple[str, ...], history: History, dice: Random
    ) -> None:
        self.number = number
        self._gateways = gateways
        self._history = history
        self._dice = dice
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        timeout = aiohttp.ClientTimeout(total=_LONGEST_SECONDS, sock_connect=2.0)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def run(self, operation: Operation, token: str) -> Operation:
        """Send `operation` until its outcome is clear or patience ends; returns it, recorded."""
        operation.client = self.number
        pause = 0.1
        if operation.key is not None and self._dice.random() < 0.06:
            # Two at once, as of somebody who clicks twice; the loop sends a third.
            twins = (self._attempt(operation, token) for _ in range(2))
            operation.attempts += await asyncio.gather(*twins)
        while True:
            operation.attempts.append(await self._attempt(operation, token))
            if len(operation.attempts) >= _MOST_ATTEMPTS or not self._goes_on(operation):
                break
            await asyncio.sleep(self._dice.uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._history.add(operation)
        return operation

    def _goes_on(self, operation: Operation) -> bool:
        last = operation.attempts[-1].outcome
        if last == "unknown":
            return operation.key is not None and self._dice.random() < 0.85
        once = len(operation.attempts) == 1
        return last == "ok" and operation.key is not None and once and self._dice.random() < 0.05

    async def _attempt(self, operation: Operation, token: str) -> Attempt:
        assert self._session is not None
        headers = {"Meridian-Correlation": operation.marker, "Authorization": f"Bearer {token}"}
        if operation.key is not None:
            headers["Idempotency-Key"] = operation.key
        if operation.seen_version is not None:
            headers["If-Match"] = f'"{operation.seen_version}"'
        data = None
        if operation.body is not None:
            patch = operation.method == "PATCH"
            kind = "application/merge-patch+json" if patch else "application/json"
            headers["Content-Type"] = kind
            data = msgspec.json.encode(operation.body)
        began = self._history.now()
        url = self._dice.choice(self._gateways) + operation.path
        try:
            async with self._session.request(
                operation.method, url, data=data, headers=headers
            ) as answer:
                content = await answer.read()
                return _answered(answer.status, answer.headers, content, began, self._history.now())
        except aiohttp.ClientConnectorError as error:
            return self._broken(began, "fail", error)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return self._broken(began, "unknown", error)

    def _broken(self, began: float, outcome: Outcome, error: Exception) -> Attempt:
        said = f"{type(error).__name__} {error}".strip()
        return Attempt(began=began, ended=self._history.now(), said=said, outcome=outcome)


def _answered(status: int, headers: Any, content: bytes, began: float, ended: float) -> Attempt:
    try:
        answer = msgspec.json.decode(content) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = content.decode("utf-8", "replace")[:500]
    outcome: Outcome = "ok" if status < 400 else "unknown" if status >= 500 else "fail"
    tokens = (token.strip() for token in headers.get("Meridian-Written", "").split(","))
    tag = headers.get("ETag", "").strip('"')
    return Attempt(
        began=began,
        ended=ended,
        said=str(status) if outcome == "ok" else f"{status} {_reason(answer)}",
        outcome=outcome,
        replayed="Idempotency-Replayed" in headers,
        answer=_shortened(answer) if outcome == "ok" else None,
        written=tuple(filter(None, tokens)),
        version=int(tag) if tag.isdigit() else None,
    )


def _reason(answer: Any) -> str:
    if not isinstance(answer, dict):
        return str(answer)[:200]
    return f"{answer.get('type', '')} {answer.get('detail', '')}".strip()[:300]


def _shortened(answer: Any) -> Any:
    """What the checks ask of an answer: ids and versions, and a bulk request's verdicts."""
    if not isinstance(answer, dict):
        return None
    if "items" in answer:
        return [
            [item.get("verdict"), item.get("id"), item.get("version")]
            for item in answer["items"]
            if isinstance(item, dict)
        ]
    if isinstance(answer.get("user"), dict):
        answer = answer["user"]
    return {name: answer[name] for name in ("id", "version", "lead") if name in answer}


def id_of(attempt: Attempt) -> UUID | None:
    """The id of the record that an answer is about, where it is one."""
    answer = attempt.answer
    found = answer.get("id") if isinstance(answer, dict) else None
    return UUID(found) if found is not None else None
