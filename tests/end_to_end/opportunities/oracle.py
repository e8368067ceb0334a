"""The figures of a sales history, computed a second time, straight from its files.

Nothing here comes from the product: not its parser, not its cleaning, not its
names. Whoever changes what an import accepts must say so here once more.
"""

from __future__ import annotations

import csv
import datetime
import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

SAME_PRODUCT = {"gtxpro": "gtx pro"}
OFFICES = {"central", "east", "west"}
CHANCES = {"Prospecting": Decimal("0.10"), "Engaging": Decimal("0.40")}
Thing = TypeVar("Thing")
WIDTHS = {"accounts": 7, "products": 3, "sales_teams": 3, "sales_pipeline": 8}


@dataclass(frozen=True)
class Deal:
    """One opportunity that an import must accept; `amount` is won, lost or at stake."""

    number: str
    agent: str
    office: str
    product: str
    account: str | None
    stage: str
    engaged: datetime.date | None
    closed: datetime.date | None
    amount: Decimal


class Figures:
    """What every report must say about `deals`."""

    def __init__(self, deals: list[Deal], rejected: Counter[str]) -> None:
        self.deals = deals
        self.rejected = rejected
        """Rows of each file that an import must reject."""
        self.won = [deal for deal in deals if deal.stage == "Won"]
        self.lost = [deal for deal in deals if deal.stage == "Lost"]
        self.open = [deal for deal in deals if deal.stage in CHANCES]

    @property
    def stages(self) -> Counter[str]:
        return Counter(deal.stage for deal in self.deals)

    @property
    def revenue(self) -> Decimal:
        return sum((deal.amount for deal in self.won), Decimal(0))

    def revenue_by(self, key: Callable[[Deal], str]) -> dict[str, tuple[int, Decimal]]:
        """Won deals and their revenue by whatever `key` says of a deal."""
        return _grouped((key(deal), deal.amount) for deal in self.won)

    @property
    def win_rate(self) -> Decimal:
        return Decimal(len(self.won)) / Decimal(len(self.won) + len(self.lost))

    @property
    def cycles(self) -> list[int]:
        """Days from engaging to winning, where both days are known."""
        return [
            (deal.closed - deal.engaged).days for deal in self.won if deal.closed and deal.engaged
        ]

    @property
    def mean_days(self) -> float:
        return statistics.fmean(self.cycles)

    @property
    def median_days(self) -> float:
        return statistics.median(self.cycles)

    @property
    def lost_amount(self) -> Decimal:
        return sum((deal.amount for deal in self.lost), Decimal(0))

    @property
    def at_stake(self) -> Decimal:
        return sum((deal.amount for deal in self.open), Decimal(0))

    @property
    def weighted(self) -> Decimal:
        return sum((deal.amount * CHANCES[deal.stage] for deal in self.open), Decimal(0))


def month(deal: Deal) -> str:
    return f"{deal.closed:%Y-%m}"


def quarter(deal: Deal) -> str:
    assert deal.closed is not None
    return f"{deal.closed.year}-Q{(deal.closed.month + 2) // 3}"


class Unacceptable(Exception):
    """A row that an import must reject."""


def read(directory: Path) -> Figures:
    """Compute the figures of the four files in `directory`."""
    rejected: Counter[str] = Counter()
    accounts: dict[str, str] = {}
    products: dict[str, tuple[str, Decimal]] = {}
    agents: dict[str, tuple[str, str]] = {}
    deals: dict[str, Deal] = {}
    readings: dict[str, Callable[[dict[str, str]], None]] = {
        "accounts": lambda row: _add(accounts, _account(row)),
        "products": lambda row: _add(products, _product(row)),
        "sales_teams": lambda row: _add(agents, _agent(row)),
        "sales_pipeline": lambda row: _add(deals, _deal(row, accounts, products, agents)),
    }
    for name, take in readings.items():
        for row in _rows(directory, name, rejected):
            try:
                take(row)
            except Unacceptable:
                rejected[name] += 1
    return Figures(list(deals.values()), rejected)


def _add(known: dict[str, Thing], named: tuple[str, Thing]) -> None:
    name, thing = named
    if name in known:
        raise Unacceptable
    known[name] = thing


