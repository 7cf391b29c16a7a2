"""Following a recipe: from a data set to a weights folder, with everything on record."""

from __future__ import annotations

import functools
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
from zoo.progress import LOG, Progress
from zoo.registry import data_set, data_set_info, model_class_of
from zoo.tasks import task

# What `zoo train` itself takes, as hints for who misspells it.
_OWN = {"out", "workspace", "seed"}
_POINTS = 20  # of a learning curve: to see its shape
# What the record of weights tells of the rounds before the last.
_OF_A_ROUND = ("options", "seconds", "finished", "machine", "device", "versions", "python")


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
        A recipe of several rounds has a folder round-N for each; one whose weights lie there is
        done, as are those that were shipped before a round was added, once they are put there.
    seed: another than the recipe's, to see how much the figures owe to chance.
    options: of the method's `fit`, in place of the recipe's of the same name.

    Raises ZooError if the model has no recipe, InputError if its method has no such option,
    DataNotFoundError if its data are not here.
    """
    recipe = entry.recipe
    if recipe is None:
        raise ZooError(f"{entry.name} has no recipe: its weights are not made here.")
    seed = recipe.seed if seed is None else seed
    model_class = model_class_of(entry)
    _check_options(entry.name, model_class, recipe, options or {})
    rounds = [{**recipe.options, **one, **(options or {})} for one in ({}, *recipe.then)]
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
    done: list[Model] = []
    for number, used in enumerate(rounds):
        last = number + 1 == len(rounds)
        place = workspace if len(rounds) == 1 else workspace / f"round-{number + 1}"
        out = folder if last else place / "weights"
        facts["options"] = used
        made = None if last else _made_before(model_class, out, facts)
        if made is None:
            fit = functools.partial(
                model_class.fit,
                learn,
                held_out or None,
                seed=seed + number,
                progress=progress,
                workspace=place,
                **keep_out,
                **used,
            )
            made = _round(fit, facts, done, out, Progress.kept_in(place, show=progress), place)
        done.append(made)
    return done[-1]


def _round(
    fit: Callable[..., Model],
    facts: Mapping[str, Any],
    done: Sequence[Model],
    folder: Path,
    report: Progress,
    workspace: Path,
) -> Model:
    """Learn, from the last of the rounds that are done if there are any, and save."""
    earlier = seconds_so_far(workspace / LOG)
    report.log(event="start", model=facts["model"], **facts["examples"])
    began = time.monotonic()
    model = fit(start=done[-1]) if done else fit()
    training: dict[str, Any] = {
        **facts,
        "seconds": round(earlier + time.monotonic() - began),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{describe_cpu()}, cores: {usable_cores()}",
        "device": getattr(model, "device", "cpu"),
        "versions": {name: version(name) for name in ("software-zoo", "numpy", "torch")},
        "python": platform.python_version(),
    }
    if precision := precision_of_learning(workspace / LOG):
        training["precision"] = precision
    if curve := learning_curve(workspace / LOG):
        training["curve"] = curve
    if done:
        training["earlier_rounds"] = [
            {name: one.training[name] for name in _OF_A_ROUND} for one in done
        ]
    model.training = training
    model.save(folder)
    report.log(event="saved", seconds=training["seconds"])
    return model


def _made_before(model_class: type[Model], folder: Path, facts: Mapping[str, Any]) -> Model | None:
    """What an earlier run made of a round, None if none did; ZooError if that was another round."""
    if not folder.exists():
        return None
    model = model_class.load(folder)
    for name in ("model", "content_sha256", "seed", "options"):
        if model.training.get(name) != json.loads(json.dumps(facts.get(name))):
            raise ZooError(
                f"{str(folder)!r} is not of this recipe's round: its {name} is another. Move it "
                "away, or give another workspace."
            )
    return model


def _check_options(
    name: str, model_class: type[Model], recipe: Recipe, options: Mapping[str, Any]
) -> None:
    """Raise InputError for an option that neither the method nor the recipe has."""
    known = set(recipe.options)
    if hasattr(model_class, "fit_options"):
        known |= model_class.fit_options()
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
