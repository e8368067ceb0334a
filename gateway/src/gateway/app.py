"""The gateway at a glance: the directory's routes, delivery's, and the door before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp

from chassis.identity import IdentityVerifier
from chassis.service import Process, Service
from chassis.settings import ServiceSettings
from gateway.customer_360 import api as customer_360
from gateway.delivery.facts import api as facts
from gateway.directory.absences import api as absences
from gateway.directory.access import api as access
from gateway.directory.api_keys import api as api_keys
from gateway.directory.departments import api as departments
from gateway.directory.invitations import api as invitations
from gateway.directory.keys import api as keys
from gateway.directory.keys.keyring import Keyring
from gateway.directory.keys.signing_key import Rotation
from gateway.directory.letters import api as letters
from gateway.directory.letters.postman import sending_letters
from gateway.directory.oidc import api as oidc
from gateway.directory.oidc.doorway import Doorway
from gateway.directory.oidc.remote import asking_providers
from gateway.directory.passwords.hashing import Hashing
from gateway.directory.presence import api as presence
from gateway.directory.roles import api as roles
from gateway.directory.sessions import api as sessions
from gateway.directory.sessions.throttle import Throttle, Throttles
from gateway.directory.sessions.use_cases import Lifetimes, Reception
from gateway.directory.standings import Standings
from gateway.directory.tenants import api as tenants
from gateway.directory.totp import api as totp
from gateway.directory.users import api as users
from gateway.directory.working_time import api as working_time
from gateway.edge.authentication import LIFETIME_SECONDS, Authentication
from gateway.edge.description import Description
from gateway.edge.documentation import documentation
from gateway.edge.edge import Edge, safeguards
from gateway.edge.forwarding import Forwarding
from gateway.edge.limits.shared import sharing
from gateway.edge.listening import Listening
from gateway.edge.refusals import Refusals
from gateway.edge.upstreams import Upstreams
from gateway.settings import GatewaySettings


@asynccontextmanager
async def door(process: Process) -> AsyncIterator[ASGIApp]:
    """The edge before the directory, with everything that the two need to work."""
    settings, state = process.settings, process.app.state
    assert isinstance(settings, GatewaySettings)
    database = process.transactions.database
    lifetimes = Lifetimes(settings.access_token_minutes * 60, timedelta(days=settings.session_days))
    rotation = Rotation(
        settings.signing_key_announced_seconds,
        settings.signing_key_days * 86_400,
        max(lifetimes.token_seconds, LIFETIME_SECONDS) + 2 * settings.keyring_seconds,
    )
    keyring = Keyring(database, rotation, settings.keyring_seconds)
    standings = Standings(database, settings.standing_seconds)
    process.transactions.on_commit(standings.forget)
    state.settings, state.keyring, state.standings = settings, keyring, standings
    state.identities = IdentityVerifier(keyring.published)
    limit = process.platform.largest_body_bytes
    with closing(Hashing(settings.hashing_threads)) as hashing:
        state.hashing = hashing
        state.reception = Reception(
            database,
            keyring,
            hashing,
            Throttles(
                Throttle(settings.sign_in_failures, settings.sign_in_window_seconds),
                Throttle(settings.sign_in_address_failures, settings.sign_in_window_seconds),
            ),
            lifetimes,
        )
        state.resets = Throttle(settings.reset_requests, settings.reset_window_seconds)
        with closing(Upstreams(settings)) as upstreams:
            state.upstreams = upstreams
            description = Description(upstreams, process.app.openapi)
            async with (
                sending_letters(process.transactions, settings) as postman,
                asking_providers(settings) as remote,
                sharing(settings) as shared,
            ):
                state.postman = postman
                state.doorway = Doorway(
                    process.transactions, remote, state.reception, settings.sign_in_url
                )
                edge = Edge(
                    process.app,
                    documentation(description),
                    description,
                    safeguards(settings, Authentication(keyring, standings, database), shared),
                    Forwarding(upstreams, limit, settings.upstream_deadline_seconds),
                    settings,
                    limit,
                )
                yield edge


def listening(settings: ServiceSettings) -> Callable[..., asyncio.Protocol]:
    """How the gateway speaks HTTP with clients."""
    assert isinstance(settings, GatewaySettings)
    return partial(Listening, settings, Refusals(settings.refusals_logged_a_second))


SERVICE = Service(
    name="gateway",
    owner="directory",
    settings=GatewaySettings,
    migrations=Path(__file__).resolve().parents[2] / "migrations",
    routes=(
        keys.routes,
        tenants.routes,
        sessions.routes,
        api_keys.routes,
        totp.routes,
        oidc.routes,
        invitations.routes,
        letters.routes,
        # Before those that take `open` for a department's id.
        working_time.routes,
        departments.routes,
        presence.routes,
        users.routes,
        absences.routes,
        roles.routes,
        access.routes,
        facts.routes,
        customer_360.routes,
    ),
    wrap=door,
    listening=listening,
)
