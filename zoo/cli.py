"""The `zoo` command: parses, calls, prints.

Exit codes: 0 all is well; 1 a model failed in a benchmark; 2 the request or an input is wrong, or
results cannot be written; 3 results are worse than others beyond noise; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from zoo.arguments import WRONG, AsJson, PredictOptions
from zoo.cli_results import bench, report
from zoo.commands import CommandGroup
from zoo.errors import InputError, ZooError
from zoo.hub_commands import pull, push
from zoo.options import check_known, options_text, parse_arguments, parse_options
from zoo.terminal import console, print_json, say, standard_input

app = typer.Typer(
    cls=CommandGroup,
    add_completion=False,
    rich_markup_mode=None,  # it takes "[@revision]" for markup
    pretty_exceptions_enable=False,
    help="Hand-written and learned programs for the same jobs, measured side by side.",
)

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


@app.command("list", epilog="Example: zoo list vision")
def list_models(
    domain: Annotated[str | None, typer.Argument(help="Only this domain.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models."""
    from zoo.registry import models

    found = models(domain)
    if as_json:
        print_json(
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
        print_json(facts)
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
        print_json(answers)
    if wrong:
        raise typer.Exit(WRONG)


def _save(prediction: Any, path: Path) -> None:
    if not hasattr(prediction, "save"):
        raise InputError(f"A {type(prediction).__name__} is not written to a file; leave --save.")
    prediction.save(path)


app.command(epilog="Example: zoo bench vision --limit 500")(bench)


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

    --NAME VALUE takes the place of the recipe's option of that name, in every round, or of the
    method's default.

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
        bool, typer.Option(help="With --write or --check: also README.md in each weights folder.")
    ] = False,
    check: Annotated[
        Path | None,
        typer.Option(help="Compare with the cards under this folder instead."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder of results to quote; default results and studies.")
    ] = None,
) -> None:
    """Print a model's card for the Hub, or write or check all cards."""
    from zoo import registry
    from zoo.cards import card as render
    from zoo.cards import check_cards, write_cards
    from zoo.evidence import read_evidence

    if write is not None and check is not None:
        raise typer.BadParameter("--check compares and --write writes; give one of them.")
    if name is None and write is None and check is None:
        raise typer.BadParameter("name a model, or give --write or --check FOLDER for all.")
    entries = [registry.info(name)] if name else registry.models()
    evidence = read_evidence(results)
    if check is not None:
        check_cards(entries, evidence, check, beside_weights=beside_weights)
    elif write is None:
        print(render(entries[0], evidence))
    else:
        for path in write_cards(entries, evidence, write, beside_weights=beside_weights):
            print(path)


app.command(epilog="Example: zoo report --results bench-results")(report)
app.command(epilog="Example: zoo push vision/resnet-mnist --to me/resnet-mnist --dry-run")(push)
app.command(epilog="Example: zoo pull me/resnet-mnist")(pull)
