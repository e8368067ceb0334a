"""Hashing passwords with Argon2id, in threads of their own, so many at once and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

from chassis.problems import Unavailable
from gateway.directory.passwords.password import composed, require_hard_to_guess

Result = TypeVar("Result")

# One of OWASP's equally strong recommendations for Argon2id: 12 MiB, three passes, one lane.
# A thread keeps its memory between hashes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=12_288, parallelism=1, type=Type.ID)
_LONGEST_QUEUE = 200


class Hashing:
    """Hashes and verifies passwords; `Unavailable` when too many already wait."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._waiting = 0
        # Verified instead where there is no password, so that this takes as long.
        self._nobody = self._threads.submit(_HASHER.hash, "nobody")

    async def hash(self, password: str) -> str:
        """The hash to keep of a new password, with its salt and parameters.

        Raises `PasswordTooEasy` for one that is easy to guess.
        """
        return await self._run(lambda: _hashed(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one kept; False after as long a time when none is."""
        holds = await self._run(lambda: _holds(kept or self._nobody.result(), password))
        return holds and kept is not None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= _LONGEST_QUEUE:
            raise Unavailable("too many passwords are being checked", retry_after=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _hashed(password: str) -> str:
    require_hard_to_guess(password)
    return _HASHER.hash(composed(password))


def _holds(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, composed(password))
    except VerificationError:
        return False
