"""A small demo, cut short, told to its end, asked for again: its tables against its story."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from statistics import mean, median
from typing import Any

import psutil
import pytest

from cli.demo.campaigns import CAMPAIGNS
from cli.demo.catalogue import PRODUCTS
from cli.demo.company import PASSWORD, SLUG, one_of_each_role
from cli.demo.deals import Deal
from cli.demo.figures import Figures
from cli.demo.story import Story
from meridian_client import AsyncMeridian
from tests.end_to_end.demo.tellings import SCENARIO, Tellings

CHANCES = (10, 25, 50, 75)
"""Percent, of the stages that every new tenant begins with."""


@pytest.fixture(scope="module")
def story(tellings: Tellings) -> Story:
    return tellings.story


@pytest.fixture(scope="module")
def figures(tellings: Tellings) -> Figures:
    return tellings.completed.figures


def won(story: Story) -> list[Deal]:
    return [deal for deal in story.deals if deal.status == "won"]


def test_a_telling_that_was_cut_short_is_told_to_its_end_as_it_began(tellings: Tellings) -> None:
    assert tellings.completed.scenario == SCENARIO
    verdicts, story = tellings.completed.verdicts, tellings.story
    assert verdicts["created"] == len(story.touches)
    assert verdicts["unchanged"] > len(story.deals) + 60 + len(story.spends)
    assert set(verdicts) == {"created", "unchanged"}


def test_a_second_run_writes_nothing_and_shows_the_same(tellings: Tellings) -> None:
    assert tellings.journals[0] == tellings.journals[1]
    assert not tellings.again.verdicts
    assert tellings.again.scenario == SCENARIO
    before, after = tellings.completed.figures, tellings.again.figures
    assert (after.revenue.items, after.revenue.total) == (
        before.revenue.items,
        before.revenue.total,
    )
    assert (after.forecast.items, after.forecast.total) == (
        before.forecast.items,
        before.forecast.total,
    )


def test_the_funnel_holds_every_deal_where_it_stands(story: Story, figures: Figures) -> None:
    leads = len(story.submissions)
    totals = figures.funnel.totals
    count = Counter(deal.status for deal in story.deals)
    assert (totals.won, totals.lost) == (count["won"], count["lost"])
    assert totals.open == count["open"] + leads
    for position, stage in enumerate(figures.funnel.items):
        reached = [deal for deal in story.deals if deal.stages[-1][0] >= position]
        here = [deal for deal in reached if deal.stages[-1][0] == position]
        is_open = [deal for deal in here if deal.status == "open"]
        newcomers = leads if position == 0 else 0
        assert stage.entered == len(reached) + newcomers
        assert stage.open == len(is_open) + newcomers
        assert stage.lost == sum(deal.status == "lost" for deal in here)
        assert stage.amount.amount == sum(deal.amount for deal in is_open)


def test_won_revenue_is_counted_in_the_month_of_the_office(story: Story, figures: Figures) -> None:
    expected: dict[str, Decimal] = {}
    for deal in won(story):
        assert deal.closed is not None
        month = f"{deal.closed:%Y-%m}"
        expected[month] = expected.get(month, Decimal(0)) + deal.amount
    assert {month.key: month.revenue for month in figures.revenue.items} == expected
    assert figures.revenue.total.revenue == sum(expected.values())


def test_each_channel_has_its_spend_revenue_and_margin(story: Story, figures: Figures) -> None:
    spent, revenue, margin = Counter[str](), Counter[str](), Counter[str]()
    for spend in story.spends:
        spent[CAMPAIGNS[spend.campaign].channel] += spend.amount  # type: ignore[assignment]
    for deal in won(story):
        cost = sum(PRODUCTS[line.sku].cost * line.quantity for line in deal.lines)
        revenue[deal.channel.key] += deal.amount  # type: ignore[assignment]
        margin[deal.channel.key] += deal.amount - cost  # type: ignore[assignment]
    total = figures.channels.total
    assert total.spend == sum(spent.values())
    assert total.margin == sum(margin.values())
    assert total.leads == len(story.submissions)
    by_revenue = sorted((amount for amount in revenue.values() if amount), reverse=True)
    assert [item.revenue for item in figures.channels.items if item.revenue] == by_revenue


def test_losses_are_told_by_their_reasons(story: Story, figures: Figures) -> None:
    expected = Counter(
        deal.reason or "not_recorded" for deal in story.deals if deal.status == "lost"
    )
    assert {item.code: item.deals for item in figures.losses.items} == expected


def test_the_forecast_weighs_open_deals_by_their_stage(story: Story, figures: Figures) -> None:
    weighted = sum(
        (
            deal.amount * CHANCES[deal.stages[-1][0]] / 100
            for deal in story.deals
            if deal.status == "open"
        ),
        Decimal(0),
    )
    assert figures.forecast.total.weighted == round(weighted, 2)


def test_cycle_time_and_win_rate_are_of_closed_deals(story: Story, figures: Figures) -> None:
    days = [
        (deal.closed.date() - deal.stages[0][1].date()).days for deal in won(story) if deal.closed
    ]
    assert figures.cycle_time.deals == len(days)
    assert figures.cycle_time.median_days == median(days)
    assert figures.cycle_time.mean_days == pytest.approx(mean(days), abs=0.0001)
    lost = sum(deal.status == "lost" for deal in story.deals)
    assert figures.win_rate.win_rate == pytest.approx(len(days) / (len(days) + lost))


def test_touches_are_counted_by_channel(story: Story, figures: Figures) -> None:
    done = Counter(str(touch.channel) for touch in story.touches if touch.status == "done")
    done["web_form"] += len(story.submissions)
    assert {item.name: item.done for item in figures.touches.items if item.done} == done


@pytest.fixture
async def administrator(platform: Any, tellings: Tellings) -> AsyncIterator[AsyncMeridian]:
    assert tellings.journals[0]["gateway"]
    async with AsyncMeridian(platform.gateway_url) as client:
        await client.sign_in(SLUG, one_of_each_role()[0].login, PASSWORD)
        yield client


async def test_leads_became_people_and_deals_by_events_alone(
    administrator: AsyncMeridian, story: Story
) -> None:
    leads = {lead.email: lead async for lead in administrator.leads.list()}
    for submission in story.submissions:
        lead = leads[submission.email]
        assert lead.status == "converted"
        assert lead.customer is not None
        assert lead.deal is not None
        person = await administrator.people.read(lead.customer.id)
        assert person.emails == [submission.email]
        deal = await administrator.deals.read(lead.deal)
        assert deal.lead == lead.id


@pytest.mark.usefixtures("tellings")
async def test_somebody_of_every_role_can_sign_in(platform: Any) -> None:
    for colleague in one_of_each_role():
        async with AsyncMeridian(platform.gateway_url) as client:
            session = await client.sign_in(SLUG, colleague.login, PASSWORD)
            assert session.user.roles == [colleague.role]


def processes_of(home: Path) -> list[str]:
    """What still runs in a platform's folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = process.info["cmdline"] or []
        environment = process.info["environ"] or {}
        if str(home) in " ".join(words) or environment.get("MERIDIAN_HOME") == str(home):
            found.append(" ".join(words))
    return found


@pytest.mark.slow
def test_the_command_shows_everything_runs_until_ctrl_c_and_leaves_no_process(
    tmp_path: Path,
) -> None:
    home, numbers = tmp_path / "home", tmp_path / "numbers.json"
    demo = subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "cli", "demo", "--json", str(numbers)),
            *("--customers", "40", "--deals", "40"),
        ],
        env={**os.environ, "MERIDIAN_HOME": str(home), "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if "until Ctrl-C" in line:
            break
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=60)
    text = "".join(said)
    assert demo.returncode == 0, text + rest
    for part in ("Funnel", "Forecast", "/openapi.json", "vera.solovyova", "curl -s"):
        assert part in text
    assert b'"win_rate"' in numbers.read_bytes()
    assert processes_of(home) == []
