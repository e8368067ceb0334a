"""What is seen while the demo works: a bar for each step, where there is a terminal to draw on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


class Screen:
    """Shows steps as they are worked on; without a terminal, a line for each when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description:<32}"),
            BarColumn(bar_width=36),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Draw the bars during the block."""
        with self._progress:
            yield

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Advance]:
        """One step of `total` things; gives what is told how many more are done."""
        task = self._progress.add_task(name, total=total)
        began = time.monotonic()
        yield lambda more: self._progress.advance(task, more)
        self._progress.update(task, completed=total)
        self._progress.stop_task(task)
        if not self._console.is_terminal:
            self._console.print(f"{name:<32} {total:>7,} {time.monotonic() - began:6.1f} s")
