"""Letters on a real mail server: invitations, and the way back in."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from cli.local.ports import any_ports
from gateway.testing.offices import Office, made, open_office
from gateway.testing.processes import Gateway, running

NEW_PASSWORD = "a goose in a green coat"
ADDRESS = "petr@example.ru"


class Post:
    """A mail server: it takes letters, or answers as it is told."""

    def __init__(self, port: int) -> None:
        self.letters: list[Any] = []
        self.answer: str | None = None
        self.tried = 0
        self._port = port
        self.url = f"smtp://127.0.0.1:{port}"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        self.tried += 1
        if self.answer is not None:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 OK"

    async def letter(self, number: int = 1) -> Any:
        """The letter of this number, counted from 1, once it has come."""
        async with asyncio.timeout(60):
            while len(self.letters) < number:
                await asyncio.sleep(0.05)
        return self.letters[number - 1]


def invitation_in(letter: Any) -> str:
    found = re.search(r"#invitation=(\S+)", letter.get_content())
    assert found is not None
    return found[1]


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post(any_ports(["post"])["post"])
    post.start()
    yield post
    post.stop()


@contextmanager
def running_with(post: Post, database_url: str, log: Path) -> Iterator[Gateway]:
    """A gateway that has a mail server."""
    with running(
        port=any_ports(["gateway"])["gateway"],
        upstream_ports={},
        database_url=database_url,
        log=log,
        settings={"GATEWAY_SMTP_URL": post.url, "GATEWAY_MAIL_FROM": "crm@example.ru"},
    ) as gateway:
        yield gateway


@pytest.fixture
def gateway(database_url: str, post: Post, tmp_path: Path) -> Iterator[Gateway]:
    with running_with(post, database_url, tmp_path / "gateway.log") as gateway:
        yield gateway


@pytest.fixture
async def office(gateway: Gateway) -> AsyncIterator[Office]:
    async with AsyncExitStack() as clients:
        yield await open_office(gateway, "office-with-post", clients)


async def ask_for_reset(office: Office, login: str, slug: str | None = None) -> httpx.Response:
    asked = {"tenant": slug or office.slug, "login": login}
    return await office.stranger.post("/v1/password-resets", json=asked)


async def test_who_is_invited_gets_a_letter_and_comes_in_by_it(office: Office, post: Post) -> None:
    await office.invited(login="petr", email=ADDRESS, language="ru")
    letter = await post.letter()
    assert (letter["To"].addresses[0].addr_spec, letter["From"].addresses[0].addr_spec) == (
        ADDRESS, "crm@example.ru",
    )  # fmt: skip
    made(await office.accept(invitation_in(letter)))
    assert (await office.sign_in("petr")).status_code == 201
    # Once is once.
    assert (await office.accept(invitation_in(letter))).status_code == 422


async def test_the_invitation_by_hand_holds_beside_the_letter_and_ends_it(
    office: Office, post: Post
) -> None:
    invited = await office.invited(login="petr", email=ADDRESS)
    letter = await post.letter()
    made(await office.accept(invited["invitation"]))
    assert (await office.accept(invitation_in(letter))).status_code == 422


async def test_many_who_are_imported_get_a_letter_each_and_those_without_an_address_none(
    office: Office, post: Post
) -> None:
    people = [
        {"name": f"P{n}", "login": f"p{n}", "roles": ["agent"], "department": office.root}
        | ({"email": f"p{n}@example.ru"} if n else {})
        for n in range(4)
    ]
    made(await office.admin.post("/v1/users/bulk", json={"items": people}))
    await post.letter(3)
    await asyncio.sleep(0.5)
    reached = sorted(letter["To"].addresses[0].addr_spec for letter in post.letters)
    assert reached == [f"p{n}@example.ru" for n in (1, 2, 3)]


async def test_who_forgot_the_password_chooses_another(office: Office, post: Post) -> None:
    await office.invited(login="petr", email=ADDRESS)
    made(await office.accept(invitation_in(await post.letter())))
    client = await office.signed_in("petr")
    assert (await ask_for_reset(office, "PETR")).status_code == 202
    letter = await post.letter(2)
    # Nothing has changed so far.
    assert (await client.get("/v1/me")).status_code == 200
    made(await office.accept(invitation_in(letter), NEW_PASSWORD))
    assert (await office.sign_in("petr")).status_code == 401
    assert (await office.sign_in("petr", NEW_PASSWORD)).status_code == 201


async def test_asking_tells_nobody_who_works_there(office: Office, post: Post) -> None:
    await office.invited(login="petr", email=ADDRESS)
    made(await office.accept(invitation_in(await post.letter())))
    known = await ask_for_reset(office, "petr")
    for answer in (
        await ask_for_reset(office, "nobody"),
        await ask_for_reset(office, "petr", "no-such-company"),
        await ask_for_reset(office, "anna"),
    ):
        assert (answer.status_code, answer.content) == (known.status_code, known.content)
    await post.letter(2)
    await asyncio.sleep(0.5)
    assert len(post.letters) == 2


async def test_nobody_fills_anothers_mailbox(office: Office) -> None:
    answers = [await ask_for_reset(office, "petr") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_server_that_is_away_gets_the_letter_later(office: Office, post: Post) -> None:
    post.answer = "451 try again later"
    await office.invited(login="petr", email=ADDRESS)
    async with asyncio.timeout(60):
        while not post.tried:
            await asyncio.sleep(0.05)
    assert not post.letters
    post.answer = None
    made(await office.accept(invitation_in(await post.letter())))


async def test_an_address_that_the_server_refuses_is_not_tried_again(
    office: Office, post: Post
) -> None:
    post.answer = "550 no such mailbox"
    await office.invited(login="petr", email=ADDRESS)
    await office.invited(login="eve", email="пётр@example.ru")
    async with asyncio.timeout(60):
        while not post.tried:
            await asyncio.sleep(0.05)
    post.answer = None
    await asyncio.sleep(12)
    assert (post.tried, post.letters) == (1, [])


async def test_a_letter_outlives_the_gateway_that_was_to_send_it(
    post: Post, database_url: str, tmp_path: Path
) -> None:
    post.stop()
    async with AsyncExitStack() as clients:
        with running_with(post, database_url, tmp_path / "first.log") as gateway:
            office = await open_office(gateway, "office-without-post", clients)
            await office.invited(login="petr", email=ADDRESS)
    post.start()
    with running_with(post, database_url, tmp_path / "second.log"):
        assert (await post.letter())["To"].addresses[0].addr_spec == ADDRESS
