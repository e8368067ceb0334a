"""The settings of contacts: `CONTACTS_DATABASE_URL`, `CONTACTS_LISTEN`, ..."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


class ContactsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CONTACTS_", extra="ignore")
