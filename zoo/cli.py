"""The `zoo` command: parses, calls, prints.

Exit codes: 0 all is well; 1 a model failed in a benchmark; 2 the request or an input is wrong, or
results cannot be written; 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from zoo.commands import CommandGroup
from zoo.errors import InputError, ResultsError, ZooError
from zoo.options import check_known, options_text, parse_arguments, parse_options
from zoo.terminal import console, say, standard_input

FAILED, WRONG, INTERRUPTED = 1, 2, 130
RESULTS = Path("results")

app = typer.Typer(
    cls=CommandGroup,
    add_completion=False,
    rich_markup_mode=None,  # it takes "[@revision]" for markup
    pretty_exceptions_enable=False,
    help="Hand-written and learned programs for the same jobs, measured side by side.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A registry name, a weights folder, or hub:owner/repo[@revision].",
        show_default=False,
    ),
]
EntryName = Annotated[
    str, typer.Argument(metavar="MODEL", help="A registry name.", show_default=False)
]
PredictOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="An option of the model's predict, such as seconds=0.5; may be repeated.",
        show_default=False,
    ),
]


def main() -> None:
    """Run the command; every error raised on purpose is one sentence on stderr."""
    try:
        app(prog_name="zoo")
    except ZooError as error:
        _complain(error)
        sys.exit(WRONG)


def _complain(error: ZooError) -> None:
    say(f"Error: {error}", style="red", stderr=True)


@app.callback(invoke_without_command=True)
def _help_without_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from zoo import __version__

        print(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


@app.command("list", epilog="Example: zoo list vision")
def list_models(
    domain: Annotated[str | None, typer.Argument(help="Only this domain.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models."""
    from zoo.registry import models

    found = models(domain)
    if as_json:
        _print_json(
            [
                {
                    "name": model.name,
                    "generation": model.generation,
                    "task": model.task,
                    "baseline": model.baseline,
                    "parameters": model.parameters,
                    "summary": model.summary,
                }
                for model in found
            ]
        )
        return
    from rich.table import Table

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("Model", no_wrap=True, overflow="fold")
    table.add_column("Gen.", no_wrap=True)
    table.add_column("What it is", overflow="fold")
    for model in found:
        table.add_row(model.name, model.generation, model.summary)
    console().print(table)


@app.command(epilog="Example: zoo info vision/resnet-mnist")
def info(name: EntryName, as_json: AsJson = False) -> None:
    """Show what is known of a model."""
    from zoo import registry

    entry = registry.info(name)
    facts: dict[str, Any] = {
        "name": entry.name,
        "summary": entry.summary,
        "task": entry.task,
        "generation": entry.generation,
        "baseline": entry.baseline,
        "other_baselines": [f"{name} on {data}" for data, name in entry.baselines.items()],
        "parameters": entry.parameters,
        "weights": entry.weights,
        "license": entry.license,
        "data": list(entry.data),
        "variants": [options_text(variant) for variant in entry.variants],
        "trained_on": entry.recipe.data if entry.recipe else None,
        "kept_out_of_training": list(entry.recipe.exclude) if entry.recipe else [],
        "limits": entry.limits,
        "references": [f"{reference.text} {reference.url}" for reference in entry.references],
    }
    if as_json:
        _print_json(facts)
        return
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for fact, value in facts.items():
        text = "\n".join(value) if isinstance(value, list) else value
        if text not in (None, ""):
            table.add_row(fact.replace("_", " "), f"{text:,}" if isinstance(text, int) else text)
    console().print(table)


