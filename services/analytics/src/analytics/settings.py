"""The settings of analytics: `ANALYTICS_DATABASE_URL`, `ANALYTICS_LISTEN`, ..."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class AnalyticsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ANALYTICS_", extra="ignore")
