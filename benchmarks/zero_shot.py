"""What a translator makes of a direction that it never learned from, against a detour.

    ZOO_DATA=... python benchmarks/zero_shot.py translate/transformer-multi

A variant of the model is trained by its recipe without German to French and French to German. It
then translates Multi30k's test split between the two directly, and by way of English. So does the
model itself, which learned from these directions, too.

With `--steps` the variant learns for fewer steps than the recipe says, in each of its rounds; the
file tells so. What was interrupted goes on where it was. Once the model itself has new weights,
`--keep-variant` measures it anew.
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
from zoo import weights
from zoo.data import Example, content_hash
from zoo.files import write_atomically
from zoo.machine import describe, versions
from zoo.metrics import Records, compare, score
from zoo.model import Model
from zoo.registry import data_set, model_class_of, weights_folder
from zoo.tasks import task
from zoo.training import fit_in_rounds, training_examples

DIRECTIONS = ("de-fr", "fr-de")
BETWEEN = "en"
NEVER = "never learned"


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


def rows_of(which: str, model: Model) -> list[dict[str, Any]]:
    """What the model makes of each direction, in both ways."""
    metrics = task("translation").metrics
    rows = []
    for direction in DIRECTIONS:
        examples = list(data_set(f"multi30k-{direction}").examples("test"))
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
    return rows


def _measured_now() -> dict[str, Any]:
    return {
        "machine": describe(),
        "versions": versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _content() -> dict[str, str]:
    """What is translated, by direction, as a hash."""
    sources = {direction: data_set(f"multi30k-{direction}") for direction in DIRECTIONS}
    return {
        direction: content_hash(source.info, source.examples("test"))
        for direction, source in sources.items()
    }


def _about_variant(name: str, changed: Mapping[str, Any], workspace: Path) -> dict[str, Any]:
    recipe = zoo.info(name).recipe
    assert recipe is not None
    rows = rows_of(NEVER, variant_of(name, changed, workspace))
    return {
        "model": name,
        "recipe": dict(recipe.options),
        "further_rounds": [dict(one) for one in recipe.further_rounds],
        "variant": changed,
        "seed": recipe.seed,
        "content_sha256": _content(),
        "primary": task("translation").primary.name,
        **_measured_now(),
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model")
    variant = parser.add_mutually_exclusive_group()
    variant.add_argument("--steps", type=int, help="of each round, instead of the recipe's")
    variant.add_argument(
        "--keep-variant",
        action="store_true",
        help="train none: what is on file of it stays, and only the model itself is measured",
    )
    parser.add_argument("--workspace", type=Path, default=Path("training/zero-shot"))
    parser.add_argument("--out", type=Path, default=Path("studies/zero-shot.json"))
    arguments = parser.parse_args()
    if arguments.keep_variant:
        about = json.loads(arguments.out.read_text("utf-8"))
        if about["model"] != arguments.model:
            parser.error(f"{arguments.out} is about {about['model']}.")
        if about["content_sha256"] != _content():
            parser.error(f"{arguments.out} is about other sentences: train the variant again.")
    else:
        changed: dict[str, Any] = {"held_out": DIRECTIONS}
        if arguments.steps is not None:
            changed["steps"] = arguments.steps
        about = _about_variant(arguments.model, changed, arguments.workspace)
    rows = [row for row in about["rows"] if row["which"] == NEVER]
    rows += rows_of("learned", zoo.load(arguments.model))
    about["rows"] = sorted(rows, key=lambda row: DIRECTIONS.index(row["direction"]))
    shipped = weights_folder(zoo.info(arguments.model)) / weights.ARRAYS
    about["learned"] = {"weights": weights.file_sha256(shipped), **_measured_now()}
    write_atomically(arguments.out, json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
