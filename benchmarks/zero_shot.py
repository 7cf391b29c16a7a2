"""What a translator makes of a direction that it never learned from, against a detour.

    ZOO_DATA=... python benchmarks/zero_shot.py translate/transformer-multi

A variant of the model is trained by its recipe without German to French and French to German. It
then translates Multi30k's test split between the two directly, and by way of English. So does the
model itself, which learned from these directions, too.

With `--steps` the variant learns for fewer steps than the recipe says; the file tells so. What was
interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zoo
from zoo.data import Example, content_hash
from zoo.files import write_atomically
from zoo.machine import describe, versions
from zoo.metrics import Records, compare, score
from zoo.model import Model
from zoo.registry import data_set, model_class_of
from zoo.tasks import task
from zoo.training import fit_in_rounds, training_examples

DIRECTIONS = ("de-fr", "fr-de")
BETWEEN = "en"


def variant_of(name: str, changed: Mapping[str, Any], workspace: Path) -> Model:
    """The model trained by its recipe, but for these options."""
    entry = zoo.info(name)
    recipe = entry.recipe
    assert recipe is not None
    assert recipe.data is not None
    assert isinstance(recipe.validation, str)
    source = data_set(recipe.data)
    return fit_in_rounds(
        model_class_of(entry),
        recipe,
        training_examples(source, recipe),
        list(source.examples(recipe.validation)),
        workspace,
        **changed,
    )


def directly(model: Model, examples: Sequence[Example]) -> Records:
    """What the benchmark keeps of the model's translations."""
    return _records(model, [example.input for example in examples], examples)


def by_way(model: Model, examples: Sequence[Example]) -> Records:
    """The same, where the model first translates into English, and then what it made of that."""
    first = [dataclasses.replace(example.input, target=BETWEEN) for example in examples]
    middle = model.predict_batch(first)
    second = [
        # Nothing has no translation: a sentence that was lost on the way goes on as it was.
        dataclasses.replace(
            example.input,
            text=one.text if one.text.strip() else example.input.text,
            source=BETWEEN,
        )
        for one, example in zip(middle, examples, strict=True)
    ]
    return _records(model, second, examples)


def _records(model: Model, inputs: Sequence[Any], examples: Sequence[Example]) -> Records:
    about = task("translation")
    rows = [
        about.record(answer, example.target)
        for answer, example in zip(model.predict_batch(inputs), examples, strict=True)
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    parser.add_argument("--steps", type=int, help="of the variant, instead of the recipe's")
    parser.add_argument("--workspace", type=Path, default=Path("training/zero-shot"))
    parser.add_argument("--out", type=Path, default=Path("studies/zero-shot.json"))
    arguments = parser.parse_args()
    changed: dict[str, Any] = {"held_out": DIRECTIONS}
    if arguments.steps is not None:
        changed["steps"] = arguments.steps
    models = {
        "never learned": variant_of(arguments.model, changed, arguments.workspace),
        "learned": zoo.load(arguments.model),
    }
    metrics = task("translation").metrics
    rows, hashes = [], {}
    for direction in DIRECTIONS:
        source = data_set(f"multi30k-{direction}")
        examples = list(source.examples("test"))
        hashes[direction] = content_hash(source.info, examples)
        for which, model in models.items():
            direct, detour = directly(model, examples), by_way(model, examples)
            for way, records in (("directly", direct), ("by way of English", detour)):
                found = {metric.name: score(metric, records) for metric in metrics}
                row = {
                    "direction": direction,
                    "which": which,
                    "way": way,
                    "sentences": len(examples),
                    "scores": {name: dataclasses.asdict(one) for name, one in found.items()},
                }
                rows.append(row)
                print(direction, which, way, f"{found[metrics[0].name].value:.2f}", flush=True)
            difference = compare(metrics[0], direct, detour)
            rows[-1]["directly_less_this"] = dataclasses.asdict(difference)
    recipe = zoo.info(arguments.model).recipe
    assert recipe is not None
    about = {
        "model": arguments.model,
        "recipe": dict(recipe.options),
        "further_rounds": [dict(one) for one in recipe.further_rounds],
        "variant": changed,
        "seed": recipe.seed,
        "content_sha256": hashes,
        "primary": metrics[0].name,
        "rows": rows,
        "machine": describe(),
        "versions": versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_atomically(arguments.out, json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
