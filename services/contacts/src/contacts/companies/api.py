"""Companies over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import delete_route, read_routes, write_routes
from contacts.companies.company import CompanyDraft
from contacts.companies.store import companies
from contacts.companies.use_cases import (
    change_company,
    create_company,
    delete_company,
    upsert_companies,
)
from events.contacts import Company

routes = APIRouter(prefix="/v1", tags=["companies"])

read_routes(routes, "/companies", companies, Company)
write_routes(
    routes,
    "/companies",
    Company,
    CompanyDraft,
    create=create_company,
    change=change_company,
    bulk=upsert_companies,
)
delete_route(routes, "/companies", "Delete a company", delete_company)
