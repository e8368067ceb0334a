"""Every query of forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Text, Uuid, select

from chassis.aggregates import AggregateStore
from chassis.database import Database
from chassis.schema import aggregate_table, metadata
from chassis.search import searchable
from events.catalogue import FORM
from events.marketing import Form

TABLE = aggregate_table(
    "form",
    metadata,
    Column("campaign", Uuid),
    Column("channel", Uuid),
    Column("is_active", Boolean),
    Column("search", Text),
)
SEARCHED = ("name",)


def columns(form: Form) -> dict[str, Any]:
    """What queries filter and search forms by."""
    return {
        "campaign": form.campaign,
        "channel": form.channel,
        "is_active": form.is_active,
        "search": searchable(form, SEARCHED),
    }


forms = AggregateStore(
    FORM,
    TABLE,
    state=Form,
    resource="forms",
    columns=columns,
    searched=SEARCHED,
    filters={"campaign": "campaign", "channel": "channel", "is_active": "is_active"},
)


@dataclass(frozen=True, slots=True)
class PublicForm:
    """A form as a stranger finds it, and the tenant it belongs to."""

    tenant: UUID
    form: Form


async def find_public(database: Database, id: UUID) -> PublicForm:
    """The form with this id, whosever it is; `NotFound` when there is none.

    The one query without a tenant: who submits a form has no identity, and it
    is the form that tells on whose behalf the submission is taken.
    """
    row = await database.fetch_one(select(TABLE.c.tenant, TABLE.c.state).where(TABLE.c.id == id))
    if row is None:
        raise forms.not_found(id)
    return PublicForm(row["tenant"], forms.decode(row["state"]))
