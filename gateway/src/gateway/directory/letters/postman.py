"""Sends the letters that are wanted, each at least once, and tries again where that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from chassis.database import PASSING_FAILURES
from chassis.identity import system_identity
from chassis.problems import Problem
from chassis.transactions import Transactions, wait_or_timeout
from gateway.directory.invitations.use_cases import issue_invitation
from gateway.directory.letters import letter as rules
from gateway.directory.letters import store
from gateway.directory.letters.store import Waiting
from gateway.directory.tenants.store import tenants
from gateway.directory.users.store import users
from gateway.edge.routing import GATEWAY
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_SEND_SECONDS = 30.0
_LEASE = timedelta(seconds=2 * _SEND_SECONDS)
_FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)


class Postman:
    """Takes letters in turn; several gateways share them, none is sent by two at once."""

    def __init__(self, transactions: Transactions, settings: GatewaySettings) -> None:
        assert settings.smtp_url is not None, "there is nobody to hand letters to"
        self._transactions = transactions
        self._settings = settings
        self._server = urlsplit(settings.smtp_url.get_secret_value())
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be a letter: called after every commit in this process."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                while await self._send_next():
                    pass
            except PASSING_FAILURES as error:
                log.warning("letters wait: %s", error)
            except Exception:
                # Whatever is wrong with one letter, the next ones are sent.
                log.exception("letters wait for what is not understood")
            await wait_or_timeout(self._wake, _LOOK_SECONDS)

    async def _send_next(self) -> bool:
        """Whether there was a letter that was due."""
        database = self._transactions.database
        async with database.pool.acquire() as connection:
            waiting = await store.take_due(connection, _LEASE)
        if waiting is None:
            return False
        about = {"tenant": waiting.tenant, "user": waiting.user}
        try:
            letter = await self._written(waiting)
        except (Problem, MessageError, ValueError) as error:
            # Gone, disabled, or with an address that no header can hold: nobody to write to.
            log.warning("a letter is not sent: %s", error, extra=about)
            await store.strike(database, waiting)
            return True
        try:
            await self._hand_over(letter)
        except _FAILURES as error:
            log.warning("a letter is not taken: %s", error, extra=about)
            if _is_final(error):
                await store.strike(database, waiting)
            elif not await store.put_off(database, waiting, rules.pause_after(waiting.tries)):
                log.error("a letter was never sent", extra=about)
        else:
            await store.strike(database, waiting)
        return True

    async def _written(self, waiting: Waiting) -> EmailMessage:
        """The letter, with a secret of its own; raises what keeps it from being written."""
        settings = self._settings
        identity = system_identity(waiting.tenant, GATEWAY)
        async with self._transactions.begin(identity) as transaction:
            tenant = await tenants.load(transaction, waiting.tenant)
            user = await users.load(transaction, waiting.user)
            kind = rules.kind_for(user)
            invited_for = timedelta(days=settings.invitation_days)
            lifetime = rules.RESET_LIFETIME if kind == "reset" else invited_for
            token = await issue_invitation(transaction, user.id, lifetime, by_mail=True)
            until = f"{transaction.moment + lifetime:%Y-%m-%d %H:%M} UTC"
        sender, page = settings.mail_from, settings.invitation_url
        return rules.composed(kind, user, tenant, sender, page, token, until)

    async def _hand_over(self, letter: EmailMessage) -> None:
        server, is_encrypted = self._server, self._server.scheme == "smtps"
        await aiosmtplib.send(
            letter,
            hostname=server.hostname,
            port=server.port or (465 if is_encrypted else 587),
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=is_encrypted,
            # A password never goes over a connection that is not encrypted.
            start_tls=True if server.username and not is_encrypted else None,
            timeout=_SEND_SECONDS,
        )


def _is_final(error: Exception) -> bool:
    """Whether the server will never take it: a refusal for now is a number below 500."""
    if not isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return False
    return all(refused.code >= 500 for refused in error.recipients)


@asynccontextmanager
async def sending_letters(
    transactions: Transactions, settings: GatewaySettings
) -> AsyncIterator[Postman | None]:
    """A postman at work for the length of the block; None where there is no mail server."""
    if settings.smtp_url is None:
        yield None
        return
    postman = Postman(transactions, settings)
    transactions.on_commit(postman.wake)
    running = asyncio.create_task(postman.run())
    try:
        yield postman
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
