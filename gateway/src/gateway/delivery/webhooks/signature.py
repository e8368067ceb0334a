"""Secrets and signatures, as Standard Webhooks has them (v1, HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable

_PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 32 bytes of chance in base64."""
    return _PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def signed(secrets_: Iterable[str], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sends this; a signature by each secret."""
    content = b"%s.%d.%s" % (id.encode(), timestamp, body)
    signatures = (hmac.digest(_key(secret), content, hashlib.sha256) for secret in secrets_)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(one).decode()}" for one in signatures),
    }


def _key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(_PREFIX))
