"""How a benchmark looks in a terminal: progress on stderr, the tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from zoo.bench import Job, Outcome
from zoo.report import COLUMNS, conditions, data_text, ordered, pair_sentence, row
from zoo.results import Pair, Result
from zoo.terminal import console, say, watched

# What is shown of `COLUMNS` under a heading that names the data: all in one table, or in two
# where the terminal is too narrow for one.
_WHOLE = tuple(range(1, len(COLUMNS)))
_HALVES = ((1, 2, 3, 5), (1, 4, 6, 7, 8))


class BenchProgress:
    """One bar for the whole run and one for the model in hand; a line for each that is done."""

    def __init__(self, jobs: int) -> None:
        out = console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=out,
            transient=True,
            disable=not watched(out),
        )
        self._whole = self._progress.add_task("benchmark", total=jobs)
        self._model = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def on_event(self, job: Job, event: dict[str, Any]) -> None:
        """Show how far the model in hand is."""
        self._progress.update(
            self._model,
            description=f"{job.title}: {event.get('step', '')}",
            completed=event.get("done", 0),
            total=event.get("total"),
        )

    def on_outcome(self, outcome: Outcome) -> None:
        """Count a job as done and leave a line about it."""
        self._progress.advance(self._whole)
        state = "failed" if outcome.result is None else "kept" if outcome.resumed else "done"
        self._progress.console.print(f"{state:>6}  {outcome.job.title}", soft_wrap=True)


def print_results(results: Sequence[Result], found: Sequence[Pair]) -> None:
    """The figures of each data set, one plain sentence for each pair, and the conditions.

    found: the pairs, as `zoo.report.compared` finds them.
    """
    if not results:
        return
    out = console()
    for title, group in groupby(ordered(results), key=data_text):
        out.print(Text(title, style="bold"))
        rows = [row(result) for result in group]
        for table in _tables(rows, out):
            out.print(table)
            out.print()
    for pair in found:
        say(pair_sentence(pair))
    say(f"Measured on: {conditions(ordered(results))}.", style="dim")


def _tables(rows: Sequence[tuple[str, ...]], out: Console) -> list[Table]:
    """One table if it fits, else two: a figure is never cut short."""
    whole = _table(rows, _WHOLE)
    unbounded = out.options.update(max_width=sys.maxsize)
    if Measurement.get(out, unbounded, whole).maximum <= out.width:
        return [whole]
    return [_table(rows, columns) for columns in _HALVES]


def _table(rows: Sequence[tuple[str, ...]], columns: Sequence[int]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column("Gen." if column == 2 else COLUMNS[column], overflow="fold")
    for cells in rows:
        table.add_row(*(cells[column] for column in columns))
    return table


def print_failures(failures: Sequence[Outcome]) -> None:
    """One line on stderr for each job without a result."""
    for outcome in failures:
        say(f"{outcome.job.title} failed: {outcome.failure}", style="red", stderr=True)
