"""Forms over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from chassis.web.resources import read_routes, write_routes
from events.marketing import Form
from marketing.forms.form import FormDraft
from marketing.forms.store import forms
from marketing.forms.use_cases import change_form, create_form, upsert_forms

routes = APIRouter(prefix="/v1", tags=["forms"])

read_routes(routes, "/forms", forms, Form)
write_routes(
    routes,
    "/forms",
    Form,
    FormDraft,
    create=create_form,
    change=change_form,
    bulk=upsert_forms,
)