@app.command(epilog="Example: zoo predict vision/resnet-mnist seven.png")
def predict(
    name: ModelName,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files, or text where the task is about text; - reads one from standard input.",
        ),
    ],
    as_json: AsJson = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    option: PredictOptions = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Write the answer to this file, where it is sound: .wav, .flac, …"),
    ] = None,
) -> None:
    """Ask a model; a bad input costs its own answer only."""
    from zoo.registry import load
    from zoo.tasks import task

    options = parse_options(option or [])
    if save is not None and len(inputs) > 1:
        raise InputError(f"--save writes one answer; {len(inputs)} inputs came.")
    model = load(name, device=device)
    check_known(f"{name} predicts with", options, model.predict_options)
    answers, wrong = [], False
    for given in inputs:
        try:
            x = standard_input(text=task(model.task).text) if given == "-" else given
            prediction = model.predict(x, **options)
        except InputError as error:
            wrong = True
            answers.append({"input": given, "error": str(error)})
            _complain(error)
            continue
        if save is not None:
            _save(prediction, save)
        answers.append({"input": given, **prediction.to_dict()})
        if not as_json:
            print(prediction if len(inputs) == 1 else f"{given}: {prediction}")
    if as_json:
        _print_json(answers)
    if wrong:
        raise typer.Exit(WRONG)


def _save(prediction: Any, path: Path) -> None:
    if not hasattr(prediction, "save"):
        raise InputError(f"A {type(prediction).__name__} is not written to a file; leave --save.")
    prediction.save(path)


@app.command(epilog="Example: zoo bench vision --limit 500")
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
    as_json: AsJson = False,
) -> None:
    """Measure models side by side, each in a process of its own.

    A model is measured with its defaults and with the variants that its entry names; with
    --option, with these options alone. Models from the Hub are measured when they are named, or
    with --with-hub.

    Ctrl-C keeps every finished result; the same command goes on from there.
    """
    from zoo.bench import Outcome, Settings, plan, run
    from zoo.console import BenchProgress, print_failures, print_results
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
    if as_json:
        _print_json(
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
        print_results(results)
    print_failures(failures)
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


@app.command(
    epilog="Example: ZOO_DATA=data zoo train vision/resnet-mnist --epochs 5",
    options_metavar="[OPTIONS] [--NAME VALUE]...",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def train(
    context: typer.Context,
    name: EntryName,
    out: Annotated[
        Path | None, typer.Option(help="Weights folder; default training/MODEL/weights.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Log and checkpoints; default training/MODEL.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed than the recipe's.")] = None,
) -> None:
    """Make a model's weights anew, as its recipe says.

    --NAME VALUE takes the place of the recipe's option of that name, or of the method's default.

    A network keeps a checkpoint of each epoch: after Ctrl-C the same command goes on from there.
    """
    from zoo import registry
    from zoo.training import train as follow_recipe

    entry = registry.info(name)
    workspace = workspace or Path("training") / entry.name
    out = out or workspace / "weights"
    options = parse_arguments(context.args)
    follow_recipe(entry, out, workspace=workspace, seed=seed, options=options)
    print(out)


@app.command(epilog="Example: zoo card vision/resnet-mnist")
def card(
    name: Annotated[str | None, typer.Argument(metavar="MODEL", show_default=False)] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write every model's card under this folder.")
    ] = None,
    beside_weights: Annotated[
        bool, typer.Option(help="With --write: also as README.md into each weights folder.")
    ] = False,
    results: Annotated[
        Path | None, typer.Option(help="Folder of results to quote; default results, if there.")
    ] = None,
) -> None:
    """Print a model's card for the Hub, or write all cards."""
    from zoo import registry
    from zoo.cards import card as render
    from zoo.cards import write_cards
    from zoo.results import read_results

    if name is None and write is None:
        raise typer.BadParameter("name a model, or give --write FOLDER for all.")
    entries = [registry.info(name)] if name else registry.models()
    # Without --results a card may have none, but a folder that was named must be there.
    quoted = results or RESULTS
    measured = read_results(quoted) if results or quoted.is_dir() else []
    if write is None:
        print(render(entries[0], measured))
        return
    for path in write_cards(entries, measured, write, beside_weights=beside_weights):
        print(path)


@app.command(epilog="Example: zoo report --results bench-results")
def report(
    results: Annotated[Path, typer.Option(help="Folder of results.")] = RESULTS,
    into: Annotated[
        Path | None, typer.Option(help="Write between the marker lines of this page instead.")
    ] = None,
) -> None:
    """Print results as a Markdown table and sentences, or write them into a page."""
    from zoo.files import write_between_markers
    from zoo.report import markdown_table
    from zoo.results import read_results

    table = markdown_table(read_results(results))
    if into is None:
        print(table)
    else:
        write_between_markers(into, "results", table)
