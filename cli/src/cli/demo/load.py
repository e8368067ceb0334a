"""Telling the story to the platform: through its public API, in the order it is needed.

Everything has an external id or an idempotency key. A telling that was cut short
is told again from its beginning, and only what is missing is written.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from cli.demo import bodies
from cli.demo.bodies import Body, Ids, Kind
from cli.demo.campaigns import CAMPAIGNS, CHANNELS
from cli.demo.catalogue import PRODUCTS
from cli.demo.company import COLLEAGUES, OFFICES, PASSWORD, SALES_OFFICES, agents_of
from cli.demo.deals import STAGES
from cli.demo.screen import Screen
from cli.demo.story import Story
from cli.demo.working_time import ABSENCES, CALENDARS, HEADQUARTERS
from events import topics
from events.topics import Topic
from meridian_client import AsyncMeridian, explain
from meridian_client.models import Acceptance

CHUNK = 500
AT_ONCE = 4
WAIT_FOR_EVENTS = 60.0
"""Seconds for what comes about by events alone: the first pipeline, the deals of leads."""
_POLL = 0.1

Record = TypeVar("Record")
Resource = tuple[str, Topic]
"""Where records are written, and the topic that their events are in."""

_RESOURCES: Mapping[Kind, Resource] = {
    "department": ("/v1/departments", topics.DEPARTMENT),
    "user": ("/v1/users", topics.USER),
    "absence": ("/v1/absences", topics.ABSENCE),
    "product": ("/v1/products", topics.PRODUCT),
    "channel": ("/v1/channels", topics.CHANNEL),
    "campaign": ("/v1/campaigns", topics.CAMPAIGN),
    "form": ("/v1/forms", topics.FORM),
    "company": ("/v1/companies", topics.COMPANY),
    "person": ("/v1/people", topics.PERSON),
    "deal": ("/v1/deals", topics.DEAL),
    "touch": ("/v1/touches", topics.TOUCH),
}


class Refused(Exception):
    """The platform would not take a record of the story, or did not do its part."""


@asynccontextmanager
async def _patience(else_: str) -> AsyncIterator[None]:
    """Give the block as long as events may take; `else_` says what did not come about."""
    try:
        async with asyncio.timeout(WAIT_FOR_EVENTS):
            yield
    except TimeoutError:
        raise Refused(f"{else_} within {WAIT_FOR_EVENTS:.0f} s; see ./meridian status") from None


class Telling:
    """One telling of one story by a signed-in administrator; `verdicts` counts what became of it.

    `run` raises `Refused`, and what the client raises.
    """

    def __init__(self, client: AsyncMeridian, story: Story, root: str, screen: Screen) -> None:
        self._client, self._story, self._screen = client, story, screen
        self._ids = Ids()
        self._ids.keep("department", [""], [root])
        self.verdicts: Counter[str] = Counter()

    async def run(self) -> None:
        """Tell everything, and wait until the leads have become deals."""
        await self._colleagues()
        await self._first_pipeline_and_reasons()
        await self._catalogue()
        await self._customers()
        await self._sales()
        await self._leads()

    async def _colleagues(self) -> None:
        offices, ids, scenario = OFFICES, self._ids, self._story.scenario
        await self._client.departments.change(
            ids.of("department", HEADQUARTERS), CALENDARS[HEADQUARTERS], if_match="*"
        )
        await self._tell(
            "department", "Departments", [o.key for o in offices], map(bodies.department, offices)
        )
        leading = [c for c in COLLEAGUES if c.role != "agent"]
        agents = [c for c in COLLEAGUES if c.role == "agent"]
        for name, group in (("Managers and experts", leading), ("Agents", agents)):
            # Agents name their managers, who must be there before.
            await self._tell(
                "user", name, [c.login for c in group], [bodies.user(c, ids) for c in group]
            )
        away = [bodies.absence(away, scenario, ids) for away in ABSENCES]
        await self._tell("absence", "Absences", [away.login for away in ABSENCES], away)
        invited = [user.id async for user in self._client.users.list(status="invited")]
        with self._screen.step("Invitations accepted", len(invited)) as advance:
            turn = asyncio.Semaphore(AT_ONCE)

            async def accept(user: UUID) -> None:
                async with turn:
                    made = await self._client.users.invitation(user)
                    acceptance = Acceptance(invitation=made.invitation, password=PASSWORD)
                    await self._client.invitations.accept(acceptance)
                advance(1)

            await asyncio.gather(*map(accept, invited))

    async def _first_pipeline_and_reasons(self) -> None:
        """Sales makes these for a new tenant when it hears of it."""
        with self._screen.step("Pipeline and reasons, by events", 2) as advance:
            pipelines = await self._appearing("pipelines", self._client.pipelines.list)
            advance(1)
            reasons = await self._appearing("reasons", self._client.reasons.list)
        stages = next(pipeline.stages for pipeline in pipelines if pipeline.is_default)
        if len(stages) < STAGES:
            raise Refused(f"the pipeline has {len(stages)} stages, and the story needs {STAGES}")
        self._ids.keep("stage", map(str, range(len(stages))), (str(stage.id) for stage in stages))
        named = [f"{reason.outcome}:{reason.code}" for reason in reasons]
        self._ids.keep("reason", named, (str(reason.id) for reason in reasons))

    async def _catalogue(self) -> None:
        ids, scenario = self._ids, self._story.scenario
        await self._tell("product", "Products", PRODUCTS, map(bodies.product, PRODUCTS.values()))
        await self._tell("channel", "Channels", CHANNELS, map(bodies.channel, CHANNELS.values()))
        campaigns = [bodies.campaign(campaign, scenario, ids) for campaign in CAMPAIGNS.values()]
        await self._tell("campaign", "Campaigns", CAMPAIGNS, campaigns)
        forms = [bodies.form(office, agents_of(office.key)[0], ids) for office in SALES_OFFICES]
        await self._tell("form", "Forms", [office.key for office in SALES_OFFICES], forms)
        spends = self._story.spends
        days = [bodies.spend(spend, ids) for spend in spends]
        await self._upsert("Days of spend", ("/v1/spend", topics.SPEND), days)

    async def _customers(self) -> None:
        companies, people, ids = self._story.companies, self._story.people, self._ids
        await self._tell(
            "company",
            "Companies",
            [company.key for company in companies],
            (bodies.company(company, ids) for company in companies),
        )
        await self._tell(
            "person",
            "People",
            [person.key for person in people],
            (bodies.person(person, ids) for person in people),
        )

    async def _sales(self) -> None:
        deals, touches, ids = self._story.deals, self._story.touches, self._ids
        await self._tell(
            "deal",
            "Deals",
            [deal.key for deal in deals],
            (bodies.deal(deal, ids) for deal in deals),
        )
        await self._tell(
            "touch",
            "Touches",
            [touch.key for touch in touches],
            (bodies.touch(t, ids) for t in touches),
        )

    async def _leads(self) -> None:
        """Strangers fill in forms; the services make customers and deals of them."""
        submissions, client = self._story.submissions, self._client
        leads: set[UUID] = set()
        with self._screen.step("Forms filled in", len(submissions)) as advance:
            for submission in submissions:
                form = self._ids.of("form", submission.office.key)
                key = str(uuid5(NAMESPACE_URL, f"{form}:{submission.key}"))
                body = bodies.submission(submission)
                captured = await client.forms.submit(form, body, idempotency_key=key)
                leads.add(captured.lead)
                advance(1)
        with self._screen.step("Leads become deals, by events", len(leads)) as advance:
            async with _patience("some leads did not become deals"):
                while leads:
                    async for lead in client.leads.list():
                        if lead.id in leads and lead.deal is not None:
                            await self._await_in_reports(lead.deal)
                            leads.remove(lead.id)
                            advance(1)
                    await asyncio.sleep(_POLL)

    async def _await_in_reports(self, deal: UUID) -> None:
        """Reports are read after this deal, which nobody here has written."""
        version = (await self._client.deals.read(deal)).version
        self._client.written.add(f"{topics.DEAL.name}/{deal}@{version}")

    async def _appearing(
        self, what: str, listed: Callable[[], AsyncIterator[Record]]
    ) -> list[Record]:
        """The records of a list that events will fill."""
        async with _patience(f"no {what} appeared"):
            while True:
                records = [record async for record in listed()]
                if records:
                    return records
                await asyncio.sleep(_POLL)

    async def _tell(
        self, kind: Kind, name: str, keys: Iterable[str], items: Iterable[Body]
    ) -> None:
        """Upsert records of one kind and keep their ids under their keys."""
        self._ids.keep(kind, keys, await self._upsert(name, _RESOURCES[kind], list(items)))

    async def _upsert(self, name: str, resource: Resource, items: Sequence[Body]) -> list[str]:
        """The ids of the records, in the order of the items."""
        ids: list[str] = []
        path, topic = resource
        with self._screen.step(name, len(items)) as advance:
            async with aclosing(self._client.bulk(path, items, chunk=CHUNK)) as chunks:
                async for verdicts in chunks:
                    for verdict in verdicts:
                        self.verdicts[verdict.verdict] += 1
                        if verdict.id is None:
                            raise Refused(f"{name}: {explain(verdict.problem or {})}")
                        ids.append(str(verdict.id))
                        if verdict.verdict == "unchanged":
                            # Written by a telling that was cut short: nobody may have waited yet.
                            written = f"{topic.name}/{verdict.id}@{verdict.version}"
                            self._client.written.add(written)
                    advance(len(verdicts))
        return ids
