"""Departments over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.directory import Department
from gateway.directory.departments.department import DepartmentDraft
from gateway.directory.departments.store import departments
from gateway.directory.departments.use_cases import (
    change_department,
    create_department,
    upsert_departments,
)

routes = APIRouter(prefix="/v1", tags=["directory"])

read_routes(routes, "/departments", departments, Department)
write_routes(
    routes,
    "/departments",
    Department,
    DepartmentDraft,
    create=create_department,
    change=change_department,
    bulk=upsert_departments,
)
