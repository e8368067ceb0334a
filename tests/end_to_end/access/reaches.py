"""Who may do what, told once more in plain Python: nothing here is the product's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

Reach = Literal["all", "department", "own"]

ABOVE = {"root": None, "north": "root", "harbour": "north", "south": "root"}
"""Every office of a company, and the one above it."""

CUSTOMERS = ("companies", "people", "touches")
CATALOGUES = ("pipelines", "products", "reasons")
MARKETING = ("channels", "campaigns", "spend", "forms")
DIRECTORY = ("users", "roles", "departments", "tenant")
BUSINESS = (*CUSTOMERS, "deals", "leads", *CATALOGUES, *MARKETING, "reports", "facts")

Grants = dict[str, tuple[Reach | None, Reach | None]]
"""Resource -> how far one reads, and how far one writes; None where not at all."""


def _grants(resources: tuple[str, ...], read: Reach | None, write: Reach | None) -> Grants:
    return dict.fromkeys(resources, (read, write))


_ABSENCES = _grants(("absences",), "own", "own")
_COLLEAGUES = _grants(DIRECTORY, "all", None) | _ABSENCES

ROLES: dict[str, Grants] = {
    "administrator": _grants(
        (*BUSINESS, *DIRECTORY, "absences", "identity-providers", "operations"), "all", "all"
    ),
    "manager": _COLLEAGUES
    | _grants((*CUSTOMERS, "deals", "leads", "absences"), "department", "department")
    | _grants(("reports", "facts"), "department", None)
    | _grants((*CATALOGUES, *MARKETING), "all", None),
    "agent": _COLLEAGUES
    | _grants(CUSTOMERS, "department", "own")
    | _grants(("facts",), "department", None)
    | _grants(("deals", "leads"), "own", "own")
    | _grants(("reports",), "own", None)
    | _grants((*CATALOGUES, "channels", "campaigns", "forms"), "all", None),
    "marketer": _COLLEAGUES
    | _grants((*MARKETING, "leads"), "all", "all")
    | _grants((*CUSTOMERS, *CATALOGUES, "reports", "facts"), "all", None),
    "analyst": _COLLEAGUES | _grants(BUSINESS, "all", None),
    "operator": _grants(("departments", "tenant"), "all", None)
    | _grants(("users",), "own", None)
    | _ABSENCES
    | _grants(("operations",), "all", "all"),
    "integrator": _COLLEAGUES | _grants(BUSINESS, "all", "all"),
}


@dataclass(eq=False)
class Worker:
    """Somebody who works in an office of a company."""

    id: str
    company: str
    office: str
    role: str
    login: str
    client: httpx.AsyncClient

    def __str__(self) -> str:
        return f"{self.role} of {self.office} of {self.company}"


@dataclass(eq=False)
class Holding:
    """A record: whose it is. `use` tells records of one kind and one owner apart."""

    id: str
    company: str
    resource: str
    office: str | None = None
    owner: str | None = None
    use: str = "first"
    customer: str | None = None
    state: dict[str, Any] = field(default_factory=dict)


def reach(worker: Worker, resource: str, action: str) -> Reach | None:
    """How far this goes; None where it is not permitted at all."""
    if action == "erase":
        return "all" if worker.role == "administrator" else None
    read, write = ROLES[worker.role].get(resource, (None, None))
    return read if action == "read" else write


def upwards(office: str | None) -> Iterator[str]:
    """An office and all above it."""
    while office is not None:
        yield office
        office = ABOVE[office]


def reaches(worker: Worker, holding: Holding, action: str, resource: str | None = None) -> bool:
    """Whether the worker may do this with the record."""
    far = reach(worker, resource or holding.resource, action)
    if far is None or worker.company != holding.company:
        return False
    if far == "all" or holding.owner == worker.id:
        return True
    return far == "department" and worker.office in upwards(holding.office)


def relation(worker: Worker, holding: Holding, *, tells_places: bool = True) -> str:
    """Where the record lies as the worker sees it, or only whether it is one of their own."""
    if worker.company != holding.company:
        return "of another tenant"
    if holding.office is None:
        return "of everybody"
    whose = "own" if holding.owner == worker.id else "a colleague's"
    return f"{whose}, {_place(worker.office, holding.office)}" if tells_places else whose


def _place(here: str, there: str) -> str:
    """Where one office lies as another sees it."""
    if here == there:
        return "here"
    if here in upwards(there):
        return "below"
    return "above" if there in upwards(here) else "beside"
