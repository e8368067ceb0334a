"""The installation's key at hand, for whoever signs or verifies in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import jwt

from chassis.database import Database
from gateway.directory.keys.signing_key import SigningKey
from gateway.directory.keys.store import active_key


class Keyring:
    """Reads the key when it is first needed, and keeps it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = asyncio.Lock()
        self._key: SigningKey | None = None
        self._public: Mapping[str, jwt.PyJWK] = {}

    async def key(self) -> SigningKey:
        async with self._reading:
            if self._key is None:
                key = await active_key(self._database)
                self._public = {key.id: jwt.PyJWK(key.public())}
                self._key = key
        return self._key

    async def published(self) -> Mapping[str, jwt.PyJWK]:
        """The public keys by their ids, as the JWKS lists them."""
        await self.key()
        return self._public
