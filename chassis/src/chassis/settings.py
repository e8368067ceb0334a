"""Settings every service has, read from the environment, typed, with defaults.

A service's own settings module derives from `ServiceSettings` and gives the
prefix of its variables (`SALES_`); what the whole platform shares keeps the
prefix `MERIDIAN_`.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PlatformSettings(BaseSettings):
    """What all services of one installation share (`MERIDIAN_...`)."""

    model_config = SettingsConfigDict(env_prefix="MERIDIAN_", extra="ignore")

    kafka: str = Field("127.0.0.1:9092", description="bootstrap servers, comma separated")
    jwks_url: str = Field(
        "http://127.0.0.1:8080/.well-known/jwks.json",
        description="where the gateway publishes the keys that sign identities",
    )
    kafka_session_timeout_ms: int = Field(
        6_000,
        ge=1_000,
        description="a consumer silent for so long has left its group; Kafka grants no less than "
        "its group.min.session.timeout.ms, which is 6 s unless changed",
    )
    replication_factor: int = Field(1, ge=1, description="copies of each topic partition")
    relay_lease_seconds: float = Field(
        5.0, gt=0, description="how long a silent relay keeps its slots"
    )
    relay_batch: int = Field(2_000, ge=1, description="outbox rows sent at once")
    relay_poll_seconds: float = Field(
        0.5, gt=0, description="how often the relay looks when nothing wakes it"
    )
    consumer_batch: int = Field(2_000, ge=1, description="events applied in one transaction")
    consumer_patience_seconds: float = Field(
        30.0, gt=0, description="a consumer that has not got on for so long is not ready"
    )
    most_parked_keys: int = Field(
        1_000, ge=1, description="a consumer with more parked keys stops and is not ready"
    )
    generation_check_seconds: float = Field(
        1.0, gt=0, description="how often a worker asks whether the broker is still the same"
    )
    reconcile_seconds: float = Field(
        120.0, gt=0, description="how often what was applied is compared with what was journalled"
    )
    reconcile_rows_per_second: int = Field(
        5_000, ge=1, description="read for that at the most, while no operator waits for it"
    )
    otlp_endpoint: str | None = Field(None, description="where traces go; nowhere without it")
    log_level: str = "INFO"
    largest_body_bytes: int = Field(16 * 1024 * 1024, description="of one HTTP request")
    idempotency_days: int = Field(7, ge=1, description="how long an Idempotency-Key is remembered")


class ServiceSettings(BaseSettings):
    """What each service has of its own (`SALES_DATABASE_URL`, ...)."""

    database_url: str = Field(..., description="postgresql://user:password@host:port/database")
    listen: str = Field("127.0.0.1:8000", description="host:port of the HTTP server")
    database_connections: int = Field(8, ge=2, description="of one process, at the most")

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])
