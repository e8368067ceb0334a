"""`accounts.csv`: the customers, as companies that may belong to one another."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from cli.imports import cleaning
from cli.imports.cleaning import Known, Rejected
from cli.imports.files import ACCOUNTS, Source
from cli.imports.hierarchy import levels
from cli.imports.identity import external_id
from cli.imports.ledger import ImportedRow
from cli.imports.products import CURRENCY
from events.values import CustomerRef, ExternalId, Money

MOST_EMPLOYEES = 100_000_000


class Country(Struct, frozen=True):
    """All that the file knows of an address."""

    country: str


class CompanyItem(Struct, frozen=True):
    """What the platform is asked for."""

    name: str
    industry: str | None
    founded_year: int | None
    annual_revenue: Money | None
    employees: int | None
    address: Country | None
    external_ids: tuple[ExternalId]
    parent: UUID | None = None


class Account(Struct, frozen=True):
    """What an opportunity needs to know of its customer."""

    name: str
    customer: CustomerRef


class Accounts:
    """The whole file: its rows in order, and the companies in the order they can be told."""

    def __init__(self, source: Source) -> None:
        """Read `source` to its end."""
        self.rows: list[ImportedRow] = []
        self.known: Known[Account] = Known("account", ACCOUNTS.file)
        self._by_name: dict[str, ImportedRow] = {}
        self._owners: dict[str, str] = {}
        for line, cells, fault in source.rows():
            row = ImportedRow(ACCOUNTS.file, line, cells[0] if cells else "", [])
            try:
                self._read(cells, fault, row)
            except Rejected as rejected:
                row.reject(rejected)
            self.rows.append(row)

    def levels(self) -> Iterator[list[ImportedRow]]:
        """The accepted rows, owners first.

        Each level's rows must have their verdicts before the next level is asked
        for: that is when their companies get the owners' ids.
        """
        parents = {name: self._owner_of(name) for name in self._by_name}
        sorted_names, circle = levels(parents)
        for name in circle:
            self._by_name[name].rules.append("ownership_circle")
        for names in sorted_names:
            rows = [self._by_name[name] for name in names]
            for name, row in zip(names, rows, strict=True):
                owner = parents[name] if name not in circle else None
                if owner is not None and isinstance(row.item, CompanyItem):
                    above = self._by_name[owner].id
                    row.item = replace(row.item, parent=above)
            yield rows
            for row in rows:
                self._take(row)

    def _read(self, cells: tuple[str, ...], fault: str | None, row: ImportedRow) -> None:
        account, sector, year, revenue, employees, office, owner = cleaning.record(cells, fault)
        notes = row.rules
        name = cleaning.required(account, "account", notes)
        key = name.casefold()
        cleaning.refuse_seen(key, self._by_name, "account", name)
        country = cleaning.country(office, notes)
        worth = cleaning.millions(revenue, "revenue", notes)
        row.item = CompanyItem(
            name=name,
            industry=cleaning.industry(sector, notes),
            founded_year=cleaning.whole(year, "year_established", notes, least=1000, most=2200),
            annual_revenue=None if worth is None else Money(worth, CURRENCY),
            employees=cleaning.whole(employees, "employees", notes, least=0, most=MOST_EMPLOYEES),
            address=None if country is None else Country(country),
            external_ids=external_id("account", name),
        )
        owned_by = cleaning.text(owner, "subsidiary_of", notes)
        if owned_by is not None:
            self._owners[key] = owned_by.casefold()
        self._by_name[key] = row

    def _owner_of(self, name: str) -> str | None:
        owner = self._owners.get(name)
        if owner is not None and owner not in self._by_name:
            self._by_name[name].rules.append("parent_not_known")
            return None
        return owner

    def _take(self, row: ImportedRow) -> None:
        if row.id is not None and isinstance(row.item, CompanyItem):
            name = row.item.name
            self.known.add(name, Account(name, CustomerRef("company", row.id)))
