"""The invented half-year is always the same one, and could have been."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from operator import mul
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from cli.demo.campaigns import CAMPAIGNS, CHANNELS, period
from cli.demo.catalogue import PRODUCTS
from cli.demo.company import (
    ADMINISTRATOR,
    COLLEAGUES,
    OFFICES,
    SALES_OFFICES,
    agents_of,
    one_of_each_role,
)
from cli.demo.customers import Company, Person
from cli.demo.scenario import HALF_A_YEAR, Scenario
from cli.demo.story import Story, tell
from events.contacts import TouchChannel
from events.directory import BuiltInRole

SMALL = Scenario(date(2027, 3, 1), customers=200, deals=300)


def test_the_same_scenario_is_the_same_story() -> None:
    assert tell(SMALL) == tell(SMALL)


@pytest.mark.parametrize(
    "other", [replace(SMALL, seed=8), replace(SMALL, last_day=date(2027, 3, 2))]
)
def test_another_seed_or_day_is_another_story(other: Scenario) -> None:
    assert tell(other).deals != tell(SMALL).deals


def test_fewer_deals_leave_the_customers_as_they_are() -> None:
    assert tell(replace(SMALL, deals=20)).companies == tell(SMALL).companies


def test_a_scenario_is_read_as_it_was_written() -> None:
    assert Scenario.read(SMALL.written()) == SMALL
    assert Scenario.read("something else") is None


def test_there_is_as_much_of_everything_as_promised(story: Story) -> None:
    assert len(story.companies) + len(story.people) >= 2_000
    assert len(story.deals) >= 3_000
    assert len(story.submissions) >= 10


def test_offices_keep_clocks_in_four_time_zones_and_more() -> None:
    clocks = [datetime(2026, 11, 22, tzinfo=ZoneInfo(office.time_zone)) for office in OFFICES]
    offsets = {clock.utcoffset() for clock in clocks}
    assert len(offsets) == 5


def test_somebody_has_each_role_and_every_sales_office_sells() -> None:
    assert {colleague.role for colleague in one_of_each_role()} == set(get_args(BuiltInRole))
    assert all(len(agents_of(office.key)) >= 2 for office in SALES_OFFICES)
    logins = [colleague.login for colleague in (ADMINISTRATOR, *COLLEAGUES)]
    assert len(set(logins)) == len(logins)


def test_products_cost_less_than_they_bring() -> None:
    assert all(0 < product.cost < product.price for product in PRODUCTS.values())


def customers_of(story: Story) -> list[Company | Person]:
    return [*story.companies, *story.people]


def weighed(digits: list[int], *weights: int) -> int:
    return sum(map(mul, digits, weights))


def inn_holds(inn: str) -> bool:
    """The rule of the tax service, in its own words: weights, sums, remainders by 11."""
    digits = list(map(int, inn))
    if len(digits) == 10:
        return weighed(digits, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10 == digits[9]
    first = weighed(digits, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10
    second = weighed(digits, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10
    return len(digits) == 12 and [first, second] == digits[10:]


def nif_holds(nif: str) -> bool:
    digits = list(map(int, nif))
    rest = weighed(digits, *range(9, 0, -1)) % 11
    return len(digits) == 9 and (rest == 0 or (rest == 1 and digits[8] == 0))


def test_every_tax_id_has_its_check_digits(story: Story) -> None:
    for company in story.companies:
        holds = inn_holds if company.office.language == "ru" else nif_holds
        assert holds(company.tax_id), company
    assert {len(company.tax_id) for company in story.companies} == {9, 10, 12}


def test_people_have_patronymics_in_russia_and_only_there(story: Story) -> None:
    for person in story.people:
        assert bool(person.patronymic) == (person.language == "ru")
        if person.patronymic:
            is_woman = person.patronymic.endswith("на")
            assert is_woman or person.patronymic.endswith("ич")
            assert not (is_woman and re.search(r"(ов|ев|ёв|ин|ский)$", person.family_name))


def test_nobody_can_be_written_to_or_called_by_mistake(story: Story) -> None:
    for customer in customers_of(story):
        assert customer.email.endswith(".example")
        assert re.match(r"\+(7\d{3}0|351210)", customer.phone)


def test_customers_are_told_apart(story: Story) -> None:
    for values in (
        [customer.key for customer in customers_of(story)],
        [customer.email for customer in customers_of(story)],
        [company.name for company in story.companies],
        [deal.key for deal in story.deals],
        [touch.key for touch in story.touches],
    ):
        assert len(set(values)) == len(values)


def test_a_deal_belongs_to_an_agent_of_its_customers_office(story: Story) -> None:
    offices = {c.key: c.office for c in customers_of(story)}
    for deal in story.deals:
        assert deal.office == offices[deal.customer]
        assert deal.owner in agents_of(deal.office.key)


def test_histories_are_in_order_and_end_before_today(story: Story) -> None:
    first, today = story.scenario.first_day, story.scenario.last_day
    for deal in story.deals:
        stages = [stage for stage, _ in deal.stages]
        assert stages == list(range(len(stages)))
        moments = [at for _, at in deal.stages] + ([deal.closed] if deal.closed else [])
        assert all(before < after for before, after in pairwise(moments))
        assert first <= moments[0].date()
        assert moments[-1].date() < today


def test_only_closed_deals_have_an_end_and_only_open_ones_a_plan(story: Story) -> None:
    for deal in story.deals:
        if deal.status == "open":
            assert deal.closed is None
            assert deal.reason is None
            assert deal.expected_close is None or deal.expected_close >= story.scenario.last_day
        else:
            assert deal.closed is not None
            assert deal.next_step is None
            assert deal.expected_close is None
        if deal.status == "won":
            assert len(deal.stages) == 4


def test_deals_end_in_every_way(story: Story) -> None:
    statuses = Counter(deal.status for deal in story.deals)
    assert 0.3 < statuses["won"] / (statuses["won"] + statuses["lost"]) < 0.6
    assert statuses["open"] > 200
    reasons = Counter(deal.reason for deal in story.deals if deal.status == "lost")
    assert set(reasons) == {
        "price", "competitor", "no_budget", "no_decision", "timing", "unreachable", None,
    }  # fmt: skip


def test_fewer_deals_begin_on_weekends(story: Story) -> None:
    by_weekday = Counter(deal.stages[0][1].weekday() for deal in story.deals)
    assert by_weekday[5] + by_weekday[6] < min(by_weekday[day] for day in range(5))


def test_touches_go_over_every_channel_done_and_planned(story: Story) -> None:
    for status in ("done", "planned"):
        over = {touch.channel for touch in story.touches if touch.status == status}
        assert over == set(get_args(TouchChannel))


def test_touches_are_made_while_their_deal_runs_and_somebody_works(story: Story) -> None:
    deals = {deal.key: deal for deal in story.deals}
    midnight = datetime.combine(story.scenario.last_day, time())
    for touch in story.touches:
        deal = deals[touch.deal]
        assert (touch.customer, touch.owner) == (deal.customer, deal.owner)
        if touch.done is not None:
            assert touch.planned_for is None
            assert deal.stages[0][1] <= touch.done < (deal.closed or midnight)
            assert 9 <= touch.done.hour <= 21
        else:
            assert touch.planned_for is not None
            assert touch.planned_for >= midnight


def test_every_campaign_costs_something_on_each_of_its_days(story: Story) -> None:
    spent = {(spend.campaign, spend.day): spend.amount for spend in story.spends}
    assert len(spent) == len(story.spends)
    days = 0
    for campaign in CAMPAIGNS.values():
        begins, ends = period(campaign, story.scenario)
        days += (ends - begins).days + 1
        for number in range((ends - begins).days + 1):
            assert spent[campaign.key, begins + timedelta(days=number)] > 0
    assert days == len(spent)
    assert max(spend.day for spend in story.spends) == story.scenario.yesterday
    assert min(spend.day for spend in story.spends) == story.scenario.first_day


def test_deals_come_over_every_channel_and_by_campaigns_while_they_run(story: Story) -> None:
    assert {deal.channel.key for deal in story.deals} == set(CHANNELS)
    assert {deal.campaign.key for deal in story.deals if deal.campaign} == set(CAMPAIGNS)
    for deal in story.deals:
        if deal.campaign is not None:
            assert deal.channel.key == deal.campaign.channel
            day = (deal.stages[0][1].date() - story.scenario.first_day).days
            assert deal.campaign.runs_on(day)


def test_some_campaigns_pay_and_some_do_not(story: Story) -> None:
    spent, earned = Counter[str](), Counter[str]()
    for spend in story.spends:
        spent[spend.campaign] += int(spend.amount)
    for deal in story.deals:
        if deal.campaign is not None and deal.status == "won":
            cost = sum(PRODUCTS[line.sku].cost * line.quantity for line in deal.lines)
            earned[deal.campaign.key] += int(deal.amount - cost)
    assert {earned[key] > spent[key] for key in CAMPAIGNS} == {True, False}


def test_the_half_year_is_half_a_year(story: Story) -> None:
    assert (story.scenario.last_day - story.scenario.first_day).days == HALF_A_YEAR
    months = {deal.closed.month for deal in story.deals if deal.closed}
    assert len(months) >= 6
