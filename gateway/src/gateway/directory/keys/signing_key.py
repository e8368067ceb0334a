"""The keys that sign access tokens and identities: Ed25519, one at a time for the installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True)
class Rotation:
    """How long a key is announced before it signs, signs, and is verified after that."""

    announced_seconds: float
    signing_seconds: float
    verified_seconds: float


class SigningKey:
    """A private key and its id."""

    def __init__(self, id: str, secret: bytes) -> None:
        self.id = id
        self._private = Ed25519PrivateKey.from_private_bytes(secret)

    def sign(self, claims: dict[str, Any]) -> str:
        """`claims` as a signed JWT that names this key."""
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": self.id})

    def public(self) -> dict[str, Any]:
        """The public half as a JWK."""
        public = OKPAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        return public | {"kid": self.id, "use": "sig", "alg": ALGORITHM}


def new_secret() -> bytes:
    """The 32 bytes of a new private key."""
    return Ed25519PrivateKey.generate().private_bytes_raw()
