"""What an import shows: bars while it runs, then tables of what became of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.imports.agreement import Figures
from cli.imports.cleaning import RULES
from cli.imports.files import Layout, Source
from cli.imports.ledger import VERDICTS, Ledger


@contextmanager
def bars(
    console: Console, sources: Mapping[Layout, Source]
) -> Iterator[Callable[[Layout, int], None]]:
    """A bar for each file, where there is a terminal to draw on; gives what moves them."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {
            layout: progress.add_task(layout.file, total=max(source.lines - 1, 0), start=False)
            for layout, source in sources.items()
        }

        def advance(layout: Layout, rows: int) -> None:
            progress.start_task(tasks[layout])
            progress.advance(tasks[layout], rows)

        yield advance


def show(console: Console, ledger: Ledger) -> None:
    """The counts by file and by rule, and the first rejected rows."""
    console.print(_verdicts(ledger))
    if ledger.rules:
        console.print(_rules(ledger))
    if ledger.examples:
        console.print(f"{ledger.rejected:,} rejected; the first of each file:")
        for row in ledger.examples:
            where = row.file if row.line is None else f"{row.file} line {row.line}"
            console.print(Text(_printable(f"  {where} ({row.record[:60]}): {row.why}")))


def show_figures(console: Console, figures: Figures, rows: int, seconds: float) -> None:
    """How fast it was until analytics agreed, and what analytics says."""
    console.print(
        f"{rows:,} opportunities in {seconds:.1f} s, from the first byte until analytics agreed: "
        f"{rows / seconds:,.0f} a second"
    )
    console.print(
        f"Analytics, as of {figures.as_of}: {figures.won:,} won, {figures.lost:,} lost, "
        f"{figures.open:,} open; won revenue {figures.revenue:,.2f} {figures.currency}"
    )


def _verdicts(ledger: Ledger) -> Table:
    table = Table("file", *VERDICTS, "rows", title="What became of the rows", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for file, counts in ledger.files.items():
        numbers = [f"{counts[verdict]:,}" for verdict in VERDICTS]
        table.add_row(Text(file), *numbers, f"{counts.total():,}")
    return table


def _rules(ledger: Ledger) -> Table:
    table = Table("rule", "", "what it does", "rows", title="Rules that touched rows")
    table.title_justify = "left"
    table.columns[3].justify = "right"
    for rule in RULES:
        if ledger.rules[rule.code]:
            table.add_row(rule.code, rule.kind, rule.does, f"{ledger.rules[rule.code]:,}")
    return table


def _printable(text: str) -> str:
    """`text` without what would steer the terminal: the files are not trusted."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
