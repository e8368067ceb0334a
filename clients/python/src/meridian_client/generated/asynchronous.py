"""Every route of the API, awaited. Written by `./meridian language` of clients/openapi.json."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Literal

from meridian_client.generated import models
from meridian_client.transport import (
    LARGEST_CHUNK,
    LARGEST_PAGE,
    Filter,
    Id,
    Transport,
    segment,
    tag,
)


class AsyncAbsences:
    """What is under `/v1/absences`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        department: Filter | None = None,
        deputy: Filter | None = None,
        kind: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Absence]:
        """List absences."""
        return self._transport.each(
            "/v1/absences",
            models.Absence,
            {
                "department": department,
                "deputy": deputy,
                "kind": kind,
                "owner": owner,
                "external_id": external_id,
            },
            page_size,
        )

    async def create(
        self,
        body: models.AbsenceDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Absence:
        """Create one of absences."""
        return await self._transport.send(
            "POST",
            "/v1/absences",
            models.Absence,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.AbsenceDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/absences", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Absence:
        """Read one of absences, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/absences/{segment(id)}", models.Absence, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.AbsencePatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Absence:
        """Change one of absences."""
        return await self._transport.send(
            "PATCH",
            f"/v1/absences/{segment(id)}",
            models.Absence,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    async def delete(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.Deleted:
        """Delete an absence."""
        return await self._transport.send(
            "DELETE",
            f"/v1/absences/{segment(id)}",
            models.Deleted,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of absences, newest first."""
        return self._transport.each(
            f"/v1/absences/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncAccess:
    """What is under `/v1/access`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def explain(self, body: models.Question | Mapping[str, Any]) -> models.Explanation:
        """Explain why somebody may or may not do something."""
        return await self._transport.send(
            "POST", "/v1/access/explain", models.Explanation, body=body
        )


class AsyncApiKeys:
    """What is under `/v1/api-keys`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> models.ApiKeys:
        """List API keys."""
        return await self._transport.send("GET", "/v1/api-keys", models.ApiKeys)

    async def create(
        self,
        body: models.ApiKeyDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.ApiKeyIssued:
        """Create an API key."""
        return await self._transport.send(
            "POST",
            "/v1/api-keys",
            models.ApiKeyIssued,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def revoke(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.ApiKey:
        """Revoke an API key."""
        return await self._transport.send(
            "DELETE",
            f"/v1/api-keys/{segment(id)}",
            models.ApiKey,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )


class AsyncCampaigns:
    """What is under `/v1/campaigns`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        channel: Filter | None = None,
        department: Filter | None = None,
        owner: Filter | None = None,
        status: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Campaign]:
        """List campaigns."""
        return self._transport.each(
            "/v1/campaigns",
            models.Campaign,
            {
                "channel": channel,
                "department": department,
                "owner": owner,
                "status": status,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.CampaignDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Campaign:
        """Create one of campaigns."""
        return await self._transport.send(
            "POST",
            "/v1/campaigns",
            models.Campaign,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.CampaignDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/campaigns", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Campaign:
        """Read one of campaigns, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/campaigns/{segment(id)}", models.Campaign, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.CampaignPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Campaign:
        """Change one of campaigns."""
        return await self._transport.send(
            "PATCH",
            f"/v1/campaigns/{segment(id)}",
            models.Campaign,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of campaigns, newest first."""
        return self._transport.each(
            f"/v1/campaigns/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncChannels:
    """What is under `/v1/channels`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        department: Filter | None = None,
        is_active: Filter | None = None,
        kind: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Channel]:
        """List channels."""
        return self._transport.each(
            "/v1/channels",
            models.Channel,
            {
                "department": department,
                "is_active": is_active,
                "kind": kind,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.ChannelDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Channel:
        """Create one of channels."""
        return await self._transport.send(
            "POST",
            "/v1/channels",
            models.Channel,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.ChannelDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/channels", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Channel:
        """Read one of channels, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/channels/{segment(id)}", models.Channel, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.ChannelPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Channel:
        """Change one of channels."""
        return await self._transport.send(
            "PATCH",
            f"/v1/channels/{segment(id)}",
            models.Channel,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of channels, newest first."""
        return self._transport.each(
            f"/v1/channels/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncCompanies:
    """What is under `/v1/companies`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        department: Filter | None = None,
        industry: Filter | None = None,
        owner: Filter | None = None,
        parent: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Company]:
        """List companies."""
        return self._transport.each(
            "/v1/companies",
            models.Company,
            {
                "department": department,
                "industry": industry,
                "owner": owner,
                "parent": parent,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.CompanyDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Company:
        """Create one of companies."""
        return await self._transport.send(
            "POST",
            "/v1/companies",
            models.Company,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.CompanyDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/companies", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Company:
        """Read one of companies, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/companies/{segment(id)}", models.Company, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.CompanyPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Company:
        """Change one of companies."""
        return await self._transport.send(
            "PATCH",
            f"/v1/companies/{segment(id)}",
            models.Company,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    async def delete(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.Deleted:
        """Delete a company."""
        return await self._transport.send(
            "DELETE",
            f"/v1/companies/{segment(id)}",
            models.Deleted,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of companies, newest first."""
        return self._transport.each(
            f"/v1/companies/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncCustomers:
    """What is under `/v1/customers`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def read(self, id: Id) -> models.Customer:
        """Read a company or a person."""
        return await self._transport.send("GET", f"/v1/customers/{segment(id)}", models.Customer)

    async def read_360(self, id: Id) -> models.Customer360:
        """Read a customer from all sides."""
        return await self._transport.send(
            "GET", f"/v1/customers/{segment(id)}/360", models.Customer360
        )

    def timeline(
        self,
        id: Id,
        *,
        type: Filter | None = None,
        status: Filter | None = None,
        channel: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.TimelineEntry]:
        """List what happened with a customer, newest first: touches, and facts of other systems."""
        return self._transport.each(
            f"/v1/customers/{segment(id)}/timeline",
            models.TimelineEntry,
            {"type": type, "status": status, "channel": channel},
            page_size,
        )


class AsyncDeals:
    """What is under `/v1/deals`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        customer: Filter | None = None,
        department: Filter | None = None,
        owner: Filter | None = None,
        pipeline: Filter | None = None,
        stage: Filter | None = None,
        status: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Deal]:
        """List deals."""
        return self._transport.each(
            "/v1/deals",
            models.Deal,
            {
                "customer": customer,
                "department": department,
                "owner": owner,
                "pipeline": pipeline,
                "stage": stage,
                "status": status,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.DealDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Deal:
        """Create one of deals."""
        return await self._transport.send(
            "POST",
            "/v1/deals",
            models.Deal,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.DealImport | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/deals", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Deal:
        """Read one of deals, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/deals/{segment(id)}", models.Deal, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.DealPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Deal:
        """Change one of deals."""
        return await self._transport.send(
            "PATCH",
            f"/v1/deals/{segment(id)}",
            models.Deal,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of deals, newest first."""
        return self._transport.each(
            f"/v1/deals/{segment(id)}/history", models.Version, {}, page_size
        )

    async def lose(
        self,
        id: Id,
        body: models.Closing | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Deal:
        """Lose a deal, for a reason."""
        return await self._transport.send(
            "POST",
            f"/v1/deals/{segment(id)}/lose",
            models.Deal,
            body={} if body is None else body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def move(
        self,
        id: Id,
        body: models.Move | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Deal:
        """Move a deal to a stage."""
        return await self._transport.send(
            "POST",
            f"/v1/deals/{segment(id)}/move",
            models.Deal,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def reopen(
        self,
        id: Id,
        body: models.Reopening | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Deal:
        """Reopen a closed deal."""
        return await self._transport.send(
            "POST",
            f"/v1/deals/{segment(id)}/reopen",
            models.Deal,
            body={} if body is None else body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def win(
        self,
        id: Id,
        body: models.Closing | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Deal:
        """Win a deal."""
        return await self._transport.send(
            "POST",
            f"/v1/deals/{segment(id)}/win",
            models.Deal,
            body={} if body is None else body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )


class AsyncDepartments:
    """What is under `/v1/departments`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        department: Filter | None = None,
        owner: Filter | None = None,
        parent: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Department]:
        """List departments."""
        return self._transport.each(
            "/v1/departments",
            models.Department,
            {
                "department": department,
                "owner": owner,
                "parent": parent,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.DepartmentDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Department:
        """Create one of departments."""
        return await self._transport.send(
            "POST",
            "/v1/departments",
            models.Department,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.DepartmentDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/departments", items, chunk, in_flight)

    def list_openings(
        self,
        *,
        at: dt.datetime | None = None,
        department: Filter | None = None,
        owner: Filter | None = None,
        parent: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Opening]:
        """List the departments that are open at a moment, now unless told, and that are not."""
        return self._transport.each(
            "/v1/departments/open",
            models.Opening,
            {
                "at": at,
                "department": department,
                "owner": owner,
                "parent": parent,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Department:
        """Read one of departments, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/departments/{segment(id)}", models.Department, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.DepartmentPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Department:
        """Change one of departments."""
        return await self._transport.send(
            "PATCH",
            f"/v1/departments/{segment(id)}",
            models.Department,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of departments, newest first."""
        return self._transport.each(
            f"/v1/departments/{segment(id)}/history", models.Version, {}, page_size
        )

    def list_members(
        self,
        id: Id,
        *,
        at: dt.datetime | None = None,
        below: bool | None = None,
        language: Filter | None = None,
        skill: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Member]:
        """List who works in a department, who is absent, and who stands in."""
        return self._transport.each(
            f"/v1/departments/{segment(id)}/members",
            models.Member,
            {"at": at, "below": below, "language": language, "skill": skill},
            page_size,
        )

    async def read_timetable(
        self, id: Id, *, from_: dt.date | None = None, to: dt.date | None = None
    ) -> models.Timetable:
        """Read when a department works on the days from one to another."""
        return await self._transport.send(
            "GET",
            f"/v1/departments/{segment(id)}/working-time",
            models.Timetable,
            query={"from": from_, "to": to},
        )

    async def read_due(
        self, id: Id, *, start: dt.datetime | None = None, minutes: int | None = None
    ) -> models.Due:
        """Read by when a department has worked for so many minutes."""
        return await self._transport.send(
            "GET",
            f"/v1/departments/{segment(id)}/working-time/after",
            models.Due,
            query={"start": start, "minutes": minutes},
        )


class AsyncFacts:
    """What is under `/v1/facts`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        customer: Filter | None = None,
        department: Filter | None = None,
        document: Filter | None = None,
        document_type: Filter | None = None,
        kind: Filter | None = None,
        owner: Filter | None = None,
        since: dt.datetime | None = None,
        system: Filter | None = None,
        external_id: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.GatewayFact]:
        """List facts."""
        return self._transport.each(
            "/v1/facts",
            models.GatewayFact,
            {
                "customer": customer,
                "department": department,
                "document": document,
                "document_type": document_type,
                "kind": kind,
                "owner": owner,
                "since": since,
                "system": system,
                "external_id": external_id,
            },
            page_size,
        )

    async def report(
        self,
        body: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.FactVerdicts:
        """Report up to 500 facts of other systems."""
        return await self._transport.send(
            "POST",
            "/v1/facts",
            models.FactVerdicts,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.GatewayFact:
        """Read one of facts, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/facts/{segment(id)}", models.GatewayFact, query={"as_of": as_of}
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of facts, newest first."""
        return self._transport.each(
            f"/v1/facts/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncForms:
    """What is under `/v1/forms`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        campaign: Filter | None = None,
        channel: Filter | None = None,
        department: Filter | None = None,
        is_active: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Form]:
        """List forms."""
        return self._transport.each(
            "/v1/forms",
            models.Form,
            {
                "campaign": campaign,
                "channel": channel,
                "department": department,
                "is_active": is_active,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.FormDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Form:
        """Create one of forms."""
        return await self._transport.send(
            "POST",
            "/v1/forms",
            models.Form,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.FormDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/forms", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Form:
        """Read one of forms, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/forms/{segment(id)}", models.Form, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.FormPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Form:
        """Change one of forms."""
        return await self._transport.send(
            "PATCH",
            f"/v1/forms/{segment(id)}",
            models.Form,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of forms, newest first."""
        return self._transport.each(
            f"/v1/forms/{segment(id)}/history", models.Version, {}, page_size
        )

    async def submit(
        self,
        id: Id,
        body: models.Submission | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Captured:
        """Leave one's details (public: needs no identity)."""
        return await self._transport.send(
            "POST",
            f"/v1/forms/{segment(id)}/submissions",
            models.Captured,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )


class AsyncIdentityProviders:
    """What is under `/v1/identity-providers`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> models.IdentityProviders:
        """List identity providers."""
        return await self._transport.send("GET", "/v1/identity-providers", models.IdentityProviders)

    async def create(
        self,
        body: models.IdentityProviderDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.IdentityProvider:
        """Create an identity provider."""
        return await self._transport.send(
            "POST",
            "/v1/identity-providers",
            models.IdentityProvider,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def read(self, id: Id) -> models.IdentityProvider:
        """Read an identity provider."""
        return await self._transport.send(
            "GET", f"/v1/identity-providers/{segment(id)}", models.IdentityProvider
        )

    async def change(
        self,
        id: Id,
        patch: models.IdentityProviderPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.IdentityProvider:
        """Change an identity provider."""
        return await self._transport.send(
            "PATCH",
            f"/v1/identity-providers/{segment(id)}",
            models.IdentityProvider,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    async def remove(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.IdentityProvider:
        """Remove an identity provider."""
        return await self._transport.send(
            "DELETE",
            f"/v1/identity-providers/{segment(id)}",
            models.IdentityProvider,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )


class AsyncInvitations:
    """What is under `/v1/invitations`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def accept(self, body: models.Acceptance | Mapping[str, Any]) -> models.User:
        """Choose a password."""
        return await self._transport.send("POST", "/v1/invitations/accept", models.User, body=body)


class AsyncLeads:
    """What is under `/v1/leads`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        campaign: Filter | None = None,
        channel: Filter | None = None,
        customer: Filter | None = None,
        department: Filter | None = None,
        form: Filter | None = None,
        owner: Filter | None = None,
        status: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Lead]:
        """List leads."""
        return self._transport.each(
            "/v1/leads",
            models.Lead,
            {
                "campaign": campaign,
                "channel": channel,
                "customer": customer,
                "department": department,
                "form": form,
                "owner": owner,
                "status": status,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Lead:
        """Read one of leads, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/leads/{segment(id)}", models.Lead, query={"as_of": as_of}
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of leads, newest first."""
        return self._transport.each(
            f"/v1/leads/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncMe:
    """What is under `/v1/me`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def read(self) -> models.Me:
        """Read who one is and what one may do."""
        return await self._transport.send("GET", "/v1/me", models.Me)

    async def access(self) -> models.Access:
        """Read what one may do, and by which roles."""
        return await self._transport.send("GET", "/v1/me/access", models.Access)

    async def enrol_totp(self, body: models.Enrolment | Mapping[str, Any]) -> models.Enrolled:
        """Enrol a second factor."""
        return await self._transport.send("POST", "/v1/me/totp", models.Enrolled, body=body)

    async def confirm_totp(
        self, body: models.Confirmation | Mapping[str, Any]
    ) -> models.RecoveryCodes:
        """Confirm a second factor."""
        return await self._transport.send(
            "POST", "/v1/me/totp/confirm", models.RecoveryCodes, body=body
        )


class AsyncOperations:
    """What is under `/v1/operations`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def parked(
        self, service: Literal["analytics", "contacts", "gateway", "marketing", "sales"]
    ) -> models.ParkedKeys:
        """Keys that wait."""
        return await self._transport.send(
            "GET", f"/v1/operations/{segment(service)}/parked", models.ParkedKeys
        )

    async def show(
        self,
        service: Literal["analytics", "contacts", "gateway", "marketing", "sales"],
        consumer: Id,
        topic: Id,
        key: Id,
    ) -> models.ParkedEvents:
        """The events of a waiting key."""
        return await self._transport.send(
            "GET",
            f"/v1/operations/{segment(service)}/parked/{segment(consumer)}/{segment(topic)}/{segment(key)}",
            models.ParkedEvents,
        )

    async def discard(
        self,
        service: Literal["analytics", "contacts", "gateway", "marketing", "sales"],
        consumer: Id,
        topic: Id,
        key: Id,
        body: models.Discard | Mapping[str, Any],
    ) -> models.Discarded:
        """Never apply the first."""
        return await self._transport.send(
            "POST",
            f"/v1/operations/{segment(service)}/parked/{segment(consumer)}/{segment(topic)}/{segment(key)}/discard",
            models.Discarded,
            body=body,
        )

    async def redrive(
        self,
        service: Literal["analytics", "contacts", "gateway", "marketing", "sales"],
        consumer: Id,
        topic: Id,
        key: Id,
    ) -> models.Redriven:
        """Try a waiting key again."""
        return await self._transport.send(
            "POST",
            f"/v1/operations/{segment(service)}/parked/{segment(consumer)}/{segment(topic)}/{segment(key)}/redrive",
            models.Redriven,
        )

    async def reconciliation(
        self, service: Literal["analytics", "contacts", "gateway", "marketing", "sales"]
    ) -> models.Reconciliation:
        """What differs from the journals."""
        return await self._transport.send(
            "GET", f"/v1/operations/{segment(service)}/reconciliation", models.Reconciliation
        )


class AsyncPasswordResets:
    """What is under `/v1/password-resets`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ask(self, body: models.ResetRequest | Mapping[str, Any]) -> models.ResetAsked:
        """Ask for a new password."""
        return await self._transport.send(
            "POST", "/v1/password-resets", models.ResetAsked, body=body
        )


class AsyncPeople:
    """What is under `/v1/people`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        company: Filter | None = None,
        department: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Person]:
        """List people."""
        return self._transport.each(
            "/v1/people",
            models.Person,
            {
                "company": company,
                "department": department,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.PersonDraft | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Person:
        """Create one of people."""
        return await self._transport.send(
            "POST",
            "/v1/people",
            models.Person,
            body={} if body is None else body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.PersonDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/people", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Person:
        """Read one of people, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/people/{segment(id)}", models.Person, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.PersonPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Person:
        """Change one of people."""
        return await self._transport.send(
            "PATCH",
            f"/v1/people/{segment(id)}",
            models.Person,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    async def remove(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.Removed:
        """Delete a person; with `Meridian-Reason: erasure` also all that is kept of them."""
        return await self._transport.send(
            "DELETE",
            f"/v1/people/{segment(id)}",
            models.Removed,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of people, newest first."""
        return self._transport.each(
            f"/v1/people/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncPipelines:
    """What is under `/v1/pipelines`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        department: Filter | None = None,
        is_active: Filter | None = None,
        is_default: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Pipeline]:
        """List pipelines."""
        return self._transport.each(
            "/v1/pipelines",
            models.Pipeline,
            {
                "department": department,
                "is_active": is_active,
                "is_default": is_default,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.PipelineDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Pipeline:
        """Create one of pipelines."""
        return await self._transport.send(
            "POST",
            "/v1/pipelines",
            models.Pipeline,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.PipelineDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/pipelines", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Pipeline:
        """Read one of pipelines, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/pipelines/{segment(id)}", models.Pipeline, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.PipelinePatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Pipeline:
        """Change one of pipelines."""
        return await self._transport.send(
            "PATCH",
            f"/v1/pipelines/{segment(id)}",
            models.Pipeline,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of pipelines, newest first."""
        return self._transport.each(
            f"/v1/pipelines/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncProducts:
    """What is under `/v1/products`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        category: Filter | None = None,
        department: Filter | None = None,
        is_active: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Product]:
        """List products."""
        return self._transport.each(
            "/v1/products",
            models.Product,
            {
                "category": category,
                "department": department,
                "is_active": is_active,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.ProductDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Product:
        """Create one of products."""
        return await self._transport.send(
            "POST",
            "/v1/products",
            models.Product,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.ProductDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/products", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Product:
        """Read one of products, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/products/{segment(id)}", models.Product, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.ProductPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Product:
        """Change one of products."""
        return await self._transport.send(
            "PATCH",
            f"/v1/products/{segment(id)}",
            models.Product,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of products, newest first."""
        return self._transport.each(
            f"/v1/products/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncReasons:
    """What is under `/v1/reasons`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        code: Filter | None = None,
        department: Filter | None = None,
        is_active: Filter | None = None,
        outcome: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Reason]:
        """List reasons."""
        return self._transport.each(
            "/v1/reasons",
            models.Reason,
            {
                "code": code,
                "department": department,
                "is_active": is_active,
                "outcome": outcome,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.ReasonDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Reason:
        """Create one of reasons."""
        return await self._transport.send(
            "POST",
            "/v1/reasons",
            models.Reason,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.ReasonDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/reasons", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Reason:
        """Read one of reasons, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/reasons/{segment(id)}", models.Reason, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.ReasonPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Reason:
        """Change one of reasons."""
        return await self._transport.send(
            "PATCH",
            f"/v1/reasons/{segment(id)}",
            models.Reason,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of reasons, newest first."""
        return self._transport.each(
            f"/v1/reasons/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncReports:
    """What is under `/v1/reports`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def cycle_time(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
        by: Literal["none", "agent", "department", "product", "channel"] | None = None,
    ) -> models.CycleTimeReport:
        """How long it takes to win."""
        return await self._transport.read_own_writes(
            "/v1/reports/cycle-time",
            models.CycleTimeReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
                "by": by,
            },
        )

    async def forecast(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
    ) -> models.ForecastReport:
        """What the open deals may bring."""
        return await self._transport.read_own_writes(
            "/v1/reports/forecast",
            models.ForecastReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
            },
        )

    async def funnel(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
    ) -> models.FunnelReport:
        """How far deals come."""
        return await self._transport.read_own_writes(
            "/v1/reports/funnel",
            models.FunnelReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
            },
        )

    async def marketing_return(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
        by: Literal["channel", "campaign"] | None = None,
    ) -> models.MarketingReturnReport:
        """What marketing brings."""
        return await self._transport.read_own_writes(
            "/v1/reports/marketing-return",
            models.MarketingReturnReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
                "by": by,
            },
        )

    async def reasons(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
        outcome: Literal["lost", "won"] | None = None,
    ) -> models.ReasonsReport:
        """Why deals are lost, or won."""
        return await self._transport.read_own_writes(
            "/v1/reports/reasons",
            models.ReasonsReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
                "outcome": outcome,
            },
        )

    async def revenue(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
        by: Literal["month", "quarter", "channel", "department", "agent", "product", "customer"]
        | None = None,
    ) -> models.RevenueReport:
        """What was won."""
        return await self._transport.read_own_writes(
            "/v1/reports/revenue",
            models.RevenueReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
                "by": by,
            },
        )

    async def touches(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
        by: Literal["channel", "agent", "department", "month"] | None = None,
    ) -> models.TouchesReport:
        """How customers are kept in touch with."""
        return await self._transport.read_own_writes(
            "/v1/reports/touches",
            models.TouchesReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
                "by": by,
            },
        )

    async def win_rate(
        self,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        pipeline: Id | None = None,
        department: Id | None = None,
        owner: Id | None = None,
        currency: Filter | None = None,
        by: Literal["none", "agent", "department", "product", "channel"] | None = None,
    ) -> models.WinRateReport:
        """How many of the closed deals were won."""
        return await self._transport.read_own_writes(
            "/v1/reports/win-rate",
            models.WinRateReport,
            {
                "from": from_,
                "to": to,
                "pipeline": pipeline,
                "department": department,
                "owner": owner,
                "currency": currency,
                "by": by,
            },
        )


class AsyncRoles:
    """What is under `/v1/roles`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        code: Filter | None = None,
        department: Filter | None = None,
        is_active: Filter | None = None,
        owner: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Role]:
        """List roles."""
        return self._transport.each(
            "/v1/roles",
            models.Role,
            {
                "code": code,
                "department": department,
                "is_active": is_active,
                "owner": owner,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def create(
        self,
        body: models.RoleDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Role:
        """Create one of roles."""
        return await self._transport.send(
            "POST",
            "/v1/roles",
            models.Role,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.RoleDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/roles", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Role:
        """Read one of roles, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/roles/{segment(id)}", models.Role, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.RolePatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Role:
        """Change one of roles."""
        return await self._transport.send(
            "PATCH",
            f"/v1/roles/{segment(id)}",
            models.Role,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of roles, newest first."""
        return self._transport.each(
            f"/v1/roles/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncSessions:
    """What is under `/v1/sessions`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> models.OpenSessions:
        """List one's own sessions."""
        return await self._transport.send("GET", "/v1/sessions", models.OpenSessions)

    async def sign_in(self, body: models.SignIn | Mapping[str, Any]) -> models.SignedIn:
        """Sign in."""
        return await self._transport.send("POST", "/v1/sessions", models.SignedIn, body=body)

    async def refresh(self, body: models.Refresh | Mapping[str, Any]) -> models.SignedIn:
        """Prolong a session."""
        return await self._transport.send(
            "POST", "/v1/sessions/refresh", models.SignedIn, body=body
        )

    async def end(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.KnownSession:
        """End a session of one's own."""
        return await self._transport.send(
            "DELETE",
            f"/v1/sessions/{segment(id)}",
            models.KnownSession,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )


class AsyncSignIns:
    """What is under `/v1/sign-ins`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def begin(self, body: models.BeginSignIn | Mapping[str, Any]) -> models.SignInBegun:
        """Begin to sign in through a provider."""
        return await self._transport.send("POST", "/v1/sign-ins", models.SignInBegun, body=body)

    async def complete(self, body: models.CompleteSignIn | Mapping[str, Any]) -> models.SignedIn:
        """Sign in with what the provider has sent back."""
        return await self._transport.send(
            "POST", "/v1/sign-ins/complete", models.SignedIn, body=body
        )


class AsyncSpend:
    """What is under `/v1/spend`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        campaign: Filter | None = None,
        channel: Filter | None = None,
        department: Filter | None = None,
        from_: dt.date | None = None,
        owner: Filter | None = None,
        to: dt.date | None = None,
        external_id: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Spend]:
        """List spend."""
        return self._transport.each(
            "/v1/spend",
            models.Spend,
            {
                "campaign": campaign,
                "channel": channel,
                "department": department,
                "from": from_,
                "owner": owner,
                "to": to,
                "external_id": external_id,
            },
            page_size,
        )

    def bulk(
        self,
        items: Iterable[models.SpendReport | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/spend", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Spend:
        """Read one of spend, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/spend/{segment(id)}", models.Spend, query={"as_of": as_of}
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of spend, newest first."""
        return self._transport.each(
            f"/v1/spend/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncTenant:
    """What is under `/v1/tenant`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def read(self, *, as_of: dt.datetime | None = None) -> models.Tenant:
        """Read one's own tenant, as it is or as of a time."""
        return await self._transport.send(
            "GET", "/v1/tenant", models.Tenant, query={"as_of": as_of}
        )

    def history(self, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one's own tenant, newest first."""
        return self._transport.each("/v1/tenant/history", models.Version, {}, page_size)


class AsyncTenants:
    """What is under `/v1/tenants`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create(self, body: models.TenantDraft | Mapping[str, Any]) -> models.TenantCreated:
        """Create a tenant."""
        return await self._transport.send("POST", "/v1/tenants", models.TenantCreated, body=body)


class AsyncTouches:
    """What is under `/v1/touches`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        channel: Filter | None = None,
        customer: Filter | None = None,
        deal: Filter | None = None,
        department: Filter | None = None,
        owner: Filter | None = None,
        status: Filter | None = None,
        external_id: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.Touch]:
        """List touches."""
        return self._transport.each(
            "/v1/touches",
            models.Touch,
            {
                "channel": channel,
                "customer": customer,
                "deal": deal,
                "department": department,
                "owner": owner,
                "status": status,
                "external_id": external_id,
            },
            page_size,
        )

    async def create(
        self,
        body: models.TouchDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Touch:
        """Create one of touches."""
        return await self._transport.send(
            "POST",
            "/v1/touches",
            models.Touch,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.TouchDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/touches", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.Touch:
        """Read one of touches, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/touches/{segment(id)}", models.Touch, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.TouchPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.Touch:
        """Change one of touches."""
        return await self._transport.send(
            "PATCH",
            f"/v1/touches/{segment(id)}",
            models.Touch,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    async def cancel(
        self,
        id: Id,
        body: models.Cancellation | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Touch:
        """Cancel a planned touch."""
        return await self._transport.send(
            "POST",
            f"/v1/touches/{segment(id)}/cancel",
            models.Touch,
            body={} if body is None else body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def done(
        self,
        id: Id,
        body: models.Completion | Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.Touch:
        """Say that a planned touch was made."""
        return await self._transport.send(
            "POST",
            f"/v1/touches/{segment(id)}/done",
            models.Touch,
            body={} if body is None else body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of touches, newest first."""
        return self._transport.each(
            f"/v1/touches/{segment(id)}/history", models.Version, {}, page_size
        )


class AsyncUsers:
    """What is under `/v1/users`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        department: Filter | None = None,
        owner: Filter | None = None,
        status: Filter | None = None,
        external_id: Filter | None = None,
        q: Filter | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[models.User]:
        """List users."""
        return self._transport.each(
            "/v1/users",
            models.User,
            {
                "department": department,
                "owner": owner,
                "status": status,
                "external_id": external_id,
                "q": q,
            },
            page_size,
        )

    async def invite(
        self,
        body: models.UserDraft | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        reason: str | None = None,
    ) -> models.UserInvited:
        """Invite a user."""
        return await self._transport.send(
            "POST",
            "/v1/users",
            models.UserInvited,
            body=body,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    def bulk(
        self,
        items: Iterable[models.UserDraft | Mapping[str, Any]],
        *,
        chunk: int = LARGEST_CHUNK,
        in_flight: int = 3,
    ) -> AsyncIterator[models.Verdict]:
        """Create or change any number: a verdict for each item, in their order."""
        return self._transport.verdicts("/v1/users", items, chunk, in_flight)

    async def read(self, id: Id, *, as_of: dt.datetime | None = None) -> models.User:
        """Read one of users, as it is or as of a time."""
        return await self._transport.send(
            "GET", f"/v1/users/{segment(id)}", models.User, query={"as_of": as_of}
        )

    async def change(
        self,
        id: Id,
        patch: models.UserPatch | Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
        reason: str | None = None,
    ) -> models.User:
        """Change a user."""
        return await self._transport.send(
            "PATCH",
            f"/v1/users/{segment(id)}",
            models.User,
            body=patch,
            headers={
                "Idempotency-Key": idempotency_key,
                "If-Match": tag(if_match),
                "Meridian-Reason": reason,
            },
        )

    def history(self, id: Id, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[models.Version]:
        """List the versions of one of users, newest first."""
        return self._transport.each(
            f"/v1/users/{segment(id)}/history", models.Version, {}, page_size
        )

    async def invitation(self, id: Id) -> models.Invitation:
        """Invite a user anew."""
        return await self._transport.send(
            "POST", f"/v1/users/{segment(id)}/invitation", models.Invitation
        )

    async def sessions(self, id: Id) -> models.OpenSessions:
        """List a user's sessions."""
        return await self._transport.send(
            "GET", f"/v1/users/{segment(id)}/sessions", models.OpenSessions
        )

    async def end_sessions(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.EndedSessions:
        """End a user's sessions."""
        return await self._transport.send(
            "DELETE",
            f"/v1/users/{segment(id)}/sessions",
            models.EndedSessions,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )

    async def reset_totp(
        self, id: Id, *, idempotency_key: str | None = None, reason: str | None = None
    ) -> models.TotpReset:
        """Reset a user's second factor."""
        return await self._transport.send(
            "DELETE",
            f"/v1/users/{segment(id)}/totp",
            models.TotpReset,
            headers={"Idempotency-Key": idempotency_key, "Meridian-Reason": reason},
        )


class AsyncWellKnown:
    """What is under `/.well-known/jwks.json`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def jwks(self) -> models.KeySet:
        """The keys that verify what the gateway signs."""
        return await self._transport.send("GET", "/.well-known/jwks.json", models.KeySet)


class AsyncResources:
    """The resources of the API, each under its name."""

    def __init__(self, transport: Transport) -> None:
        self.absences = AsyncAbsences(transport)
        self.access = AsyncAccess(transport)
        self.api_keys = AsyncApiKeys(transport)
        self.campaigns = AsyncCampaigns(transport)
        self.channels = AsyncChannels(transport)
        self.companies = AsyncCompanies(transport)
        self.customers = AsyncCustomers(transport)
        self.deals = AsyncDeals(transport)
        self.departments = AsyncDepartments(transport)
        self.facts = AsyncFacts(transport)
        self.forms = AsyncForms(transport)
        self.identity_providers = AsyncIdentityProviders(transport)
        self.invitations = AsyncInvitations(transport)
        self.leads = AsyncLeads(transport)
        self.me = AsyncMe(transport)
        self.operations = AsyncOperations(transport)
        self.password_resets = AsyncPasswordResets(transport)
        self.people = AsyncPeople(transport)
        self.pipelines = AsyncPipelines(transport)
        self.products = AsyncProducts(transport)
        self.reasons = AsyncReasons(transport)
        self.reports = AsyncReports(transport)
        self.roles = AsyncRoles(transport)
        self.sessions = AsyncSessions(transport)
        self.sign_ins = AsyncSignIns(transport)
        self.spend = AsyncSpend(transport)
        self.tenant = AsyncTenant(transport)
        self.tenants = AsyncTenants(transport)
        self.touches = AsyncTouches(transport)
        self.users = AsyncUsers(transport)
        self.well_known = AsyncWellKnown(transport)
