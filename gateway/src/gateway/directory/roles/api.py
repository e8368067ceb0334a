"""Roles over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.directory import Role
from gateway.directory.roles.role import RoleDraft
from gateway.directory.roles.store import roles
from gateway.directory.roles.use_cases import change_role, create_role, upsert_roles

routes = APIRouter(prefix="/v1", tags=["directory"])

read_routes(routes, "/roles", roles, Role)
write_routes(
    routes,
    "/roles",
    Role,
    RoleDraft,
    create=create_role,
    change=change_role,
    bulk=upsert_roles,
)
