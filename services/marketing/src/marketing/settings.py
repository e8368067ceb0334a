"""The settings of marketing: `MARKETING_DATABASE_URL`, `MARKETING_SUBMISSIONS_PER_MINUTE`, ..."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class MarketingSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="MARKETING_", extra="ignore")

    submissions_per_minute: float = Field(
        600.0, gt=0, description="what one public form accepts in the long run, of each process"
    )
    submissions_burst: int = Field(
        200, ge=1, description="what one public form accepts at once after a quiet time"
    )
