"""Following a recipe: from a data set to a weights folder, with everything on record."""

from __future__ import annotations

import functools
import inspect
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data import DataSet, Example, content_hash
from zoo.entries import DataSetInfo, ModelInfo, Recipe
from zoo.errors import InputError, UnknownNameError, ZooError
from zoo.machine import describe_cpu, usable_cores
from zoo.model import Model
from zoo.progress import Progress
from zoo.registry import data_set, data_set_info, model_class_of
from zoo.tasks import task

# What `zoo train` itself takes, as hints for who misspells it.
_OWN = {"out", "workspace", "seed"}
_POINTS = 20  # of a learning curve: to see its shape
_WEIGHTS = "weights"  # the folder of a round's
# What the record of weights tells of each round before.
_OF_A_ROUND = (
    *("options", "seconds", "finished", "machine", "device", "versions", "python"),
    *("precision", "note"),
)
# What has to be the same for weights to be of a round that is asked for.
_SAME = {
    "model": "model is",
    "data": "data set is",
    "content_sha256": "training data are",
    "excluded_by_content": "excluded data sets are",
    "seed": "seed is",
    "options": "options are",
}


def train(
    entry: ModelInfo,
    folder: Path,
    *,
    workspace: Path,
    seed: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> Model:
    """Make the weights of a registered model anew, as its recipe says, and save them.

    workspace: where the log and checkpoints are kept; an interrupted training goes on from there.
        A recipe of several rounds has a folder round-N in it for each, and goes on from the latest
        one that has weights: put shipped weights there, to add a round to them.
    seed: another than the recipe's, to see how much the figures owe to chance.
    options: of the method's `fit`, in place of the recipe's of the same name, in every round.

    Raises ZooError if the model has no recipe, if its method cannot learn in several rounds, or if
    weights of a round were made otherwise than is asked for now; InputError if its method has no
    such option; DataNotFoundError if its data are not here.
    """
    recipe = entry.recipe
    if recipe is None:
        raise ZooError(f"{entry.name} has no recipe: its weights are not made here.")
    seed = recipe.seed if seed is None else seed
    model_class = model_class_of(entry)
    _check_options(entry.name, model_class, recipe, options or {})
    rounds = [{**one, **(options or {})} for one in recipe.rounds]
    report = Progress(show=progress)
    learn: list[Example] = []
    held_out: list[Example] = []
    about_data: dict[str, Any] = {"data": recipe.data}
    keep_out = {}
    if recipe.data is None:
        keep_out["excluded"] = excluded_inputs(recipe)
    else:
        source = data_set(recipe.data)
        examples = list(report.track(training_examples(source, recipe), f"Reading {recipe.data}"))
        if isinstance(recipe.validation, str):
            learn, held_out = examples, list(source.examples(recipe.validation))
        else:
            learn, held_out = split_validation(examples, recipe.validation, seed)
        about_data["data_title"] = _title(source)
        about_data["content_sha256"] = {
            "train": content_hash(source.info, learn),
            "validation": content_hash(source.info, held_out),
        }
    facts = {
        "model": entry.name,
        **about_data,
        "excluded_by_content": list(recipe.exclude),
        "examples": {"train": len(learn), "validation": len(held_out)},
        "seed": seed,
    }
    done, model = _latest(model_class, facts, rounds[:-1], workspace)
    for number, used in enumerate(rounds[done:], done + 1):
        last = number == len(rounds)
        place = workspace if len(rounds) == 1 else _place(workspace, number)
        fit = functools.partial(
            model_class.fit,
            learn,
            held_out or None,
            seed=seed + number - 1,
            progress=progress,
            workspace=place,
            **keep_out,
            **used,
        )
        model = _round(
            fit,
            {**facts, "options": used},
            model,
            folder if last else place / _WEIGHTS,
            Progress.kept_in(place, show=progress),
        )
    assert model is not None
    return model


def fit_in_rounds(
    model_class: type[Model],
    recipe: Recipe,
    learn: Sequence[Example],
    held_out: Sequence[Example],
    workspace: Path,
    /,
    **changed: Any,
) -> Model:
    """A model that learns as a recipe says, but from other examples or with other options."""
    model: Model | None = None
    for number, used in enumerate(recipe.rounds):
        going_on: dict[str, Any] = {} if model is None else {"start": model}
        model = model_class.fit(
            learn,
            held_out,
            seed=recipe.seed + number,
            workspace=workspace if number == 0 else _place(workspace, number + 1),
            **{**used, **changed, **going_on},
        )
    assert model is not None
    return model


def _round(
    fit: Callable[..., Model],
    facts: Mapping[str, Any],
    start: Model | None,
    folder: Path,
    report: Progress,
) -> Model:
    """Learn, from `start` if it is given, and save with everything on record."""
    log = report.log_file
    assert log is not None
    earlier = seconds_so_far(log)
    earlier_rounds = [] if start is None else [*_earlier(start), _of_a_round(start.training)]
    report.log(event="start", model=facts["model"], **facts["examples"])
    began = time.monotonic()
    model = fit() if start is None else fit(start=start)
    training: dict[str, Any] = {
        **facts,
        "seconds": round(earlier + time.monotonic() - began),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{describe_cpu()}, cores: {usable_cores()}",
        "device": getattr(model, "device", "cpu"),
        "versions": {name: version(name) for name in ("software-zoo", "numpy", "torch")},
        "python": platform.python_version(),
    }
    if precision := precision_of_learning(log):
        training["precision"] = precision
    if curve := learning_curve(log):
        training["curve"] = curve
    if earlier_rounds:
        training["earlier_rounds"] = earlier_rounds
    model.training = training
    model.save(folder)
    report.log(event="saved", seconds=training["seconds"])
    return model


def _place(workspace: Path, number: int) -> Path:
    """Where a round is kept, from 1 on."""
    return workspace / f"round-{number}"


def _earlier(model: Model) -> list[dict[str, Any]]:
    return list(model.training.get("earlier_rounds", ()))


def _of_a_round(training: Mapping[str, Any]) -> dict[str, Any]:
    """What the weights of later rounds tell of one: what is not the same in all."""
    return {name: training[name] for name in _OF_A_ROUND if name in training}


def _latest(
    model_class: type[Model],
    facts: Mapping[str, Any],
    rounds: Sequence[Mapping[str, Any]],
    workspace: Path,
) -> tuple[int, Model | None]:
    """The latest of these rounds that has weights, with its number; 0 and None if none has.

    Raises ZooError if they were made otherwise.
    """
    for number in range(len(rounds), 0, -1):
        folder = _place(workspace, number) / _WEIGHTS
        if not folder.exists():
            continue
        model = model_class.load(folder)
        made = {
            **model.training,
            "options": [
                *(one["options"] for one in _earlier(model)),
                model.training.get("options"),
            ],
        }
        wanted = json.loads(json.dumps({**facts, "options": list(rounds[:number])}))
        for name, what in _SAME.items():
            if made.get(name) != wanted.get(name):
                raise ZooError(
                    f"{str(folder)!r} was made otherwise: its {what} not what is asked for now. "
                    "Move it away, or give another workspace."
                )
        return number, model
    return 0, None


def _check_options(
    name: str, model_class: type[Model], recipe: Recipe, options: Mapping[str, Any]
) -> None:
    """Raise InputError for an option that neither the method nor the recipe has.

    Raises ZooError for a recipe of several rounds if the method cannot go on from a model.
    """
    known = set().union(*recipe.rounds)
    if hasattr(model_class, "fit_options"):
        known |= model_class.fit_options()
    if recipe.further_rounds and "start" not in inspect.signature(model_class.fit).parameters:
        raise ZooError(f"{name} cannot learn in rounds: it begins anew each time.")
    for option in options:
        if option not in known:
            near = (known | _OWN) - {option}
            raise InputError(str(UnknownNameError.of(f"training option of {name}", option, near)))


def training_examples(source: DataSet, recipe: Recipe) -> Sequence[Example]:
    """The recipe's training examples, without any whose content is in an excluded data set.

    Exclusion is by fingerprint of the decoded input, so that neither order, file format nor name
    can let a scored example slip into training.
    """
    banned = excluded_fingerprints([data_set_info(name) for name in recipe.exclude])
    fingerprint = task(source.info.task).fingerprint
    return [
        example
        for example in source.examples("train")
        if not banned or fingerprint(example.input) not in banned
    ]


def excluded_inputs(recipe: Recipe) -> list[Any]:
    """Every input, in every split, of the data sets that nothing may be learned from."""
    return [
        example.input
        for name in recipe.exclude
        for split in data_set_info(name).splits
        for example in data_set(name).examples(split)
    ]


def excluded_fingerprints(infos: Sequence[DataSetInfo]) -> set[bytes]:
    """The fingerprints of every example in every split of the given data sets."""
    return {
        fingerprint
        for info in infos
        for split in info.splits
        for fingerprint in data_set(info.name).fingerprints(split)
    }


def split_validation(
    examples: Sequence[Example], count: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Hold `count` examples out at random: (to learn from, held out), both in original order."""
    if not 0 <= count < len(examples):
        raise InputError(f"{count} examples cannot be held out of {len(examples)}.")
    chosen = set(np.random.default_rng(seed).permutation(len(examples))[:count].tolist())
    learn = [example for i, example in enumerate(examples) if i not in chosen]
    held_out = [example for i, example in enumerate(examples) if i in chosen]
    return learn, held_out


def learning_curve(log_file: Path) -> dict[str, Any] | None:
    """How the training went, by its log: `columns` and `rows`, the first column being the step.

    Of the figures that were logged step by step, those that were logged most often; a log of
    fewer than three steps has no curve. Where an interrupted training did a step again, the
    second time counts. At most `_POINTS` rows, evenly spread, of which one is the last.
    """
    if not log_file.is_file():
        return None
    courses: dict[tuple[str, ...], dict[float, list[float]]] = {}
    for line in log_file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event.get("event") == "saved":  # that training is done; another begins
            courses = {}
        figures = {name: x for name, x in event.items() if name not in ("at_seconds", "seconds")}
        if figures and all(type(x) in (int, float) for x in figures.values()):
            step, *values = figures.values()
            courses.setdefault(tuple(figures), {})[step] = values
    columns, course = max(courses.items(), key=lambda one: len(one[1]), default=((), {}))
    if len(course) < 3:
        return None
    rows = [[step, *course[step]] for step in sorted(course)]
    chosen = np.linspace(len(rows) - 1, 0, min(_POINTS, len(rows))).round().astype(int)[::-1]
    return {
        "columns": list(columns),
        "rows": [[x if type(x) is int else float(f"{x:.4g}") for x in rows[at]] for at in chosen],
    }


def precision_of_learning(log_file: Path) -> str | None:
    """The precision in which a network was taught, if the log tells it.

    There are several where an interrupted training went on in another.
    """
    if not log_file.is_file():
        return None
    told: dict[str, None] = {}  # as a set that keeps the order
    for line in log_file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event.get("event") == "saved":  # that training is done; another begins
            told = {}
        elif "precision" in event:
            told[event["precision"]] = None
    return ", ".join(told) or None


def seconds_so_far(log_file: Path) -> float:
    """How long an interrupted training had run, all its legs together, by its log."""
    if not log_file.is_file():
        return 0.0
    total = leg = 0.0
    for line in log_file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event.get("event") == "start":
            total, leg = total + leg, 0.0
        elif event.get("event") == "saved":  # that training is done; another begins
            total = leg = 0.0
        else:
            leg = event["at_seconds"]
    return total + leg


def _title(source: DataSet) -> str:
    hashes: dict[str, Any] = {"train": content_hash(source.info, list(source.examples("train")))}
    return source.title(hashes)
