"""What the user asked the import for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct


class SignIn(Struct, frozen=True):
    """Who signs in, where; `tenant` is a slug."""

    tenant: str
    login: str
    password: str


@dataclass(frozen=True)
class Options:
    """How to import: offices' time zones, the users' e-mail domain, sizes of requests."""

    time_zones: Mapping[str, str] = field(default_factory=dict)
    email_domain: str | None = None
    batch: int = 500
    in_flight: int = 3


@dataclass(frozen=True)
class Request:
    """One import: from where, to where, as whom.

    Without a `gateway` it is that of this machine's platform, without a `sign_in`
    that platform's own tenant of opportunities.
    """

    directory: Path
    gateway: str | None = None
    sign_in: SignIn | None = None
    report: Path | None = None
    options: Options = Options()