def _rows(directory: Path, name: str, rejected: Counter[str]) -> Iterable[dict[str, str]]:
    """Records of one file by small column names; lines that are no record are rejected."""
    with (directory / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        records = csv.reader(file, strict=True)
        header = [column.strip().lower() for column in next(records)]
        while True:
            try:
                cells = next(records)
            except StopIteration:
                return
            except csv.Error:
                rejected[name] += 1
                continue
            if len(cells) == WIDTHS[name]:
                yield dict(zip(header, cells, strict=True))
            elif cells:
                rejected[name] += 1


def _account(row: dict[str, str]) -> tuple[str, str]:
    name = _named(row["account"])
    _short(row["sector"], 100)
    _short(row["office_location"], 100)
    _short(row["subsidiary_of"], 200)
    _number(row["revenue"], 8)
    _between(_number(row["year_established"], 0), 1000, 2200)
    _between(_number(row["employees"], 0), 0, 100_000_000)
    return name.casefold(), name


def _product(row: dict[str, str]) -> tuple[str, tuple[str, Decimal]]:
    name, price = _named(row["product"]), _number(row["sales_price"], 2)
    if price is None:
        raise Unacceptable
    return _same_product(name), (name, price)


def _agent(row: dict[str, str]) -> tuple[str, tuple[str, str]]:
    name, office = _named(row["sales_agent"]), _words(row["regional_office"])
    if office.casefold() not in OFFICES:
        raise Unacceptable
    return name.casefold(), (name, office.title())


def _deal(
    row: dict[str, str],
    accounts: dict[str, str],
    products: dict[str, tuple[str, Decimal]],
    agents: dict[str, tuple[str, str]],
) -> tuple[str, Deal]:
    number, stage = _named(row["opportunity_id"]), _words(row["deal_stage"]).title()
    agent = agents.get(_words(row["sales_agent"]).casefold())
    product = products.get(_same_product(_words(row["product"])))
    customer = _words(row["account"]).casefold()
    engaged, closed = _date(row["engage_date"]), _date(row["close_date"])
    value = _number(row["close_value"], 2)
    _between(value, 0, 10**12 - Decimal("0.01"))
    if agent is None or product is None or (customer and customer not in accounts):
        raise Unacceptable
    if stage in CHANCES:
        closed = None
    elif stage not in {"Won", "Lost"} or (engaged and closed and closed < engaged):
        raise Unacceptable
    amount = value if stage == "Won" else product[1]
    if amount is None or (stage not in CHANCES and closed is None):
        raise Unacceptable
    account = accounts.get(customer)
    deal = Deal(number, *agent, product[0], account, stage, engaged, closed, amount)
    return number, deal


def _words(cell: str) -> str:
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", cell).strip())


def _named(cell: str, longest: int = 200) -> str:
    name = _words(cell)
    if not 0 < len(name) <= longest or re.search(r"[\x00-\x1f]", name):
        raise Unacceptable
    return name


def _short(cell: str, longest: int) -> None:
    if _words(cell):
        _named(cell, longest)


def _same_product(name: str) -> str:
    return SAME_PRODUCT.get(name.casefold(), name.casefold())


def _date(cell: str) -> datetime.date | None:
    for form in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            day = datetime.datetime.strptime(_words(cell), form).date()  # noqa: DTZ007
        except ValueError:
            continue
        if 1900 <= day.year < 2200:
            return day
    if _words(cell):
        raise Unacceptable
    return None


def _number(cell: str, decimals: int) -> Decimal | None:
    """A number of at most so many decimals; None of an empty cell."""
    plain = _words(cell)
    if not plain:
        return None
    if re.fullmatch(r"\$?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|\$[0-9]+(\.[0-9]+)?", plain):
        plain = plain.replace("$", "").replace(",", "")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", plain):
        raise Unacceptable
    number = Decimal(plain)
    if number != round(number, decimals):
        raise Unacceptable
    return number


def _between(number: Decimal | None, least: int, most: int | Decimal) -> None:
    if number is not None and not least <= number <= most:
        raise Unacceptable


def _grouped(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, tuple[int, Decimal]]:
    groups: dict[str, list[Decimal]] = defaultdict(list)
    for key, amount in amounts:
        groups[key].append(amount)
    return {key: (len(found), sum(found, Decimal(0))) for key, found in groups.items()}
