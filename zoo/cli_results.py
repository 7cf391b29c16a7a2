"""The commands that measure models and tell of results: parse, call, print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.arguments import (
    FAILED,
    RESULTS,
    WORSE,
    AsJson,
    PredictOptions,
)
from zoo.errors import ResultsError
from zoo.options import parse_options
from zoo.terminal import INTERRUPTED, print_json, say

if TYPE_CHECKING:
    from zoo.results import Pair, Result

PAGE = Path("report.html")


def bench(
    selection: Annotated[
        str | None,
        typer.Argument(metavar="DOMAIN|MODEL", help="What to measure; all without it."),
    ] = None,
    data: Annotated[str | None, typer.Option(help="One data set instead of the suite's.")] = None,
    suite: Annotated[
        str, typer.Option(help="offline: what the installation brings; full: everything.")
    ] = "offline",
    with_hub: Annotated[
        bool,
        typer.Option("--with-hub", help="Models from the Hub too; they may be gigabytes."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help="Only the first so many examples of each data set.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads a model may use; 0 means all cores.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, …")] = "cpu",
    out: Annotated[
        Path, typer.Option(help="Folder of results; what is there already is not run again.")
    ] = Path("bench-results"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what is there.")] = False,
    stall: Annotated[
        float, typer.Option(help="Seconds of silence after which a model is stopped.")
    ] = 600.0,
    option: PredictOptions = None,
    page: Annotated[
        bool, typer.Option("--report", help=f"Also write a page of it all, OUT/{PAGE}.")
    ] = False,
    folders: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--compare",
            metavar="BEFORE AFTER",
            help="Measure nothing; tell what differs between two folders of results.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure models side by side, each in a process of its own.

    A model is measured with its defaults and with the variants that its entry names; with
    --option, with these options alone. Models from the Hub are measured when they are named, or
    with --with-hub.

    Ctrl-C keeps every finished result; the same command goes on from there.

    --compare ends with exit code 3 if a score or a time is worse beyond noise.
    """
    if folders is not None:
        if page or limit is not None or data or option or selection is not None:
            raise typer.BadParameter("--compare takes two folders of results, and nothing to run.")
        _compare(*folders, as_json=as_json)
        return
    from zoo.bench import Outcome, Settings, plan, run
    from zoo.console import BenchProgress, print_failures, print_results
    from zoo.report import compared
    from zoo.results import to_json

    jobs = plan(
        selection,
        suite=suite,
        data=data,
        options=parse_options(option or []),
        with_hub=with_hub,
    )
    settings = Settings(
        limit=limit, threads=threads, device=device, stall_seconds=stall, fresh=fresh
    )
    outcomes: list[Outcome] = []
    interrupted, unwritten = False, None
    with BenchProgress(len(jobs)) as progress:
        try:
            for outcome in run(jobs, out, settings, progress.on_event):
                outcomes.append(outcome)
                progress.on_outcome(outcome)
        except KeyboardInterrupt:
            interrupted = True
        except ResultsError as error:  # a full disk: what was measured is still told
            unwritten = error
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    failures = [outcome for outcome in outcomes if outcome.result is None]
    pairs = compared(results) if results and (page or not as_json) else []
    if as_json:
        print_json(
            {
                "results": [
                    {key: value for key, value in to_json(result).items() if key != "records"}
                    for result in results
                ],
                "failures": [
                    {
                        "model": f.job.model.name,
                        "data": f.job.data,
                        "options": dict(f.job.options),
                        "reason": f.failure,
                    }
                    for f in failures
                ],
            }
        )
    else:
        print_results(results, pairs)
    print_failures(failures)
    if page and results:
        _write_page(out / PAGE, results, pairs)
    if unwritten is not None:
        raise unwritten
    if interrupted:
        say(
            f"Interrupted: {len(results)} of {len(jobs)} results are in {str(out)!r}; "
            "the same command goes on from there.",
            style="yellow",
            stderr=True,
        )
        raise typer.Exit(INTERRUPTED)
    if failures:
        raise typer.Exit(FAILED)


def report(
    results: Annotated[Path, typer.Option(help="Folder of results.")] = RESULTS,
    page: Annotated[Path, typer.Option(help="The page to write, one HTML file.")] = PAGE,
    into: Annotated[
        Path | None,
        typer.Option(
            help="Write the table between the marker lines of this Markdown file instead."
        ),
    ] = None,
) -> None:
    """Print results as a Markdown table and sentences, and write all about them into a page.

    The page is one HTML file that needs no network.
    """
    from zoo.files import write_between_markers
    from zoo.report import compared, markdown_table
    from zoo.results import read_results

    measured = read_results(results)
    pairs = compared(measured)
    table = markdown_table(measured, pairs)
    if into is not None:
        write_between_markers(into, "results", table)
        return
    print(table)
    _write_page(page, measured, pairs)


def _write_page(path: Path, results: Sequence[Result], pairs: Sequence[Pair]) -> None:
    from zoo.page import write_page

    write_page(path, results, pairs)
    # Beside the table, not in it: whoever keeps the table of `zoo report > FILE` wants no more.
    say(f"The page: {path}", stderr=True)


def _compare(before: Path, after: Path, *, as_json: bool) -> None:
    from zoo.changes import changes, sentences, to_json
    from zoo.results import read_results

    found = changes(read_results(before), read_results(after))
    if as_json:
        print_json(to_json(found))
    else:
        for heading, lines in sentences(found):
            if lines:
                say(heading, style="bold")
            for line in lines:
                say(f"- {line}")
    if found.worse:
        raise typer.Exit(WORSE)
