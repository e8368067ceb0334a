"""One random operation: which, on what, with which body."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from cli.torture.history import Operation
from cli.torture.workload.records import KINDS, new_body
from cli.torture.workload.world import PASSWORD, Tenant, marker

Maker = Callable[[Tenant, Random, str], Operation | None]
"""Makes an operation that carries a marker; None where what it needs is not known."""


def _operation(kind: str, tenant: Tenant, mark: str, method: str, path: str) -> Operation:
    return Operation(
        client=0, kind=kind, tenant=tenant.id, marker=mark, method=method, path=path, key=mark
    )


def creating(kind: str) -> Maker:
    def make(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
        body = new_body(kind, tenant, mark, dice)
        if body is None:
            return None
        operation = _operation(f"create {kind}", tenant, mark, "POST", KINDS[kind].path)
        operation.body, operation.creates = body, True
        if dice.random() < 0.1:
            operation.key = None
        return operation

    return make


def changing(kind: str) -> Maker:
    def make(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
        known = tenant.any(kind, dice)
        if known is None:
            return None
        form = KINDS[kind]
        operation = _operation(f"change {kind}", tenant, mark, "PATCH", f"{form.path}/{known.id}")
        body = {form.text: mark} if dice.random() < 0.7 else form.other(dice) or {form.text: mark}
        operation.body, operation.edits, operation.subject = body, tuple(body), known.id
        if dice.random() < 0.7:
            operation.seen_version = known.version
        return operation

    return make


def in_bulk(kind: str) -> Maker:
    def make(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
        operation = _operation(f"bulk {kind}", tenant, mark, "POST", f"{KINDS[kind].path}/bulk")
        items = []
        for number in range(dice.randint(5, 60)):
            item_mark = f"{mark}-{number}"
            body = new_body(kind, tenant, item_mark, dice)
            if body is None:
                return None
            items.append(body)
        known = {k.id: k for _ in range(5) if (k := tenant.any(kind, dice)) is not None}
        for k in known.values():
            body = new_body(kind, tenant, f"{mark}-again", dice)
            if body is not None:
                items.append({**body, "id": str(k.id), "external_ids": []})
        operation.body, operation.creates = {"items": items}, True
        return operation

    return make


def spending(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
    """Reports what a campaign cost on some days, now and then the same days again."""
    campaign = tenant.any("campaign", dice)
    if campaign is None:
        return None
    operation = _operation("bulk spend", tenant, mark, "POST", "/v1/spend/bulk")
    days = dice.sample(range(1, 29), k=dice.randint(1, 8))
    operation.body = {
        "items": [
            {
                "campaign": str(campaign.id),
                "day": f"2026-0{dice.randint(1, 9)}-{day:02}",
                "amount": {"amount": f"{dice.randint(1, 99_999)}.25", "currency": "EUR"},
            }
            for day in days
        ]
    }
    operation.creates = True
    return operation


def verb(kind: str, name: str) -> Maker:
    """`POST /v1/<things>/{id}/<name>`."""

    def make(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
        known = tenant.any(kind, dice)
        if known is None:
            return None
        path = f"{KINDS[kind].path}/{known.id}/{name}"
        operation = _operation(f"{name} {kind}", tenant, mark, "POST", path)
        operation.subject = known.id
        operation.body = _said(name, tenant, dice)
        return None if operation.body is None else operation

    return make


def _said(name: str, tenant: Tenant, dice: Random) -> dict[str, str] | None:
    if name == "move":
        return {"stage": str(dice.choice(tenant.stages))} if tenant.stages else None
    if name == "lose":
        return {"reason": str(dice.choice(tenant.reasons))} if tenant.reasons else None
    return {}


def submitting(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
    """A stranger leaves details, sometimes the same who did before."""
    form = tenant.any("form", dice)
    if form is None:
        return None
    path = f"/v1/forms/{form.id}/submissions"
    operation = _operation("submit form", tenant, mark, "POST", path)
    somebody = mark if dice.random() < 0.8 else f"again-{dice.randint(1, 5)}"
    operation.body = {
        "name": f"Stranger {somebody[:12]}",
        "email": f"s-{somebody}@example.com",
        "message": mark,
        "company_name": f"Of strangers {somebody[:8]}" if dice.random() < 0.4 else None,
    }
    operation.creates = True
    return operation


def deleting(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
    known = tenant.any("company", dice)
    if known is None:
        return None
    path = f"{KINDS['company'].path}/{known.id}"
    operation = _operation("delete company", tenant, mark, "DELETE", path)
    operation.subject = known.id
    return operation


def reading(kind: str) -> Maker:
    def make(tenant: Tenant, dice: Random, mark: str) -> Operation | None:
        known = tenant.any(kind, dice)
        if known is None:
            return None
        path = f"{KINDS[kind].path}/{known.id}"
        operation = _operation(f"read {kind}", tenant, mark, "GET", path)
        operation.subject, operation.key = known.id, None
        return operation

    return make


def founding(number: int, seed: int, dice: Random) -> Operation:
    """A new tenant with its administrator, all in one command without a key."""
    slug = f"t{seed}-{number}"
    return Operation(
        client=0,
        kind="found tenant",
        tenant=None,
        marker=marker(dice),
        method="POST",
        path="/v1/tenants",
        body={
            "name": f"Tenant {number}",
            "slug": slug,
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "administrator": {"name": "Root", "login": "root", "password": PASSWORD},
        },
    )


OPERATIONS: tuple[tuple[int, Maker], ...] = (
    *((weight, creating(kind)) for kind, weight in (
        ("company", 8), ("person", 6), ("touch", 8), ("deal", 10), ("product", 1),
        ("channel", 1), ("campaign", 2), ("form", 1), ("department", 1), ("user", 1),
        ("pipeline", 1),
    )),
    *((weight, changing(kind)) for kind, weight in (
        ("company", 8), ("person", 5), ("touch", 4), ("deal", 8), ("product", 1),
        ("campaign", 2), ("form", 1), ("department", 2), ("user", 1),
    )),
    *((2, in_bulk(kind)) for kind in ("company", "person", "touch", "deal")),
    (2, spending),
    *((weight, verb("deal", name)) for name, weight in (
        ("move", 8), ("win", 5), ("lose", 4), ("reopen", 3),
    )),
    *((2, verb("touch", name)) for name in ("done", "cancel")),
    (8, submitting),
    (1, deleting),
    *((2, reading(kind)) for kind in ("company", "person", "deal", "touch")),
)  # fmt: skip
"""What clients do, by how often."""
