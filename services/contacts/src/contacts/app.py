"""Contacts at a glance: its routes, and what it does when others speak."""

from __future__ import annotations

from pathlib import Path

from chassis.inbox import Consumer
from chassis.service import Service
from contacts.companies import api as companies
from contacts.companies import mongodb as company_documents
from contacts.customers import api as customers
from contacts.people import api as people
from contacts.people import mongodb as person_documents
from contacts.reactions import LEADS
from contacts.replicas.deals import DEAL_INDEXES, DEALS, PRODUCTS
from contacts.replicas.departments import DEPARTMENTS
from contacts.replicas.facts import FACTS
from contacts.replicas.facts import INDEXES as FACT_INDEXES
from contacts.settings import ContactsSettings
from contacts.touches import api as touches
from contacts.touches import mongodb as touch_documents

SERVICE = Service(
    name="contacts",
    owner="contacts",
    settings=ContactsSettings,
    migrations=Path(__file__).resolve().parents[2] / "migrations",
    indexes={
        "company": company_documents.INDEXES,
        "person": person_documents.INDEXES,
        "touch": touch_documents.INDEXES,
        "fact": FACT_INDEXES,
        "open_deal": DEAL_INDEXES,
    },
    routes=(companies.routes, people.routes, touches.routes, customers.routes),
    consumers=(
        Consumer("contacts.replicas", (DEPARTMENTS,)),
        Consumer("contacts.timeline", (FACTS, DEALS, PRODUCTS)),
        Consumer("contacts.reactions", (LEADS,)),
    ),
)
