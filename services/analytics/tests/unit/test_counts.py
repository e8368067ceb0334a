"""Every report says by which fields it counts: as its SQL has them."""

import inspect
import re
from importlib import import_module

import pytest

from analytics.facts import deals, leads, spend, touches
from analytics.reports.api import REPORTS
from analytics.reports.report import Report
from events.catalogue import AGGREGATES

# What names a record and decides its reach: there are no rules for it.
_OF_NOBODY = ("tenant", "id", "version", "owner", "department")
# A fact's columns that a field of another name fills.
_FILLED_BY = {
    "deals.currency": "deals.amount",
    "deals.entered_stages": "deals.history",
    "deals.entered_on": "deals.history",
    "deals.line_products": "deals.lines",
    "deals.line_quantities": "deals.lines",
    "deals.line_prices": "deals.lines",
    "spend.currency": "spend.amount",
    "leads.captured_on": "leads.captured_at",
}
_FACTS = {
    "d": ("deals", deals),
    "l": ("leads", leads),
    "s": ("spend", spend),
    "t": ("touches", touches),
}
_ALWAYS = re.compile(r"\b([dlst])\.([a-z_]+)")


def _counted(report: Report) -> set[str]:
    of_choices = (
        field for choice in report.choices for of in choice.counts.values() for field in of
    )
    return {*report.counts, *of_choices}


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_what_a_report_reads_of_facts_is_what_it_says(report: Report) -> None:
    source = inspect.getsource(import_module(report.make.__module__))
    read = set()
    for alias, column in _ALWAYS.findall(source):
        resource, fact = _FACTS[alias]
        if column in fact.SHAPE.columns and column not in _OF_NOBODY:
            field = f"{resource}.{column}"
            read.add(_FILLED_BY.get(field, field))
    assert read
    assert read <= _counted(report)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_a_report_counts_by_fields_that_there_are(report: Report) -> None:
    fields = {
        f"{aggregate.resource}.{field}"
        for aggregate in AGGREGATES
        for field in aggregate.state.__struct_fields__
    }
    assert _counted(report) <= fields
