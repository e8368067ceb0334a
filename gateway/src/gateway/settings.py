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
    upstream_deadline_seconds: float = Field(
        60.0, gt=0, description="for one forwarded request, from first to last byte"
    )
    composition_deadline_seconds: float = Field(
        3.0, gt=0, description="for each source of a composed answer"
    )

    bootstrap_token: SecretStr | None = Field(
        None, description="lets its bearer create tenants; nobody can without it"
    )
    access_token_minutes: int = Field(60, ge=1, description="how long an access token holds")
    invitation_days: int = Field(14, ge=1, description="how long an invitation holds")
    standing_seconds: float = Field(
        2.0, ge=0, description="how long a change of roles or status may go unnoticed"
    )
    hashing_threads: int = Field(2, ge=1, description="passwords hashed at once; 12 MiB each")
    sign_in_failures: int = Field(
        10, ge=1, description="of one login within `sign_in_window_seconds`, then it waits"
    )
    sign_in_window_seconds: float = Field(300.0, gt=0)
