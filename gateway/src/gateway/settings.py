"""The settings of the gateway: `GATEWAY_DATABASE_URL`, `GATEWAY_CONTACTS_URL`, ..."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    contacts_url: str = Field("http://127.0.0.1:8001", description="where contacts answers")
    sales_url: str = Field("http://127.0.0.1:8002", description="where sales answers")
    marketing_url: str = Field("http://127.0.0.1:8003", description="where marketing answers")
    analytics_url: str = Field("http://127.0.0.1:8004", description="where analytics answers")
    upstream_connections: int = Field(64, ge=1, description="to each service, at the most")
    upstream_waiting: int = Field(
        256, ge=0, description="requests that may wait for a connection to one service"
    )
    upstream_connect_seconds: float = Field(3.0, gt=0, description="for making a connection")
    upstream_idle_seconds: float = Field(
        60.0, gt=0, description="a silent connection is not used again; services keep it for 75 s"
    )
    upstream_deadline_seconds: float = Field(
        60.0, gt=0, description="for one forwarded request, from first to last byte"
    )
    breaker_failures: int = Field(
        10, ge=1, description="in a row, then a service is left alone for `breaker_seconds`"
    )
    breaker_seconds: float = Field(1.0, gt=0)
    retry_share: float = Field(0.1, ge=0, le=1, description="retries as a part of the requests")
    retry_reserve: int = Field(20, ge=0, description="retries at once, at the most")
    composition_deadline_seconds: float = Field(
        3.0, gt=0, description="for each source of a composed answer"
    )

    connections: int = Field(4_096, ge=1, description="of clients, at the most")
    head_bytes: int = Field(32 * 1024, ge=1_024, description="of a request, at the most")
    head_seconds: float = Field(10.0, gt=0, description="for the whole head of a request")
    body_seconds: float = Field(
        10.0, gt=0, description="of waiting for a body, in which `body_bytes` of it must come"
    )
    body_bytes: int = Field(5_000, ge=1, description="in each `body_seconds`, at least")
    drain_seconds: float = Field(
        30.0, gt=0, description="a client that takes nothing of its answer for so long is cut off"
    )
    trusted_proxies: str = Field(
        "", description="networks, comma separated, whose X-Forwarded-For is believed"
    )

    limit_window_seconds: float = Field(60.0, gt=0, description="in which the limits count")
    tenant_requests: int = Field(120_000, ge=1, description="of all users of a tenant, each window")
    user_requests: int = Field(30_000, ge=1, description="of one user, each window")
    key_requests: int = Field(20_000, ge=1, description="with one access token, each window")
    address_requests: int = Field(
        1_200, ge=1, description="of one address without a valid token, each window"
    )
    limits_url: SecretStr | None = Field(
        None,
        description="redis://user:password@host:6379/0 or rediss://..., where all gateways count "
        "together; without it each counts by itself, and grants the whole",
    )
    limits_seconds: float = Field(
        0.05, gt=0, description="for an answer of it, then this gateway counts by itself"
    )
    refusals_logged_a_second: int = Field(
        100, ge=0, description="the rest of a flood is counted and not written down"
    )

    bootstrap_token: SecretStr | None = Field(
        None, description="lets its bearer create tenants; nobody can without it"
    )
    access_token_minutes: int = Field(60, ge=1, description="how long an access token holds")
    session_days: int = Field(30, ge=1, description="how long a session can be prolonged")
    signing_key_days: float = Field(30.0, gt=0, description="how long one key signs tokens")
    signing_key_announced_seconds: float = Field(
        600.0, gt=0, description="a new key is published for so long before it signs"
    )
    keyring_seconds: float = Field(
        60.0, ge=0, description="how often the keys are read again; well within the announcement"
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:587 or smtps://...; no letters without it"
    )
    mail_from: str = Field("meridian@localhost", description="who letters come from")
    invitation_url: str = Field(
        "http://127.0.0.1:8000/welcome", description="the page that takes `#invitation=...`"
    )
    sign_in_url: str = Field(
        "http://127.0.0.1:8000/sign-in",
        description="the page to which identity providers send people back, known to them too",
    )
    oidc_seconds: float = Field(
        5.0, gt=0, description="for one question to an identity provider, whole"
    )
    oidc_keys_seconds: float = Field(
        3_600.0, gt=0, description="how long what a provider publishes is believed"
    )
    oidc_pause_seconds: float = Field(
        5.0, ge=0, description="an unknown key has a provider's keys fetched, not more often"
    )
    oidc_loopback: bool = Field(
        False, description="identity providers at http://127.0.0.1 too, for development"
    )
    reset_requests: int = Field(
        3, ge=1, description="for one login within `reset_window_seconds`, then it waits"
    )
    reset_window_seconds: float = Field(3_600.0, gt=0)
    invitation_days: int = Field(14, ge=1, description="how long an invitation holds")
    standing_seconds: float = Field(
        2.0, ge=0, description="how long a change of roles or status may go unnoticed"
    )
    hashing_threads: int = Field(2, ge=1, description="passwords hashed at once; 12 MiB each")
    sign_in_failures: int = Field(
        10, ge=1, description="of one login within `sign_in_window_seconds`, then it waits"
    )
    sign_in_address_failures: int = Field(
        100, ge=1, description="of one address within `sign_in_window_seconds`, then it waits"
    )
    sign_in_window_seconds: float = Field(300.0, gt=0)
