"""How a benchmark looks in a terminal: progress on stderr, the tables on stdout."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from zoo.bench import Job, Outcome
from zoo.report import COLUMNS, conditions, data_text, ordered, pair_sentence, row
from zoo.results import Result, pairs


class BenchProgress:
    """One bar for the whole run and one for the model in hand; a line for each that is done."""

    def __init__(self, jobs: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
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
            description=f"{job.model.name} on {job.data}: {event.get('step', '')}",
            completed=event.get("done", 0),
            total=event.get("total"),
        )

    def on_outcome(self, outcome: Outcome) -> None:
        """Count a job as done and leave a line about it."""
        self._progress.advance(self._whole)
        job = outcome.job
        state = "failed" if outcome.result is None else "kept" if outcome.resumed else "done"
        self._progress.console.print(f"{state:>6}  {job.model.name} on {job.data}", highlight=False)


def print_results(results: Sequence[Result]) -> None:
    """One table for each data set, one plain sentence for each pair, and the conditions."""
    console = Console()
    if not results:
        return
    for title, group in groupby(ordered(results), key=data_text):
        table = Table(*COLUMNS[1:], title=title, title_justify="left", header_style="bold")
        for result in group:
            table.add_row(*row(result)[1:])
        console.print(table)
    for pair in pairs(ordered(results)):
        console.print(pair_sentence(pair), highlight=False)
    console.print(f"Measured on: {conditions(results)}.", style="dim", highlight=False)


def print_failures(failures: Sequence[Outcome]) -> None:
    """One line on stderr for each job without a result."""
    console = Console(stderr=True)
    for outcome in failures:
        console.print(
            f"{outcome.job.model.name} on {outcome.job.data} failed: {outcome.failure}",
            style="red",
            markup=False,
            highlight=False,
        )
