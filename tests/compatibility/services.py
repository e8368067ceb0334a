"""All services, and who of them listens to what."""

from __future__ import annotations

from analytics.app import SERVICE as ANALYTICS
from chassis.inbox import Consumer
from chassis.service import Service
from contacts.app import SERVICE as CONTACTS
from gateway.app import SERVICE as GATEWAY
from marketing.app import SERVICE as MARKETING
from sales.app import SERVICE as SALES

SERVICES = (CONTACTS, SALES, MARKETING, ANALYTICS, GATEWAY)
CONSUMERS: tuple[tuple[Service, Consumer], ...] = tuple(
    (service, consumer) for service in SERVICES for consumer in service.consumers
)
