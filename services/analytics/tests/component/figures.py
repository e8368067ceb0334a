"""The reports once more, in plain Python: loops over the states that the events carried.

They share no code with the reports.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

from events.contacts import Touch
from events.sales import Deal
from services.analytics.tests.component.reached import Facts, text


def worth(deals: Iterable[Deal]) -> Decimal:
    return sum((deal.amount.amount for deal in deals if deal.amount), Decimal(0))


def unvalued(deals: Iterable[Deal]) -> int:
    return sum(deal.amount is None for deal in deals)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def funnel(facts: Facts) -> dict[str, Any]:
    entered: dict[UUID, list[UUID]] = {}
    for deal in facts.deals:
        entries = [(entry.stage, entry.entered_on) for entry in deal.history]
        stages = [stage for stage, day in [*entries, (deal.stage, None)] if facts.within(day)]
        if stages:
            entered[deal.id] = stages
    deals = [deal for deal in facts.deals if deal.id in entered]
    items = []
    for pipeline in facts.world.pipelines:
        if facts.query.get("pipeline") not in (None, str(pipeline.id)):
            continue
        order = [stage.id for stage in pipeline.stages]
        mine = [deal for deal in deals if deal.pipeline == pipeline.id]
        unknown = sorted({deal.stage for deal in mine} - set(order))
        for stage in [*order, *unknown]:
            here = [deal for deal in mine if deal.stage == stage]
            opened = [deal for deal in here if deal.status == "open"]
            position = order.index(stage) + 1 if stage in order else None
            reached = [
                deal
                for deal in mine
                if position and any(s in order[position - 1 :] for s in entered[deal.id])
            ]
            items.append(
                {
                    "pipeline": str(pipeline.id),
                    "stage": str(stage),
                    "name": pipeline.stages[position - 1].name if position else None,
                    "position": position,
                    "entered": len(reached) if position else len(here),
                    "open": len(opened),
                    "won": sum(deal.status == "won" for deal in here),
                    "lost": sum(deal.status == "lost" for deal in here),
                    "amount": {"amount": worth(facts.counted(opened)), "currency": facts.currency},
                }
            )
    opened = [deal for deal in deals if deal.status == "open"]
    return {
        "currency": facts.currency,
        "items": items,
        "totals": {
            "deals": len(deals),
            **{s: sum(d.status == s for d in deals) for s in ("open", "won", "lost")},
        },
        "unvalued": unvalued(opened),
        "other_currencies": other_amounts(facts, opened),
    }


def other_amounts(facts: Facts, deals: Iterable[Deal]) -> list[dict[str, Any]]:
    return [
        {"currency": currency, "deals": len(others), "amount": worth(others)}
        for currency, others in facts.others(deals).items()
    ]


def revenue(facts: Facts) -> dict[str, Any]:
    by = facts.query["by"]
    won = facts.closed("won")
    counted = facts.counted(won)
    items = []
    for key, deals in facts.by(counted, by).items():
        amount = worth(deals)
        if by == "product" and key is not None:
            amount = sum((share(deal, key) for deal in deals), Decimal(0))
        name = key if by in ("month", "quarter") and key else facts.name(key)
        items.append({"key": key, "name": name, "deals": len(deals), "revenue": amount})
    return {
        "currency": facts.currency,
        "items": items,
        "total": {"deals": len(counted), "revenue": worth(counted)},
        "unvalued": unvalued(counted),
        "other_currencies": [
            {"currency": currency, "deals": len(deals), "revenue": worth(deals)}
            for currency, deals in facts.others(won).items()
        ],
    }


def share(deal: Deal, product: str) -> Decimal:
    """What a product brings: its lines; the largest also takes the rounding of the amount."""
    lines: dict[str, Decimal] = {}
    for line in deal.lines:
        worth_ = line.quantity * line.price.amount
        lines[str(line.product)] = lines.get(str(line.product), Decimal(0)) + worth_
    largest = min(lines, key=lambda key: (-lines[key], key))
    rounding = worth([deal]) - sum(lines.values())
    return lines[product] + (rounding if product == largest else 0)


def win_rate(facts: Facts) -> dict[str, Any]:
    def figures(deals: Iterable[Deal]) -> dict[str, Any]:
        won, lost = (sum(d.status == status for d in deals) for status in ("won", "lost"))
        return {"won": won, "lost": lost, "win_rate": won / (won + lost) if won + lost else None}

    return figures_by(facts, facts.in_asked_currency(facts.closed("won", "lost")), figures)


def cycle_time(facts: Facts) -> dict[str, Any]:
    def figures(deals: list[Deal]) -> dict[str, Any]:
        days = [(d.closed_on - d.started_on).days for d in deals if d.closed_on and d.started_on]
        mean = Decimal(sum(days)) / len(days) if days else None
        return {
            "deals": len(days),
            "mean_days": None if mean is None else float(round(mean, 4)),
            "median_days": statistics.median(days) if days else None,
            "undated": len(deals) - len(days),
        }

    return figures_by(facts, facts.in_asked_currency(facts.closed("won")), figures)


def figures_by(
    facts: Facts, deals: list[Deal], figures: Callable[[list[Deal]], dict[str, Any]]
) -> dict[str, Any]:
    by = facts.query.get("by", "none")
    groups = {} if by == "none" else facts.by(deals, by)
    items = [
        {"key": key, "name": facts.name(key), **figures(group)} for key, group in groups.items()
    ]
    return {**figures(deals), "items": items}


def reasons(facts: Facts) -> dict[str, Any]:
    outcome = facts.query.get("outcome", "lost")
    closed = facts.closed(outcome)
    counted = facts.counted(closed)
    codes = {str(reason.id): reason.code for reason in facts.world.reasons}
    items = [
        {
            "reason": key,
            "code": codes.get(key or ""),
            "name": facts.name(key),
            "deals": len(deals),
            "amount": worth(deals),
        }
        for key in {text(deal.reason) for deal in counted}
        for deals in [[deal for deal in counted if text(deal.reason) == key]]
    ]
    return {
        "outcome": outcome,
        "currency": facts.currency,
        "items": items,
        "total": {"deals": len(counted), "amount": worth(counted)},
        "unvalued": unvalued(counted),
        "other_currencies": other_amounts(facts, closed),
    }


def forecast(facts: Facts) -> dict[str, Any]:
    opened = [d for d in facts.deals if d.status == "open" and facts.within(d.expected_close_on)]
    chances = {s.id: s.probability for p in facts.world.pipelines for s in p.stages}

    def figures(deals: Sequence[Deal]) -> dict[str, Any]:
        valued = [deal for deal in deals if deal.amount is not None]
        exact = sum((worth([d]) * chances.get(d.stage, 0) / 100 for d in valued), Decimal(0))
        return {
            "deals": len(deals),
            "amount": worth(deals),
            "weighted": cents(exact),
            "unvalued": unvalued(deals),
            "unweighted": sum(deal.stage not in chances for deal in valued),
        }

    months: dict[str | None, list[Deal]] = {}
    for deal in facts.counted(opened):
        day = deal.expected_close_on
        months.setdefault(f"{day:%Y-%m}" if day else None, []).append(deal)
    return {
        "currency": facts.currency,
        "items": [{"month": month, **figures(deals)} for month, deals in months.items()],
        "total": figures(facts.counted(opened)),
        "other_currencies": other_amounts(facts, opened),
    }


def marketing_return(facts: Facts) -> dict[str, Any]:
    by_campaign = facts.query.get("by") == "campaign"

    def key(record: Any) -> str | None:
        return text(record.campaign) if by_campaign else facts.channel(record)

    def belongs(group: str | None, record: Any) -> bool:
        return key(record) == group

    all_won = [deal for deal in facts.deals if deal.status == "won"]
    all_won.sort(key=lambda deal: (deal.closed_on or date.max, str(deal.id)))
    first = {d.customer.id: d.id for d in reversed(all_won) if d.customer}
    costs = {p.id: p.cost for p in facts.world.products}
    won = facts.closed("won")
    spent = [spend for spend in facts.spend if facts.within(spend.day)]
    leads = [lead for lead in facts.leads if facts.within(facts.local_day(lead, lead.captured_at))]

    def figures(of: Callable[[Any], bool]) -> dict[str, Any]:
        deals = [deal for deal in facts.counted(won) if of(deal)]
        spend = sum(
            (s.amount.amount for s in spent if of(s) and s.amount.currency == facts.currency),
            Decimal(0),
        )
        captured = sum(of(lead) for lead in leads)
        customers = sum(bool(d.customer and first[d.customer.id] == d.id) for d in deals)
        cost = uncosted = Decimal(0)
        for deal in deals:
            if not deal.lines:
                uncosted += worth([deal])
            for line in deal.lines:
                known = costs[line.product]
                if known and deal.amount and known.currency == deal.amount.currency:
                    cost += line.quantity * known.amount
                else:
                    uncosted += line.quantity * line.price.amount
        margin = worth(deals) - cost
        return {
            "spend": spend,
            "leads": captured,
            "deals_won": len(deals),
            "customers_won": customers,
            "revenue": worth(deals),
            "cost": cost,
            "uncosted_revenue": uncosted,
            "margin": margin,
            "romi": float(Fraction(margin - spend) / Fraction(spend)) if spend else None,
            "cost_per_lead": cents(spend / captured) if captured else None,
            "acquisition_cost": cents(spend / customers) if customers else None,
        }

    shown = [*[s for s in spent if s.amount.currency == facts.currency], *leads]
    keys = {key(record) for record in [*shown, *facts.counted(won)]}
    foreign = {s.amount.currency for s in spent} | {d.amount.currency for d in won if d.amount}
    return {
        "currency": facts.currency,
        "items": [{"key": k, "name": facts.name(k), **figures(partial(belongs, k))} for k in keys],
        "total": figures(lambda _: True),
        "unvalued": unvalued(won),
        "other_currencies": [
            {
                "currency": currency,
                "spend": sum(
                    (s.amount.amount for s in spent if s.amount.currency == currency), Decimal(0)
                ),
                "deals_won": len(facts.others(won).get(currency, [])),
                "revenue": worth(facts.others(won).get(currency, [])),
            }
            for currency in sorted(foreign - {facts.currency})
        ],
    }


def touches(facts: Facts) -> dict[str, Any]:
    by = facts.query.get("by", "channel")
    groups: dict[str | None, list[Touch]] = {}
    for touch in facts.touches:
        day = facts.local_day(touch, touch.done_at or touch.planned_for)
        if facts.within(day):
            key = {
                "channel": touch.channel,
                "agent": text(touch.owner),
                "department": text(touch.department),
                "month": f"{day:%Y-%m}",
            }[by]
            groups.setdefault(key, []).append(touch)
    named = by in ("agent", "department")
    return {
        "items": [
            {
                "key": key,
                "name": facts.name(key) if named else key,
                **{s: sum(t.status == s for t in of) for s in ("planned", "done", "cancelled")},
                "minutes": sum(t.duration_minutes or 0 for t in of if t.status == "done"),
            }
            for key, of in groups.items()
        ]
    }
