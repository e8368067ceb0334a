"""The installation's keys at hand, for whoever signs or verifies in this process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from chassis.database import PASSING_FAILURES, Database
from gateway.directory.keys.signing_key import Rotation, SigningKey
from gateway.directory.keys.store import signing_keys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Keys:
    signing: SigningKey
    public: Mapping[str, jwt.PyJWK]
    documents: list[dict[str, Any]]


class Keyring:
    """Reads the keys when they are first needed, and again when `seconds` have passed.

    A new key is announced for longer than that: every replica knows it before
    the first one signs with it.
    """

    def __init__(self, database: Database, rotation: Rotation, seconds: float) -> None:
        self._database = database
        self._rotation = rotation
        self._seconds = seconds
        self._reading = asyncio.Lock()
        self._keys: _Keys | None = None
        self._until = 0.0

    async def key(self) -> SigningKey:
        """The key that signs now."""
        return (await self._current()).signing

    async def published(self) -> Mapping[str, jwt.PyJWK]:
        """The public keys by their ids, as the JWKS lists them."""
        return (await self._current()).public

    async def documents(self) -> list[dict[str, Any]]:
        """The public keys as JWKs."""
        return (await self._current()).documents

    async def _current(self) -> _Keys:
        if self._keys is not None and time.monotonic() < self._until:
            return self._keys
        async with self._reading:
            if self._keys is None or time.monotonic() >= self._until:
                self._keys = await self._read(self._keys)
                self._until = time.monotonic() + self._seconds
        return self._keys

    async def _read(self, known: _Keys | None) -> _Keys:
        try:
            found = await signing_keys(self._database, self._rotation)
        except PASSING_FAILURES as error:
            if known is None:
                raise
            # What was known a moment ago still verifies.
            log.warning("the signing keys cannot be read: %s", error)
            return known
        documents = [key.public() for key, _ in found]
        return _Keys(
            signing=[key for key, signs in found if signs][-1],
            public={document["kid"]: jwt.PyJWK(document) for document in documents},
            documents=documents,
        )
