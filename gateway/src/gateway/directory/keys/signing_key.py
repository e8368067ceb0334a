"""The key that signs access tokens and identities: Ed25519, one for the installation."""

from __future__ import annotations

from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

ALGORITHM = "EdDSA"


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
