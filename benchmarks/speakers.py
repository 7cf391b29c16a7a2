"""How well recognisers of digits do with a voice that they never heard.

    ZOO_DATA=... python benchmarks/speakers.py speech/gmm-hmm-digits speech/conformer-digits

For each speaker of the data set `fsdd-speakers` the models are trained anew, by their recipes, on
the recordings of the others, and tried on that speaker's. Each fold has a file of its own, so that
what was interrupted goes on where it was.

With `--steps` those that learn in steps take fewer than their recipes say, as six trainings take
long; the files and the page of studies tell so.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

import zoo
from zoo.entries import Recipe
from zoo.files import write_atomically
from zoo.machine import describe, versions
from zoo.metrics import score
from zoo.registry import data_set, model_class_of
from zoo.tasks import task
from zoo.training import fit_in_rounds, split_validation

DATA = "fsdd-speakers"


def fold(model: str, recipe: Recipe, speaker: str, workspace: Path) -> dict[str, Any]:
    """Train on the others, try on one."""
    entry = zoo.info(model)
    source = data_set(DATA)
    others = [x for name in source.info.splits if name != speaker for x in source.examples(name)]
    learn, held_out = split_validation(others, recipe.validation, recipe.seed)
    trained = fit_in_rounds(model_class_of(entry), recipe, learn, held_out, workspace)
    examples = list(source.examples(speaker))
    answers = trained.predict_batch([example.input for example in examples])
    about = task(entry.task)
    rows = [about.record(x, one.target) for x, one in zip(answers, examples, strict=True)]
    records = {name: [row[name] for row in rows] for name in rows[0]}
    found = {metric.name: score(metric, records, seed=0) for metric in about.metrics}
    accuracy, words = found["string-accuracy"], found["word-error-rate"]
    return {
        "model": model,
        "speaker": speaker,
        "recordings": len(examples),
        "learned_from": len(learn),
        "recipe": wanted(recipe),
        "accuracy": [accuracy.value, accuracy.low, accuracy.high],
        "machine": describe(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "word_error_rate": [words.value, words.low, words.high],
    }


def recipe_of(model: str, steps: int | None) -> Recipe:
    """The model's recipe, with other steps if they are given."""
    recipe = zoo.info(model).recipe
    assert recipe is not None
    learns = getattr(model_class_of(zoo.info(model)), "fit_options", set)
    if steps is None or "steps" not in learns():
        return recipe
    return dataclasses.replace(recipe, options={**recipe.options, "steps": steps})


def wanted(recipe: Recipe) -> dict[str, Any]:
    """What a fold depends on besides the code, as JSON has it."""
    facts = {
        "options": dict(recipe.options),
        "seed": recipe.seed,
        "validation": recipe.validation,
        "version": versions()["software-zoo"],
    }
    if recipe.further_rounds:
        facts["further_rounds"] = [dict(one) for one in recipe.further_rounds]
    return dict(json.loads(json.dumps(facts)))


def kept(path: Path, recipe: Recipe) -> dict[str, Any] | None:
    """The result of an earlier run, if it was of the same recipe."""
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found["recipe"] == wanted(recipe) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="+", help="names of models that have a recipe")
    parser.add_argument("--steps", type=int, help="of a network, instead of its recipe's")
    parser.add_argument("--speakers", nargs="*", help="some only")
    parser.add_argument("--workspace", type=Path, default=Path("training/speakers"))
    parser.add_argument("--out", type=Path, default=Path("studies/speakers"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for model in options.models:
        recipe = recipe_of(model, options.steps)
        for speaker in options.speakers or data_set(DATA).info.splits:
            name = f"{model.partition('/')[2]}-{speaker}"
            path = options.out / f"{name}.json"
            result = kept(path, recipe)
            if result is None:
                result = fold(model, recipe, speaker, options.workspace / name)
                write_atomically(path, json.dumps(result, indent=2) + "\n")
            print(f"{model} {speaker}: {result['accuracy'][0]:.2%} right", flush=True)


if __name__ == "__main__":
    main()
