"""From a recipe to weights: what is learned from, what is kept out, what goes on record."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.constant_model import Constant
from tests.test_entries import data_set, model
from zoo import training
from zoo.data import DataSet, Example, content_hash
from zoo.entries import DataSetInfo, Recipe
from zoo.errors import InputError, ZooError
from zoo.registry import registry
from zoo.sources import Source
from zoo.training import (
    learning_curve,
    precision_of_learning,
    seconds_so_far,
    split_validation,
    train,
    training_examples,
)

_rng = np.random.default_rng(0)
PICTURES = [_rng.integers(0, 256, (6, 6), dtype=np.uint8) for _ in range(40)]


class Shelf(Source):
    """Rows that a test lays down, by split."""

    def __init__(self, **splits: list[tuple[Any, str]]) -> None:
        self.splits = splits

    def present(self) -> bool:
        return True

    def how_to_get(self) -> str:
        return "look on the shelf"

    def rows(self, split: str) -> Iterator[tuple[Any, str]]:
        return iter(self.splits[split])


def png(x: Any) -> bytes:
    file = io.BytesIO()
    x.save(file, "PNG")
    return file.getvalue()


def shelved(name: str, **splits: list[tuple[Any, str]]) -> DataSetInfo:
    return data_set(name=name, splits=tuple(splits), sources=(Shelf(**splits),))


LEARN = shelved(
    "toy-set",
    train=[(picture, str(i % 2)) for i, picture in enumerate(PICTURES)],
    dev=[(np.full((6, 6), 40 * i, np.uint8), str(i)) for i in range(5)],
)
# Pictures 3, 7 and 11 again, in other dress and under other labels, in two splits.
SCORED = shelved(
    "scored-set",
    test=[
        (png(Image.fromarray(PICTURES[3])), "x"),
        (PICTURES[7].astype(np.float64) / 255, "7"),
        (np.zeros((6, 6), np.uint8), "0"),
    ],
    extra=[(png(Image.fromarray(PICTURES[11]).convert("RGB")), "1")],
)


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = {info.name: info for info in (LEARN, SCORED)}
    monkeypatch.setattr(training, "data_set_info", infos.__getitem__)
    monkeypatch.setattr(
        training, "data_set", lambda name: DataSet(infos[name], infos[name].sources[0])
    )


# --- what is kept out -----------------------------------------------------------------------------


def test_scored_examples_never_reach_training_in_whatever_dress() -> None:
    source = training.data_set("toy-set")
    kept = training_examples(source, Recipe(data="toy-set", exclude=("scored-set",)))
    numbers = [i for i in range(40) if any(e.input is PICTURES[i] for e in kept)]
    assert numbers == [i for i in range(40) if i not in (3, 7, 11)]
    assert len(kept) == 37
    assert [example.input is PICTURES[i] for example, i in zip(kept, numbers, strict=True)]


def test_nothing_is_dropped_that_was_not_to_be() -> None:
    source = training.data_set("toy-set")
    assert len(training_examples(source, Recipe(data="toy-set"))) == 40


def test_every_copy_of_a_scored_example_is_dropped() -> None:
    twice = shelved("twice", train=[(PICTURES[3], "0"), (PICTURES[0], "0"), (PICTURES[3], "1")])
    kept = training_examples(
        DataSet(twice, twice.sources[0]), Recipe(data="twice", exclude=("scored-set",))
    )
    assert [example.input is PICTURES[0] for example in kept] == [True]


def test_no_recipe_learns_from_what_the_offline_suite_scores() -> None:
    """MNIST-5k is taken from MNIST's training set: whoever learns from one leaves out the other."""
    overlapping = {"mnist": {"mnist-5k"}}
    recipes = [entry.recipe for entry in zoo.models(domain="vision") if entry.recipe is not None]
    assert recipes
    for recipe in recipes:
        assert overlapping.get(recipe.data, set()) <= set(recipe.exclude)
    # And no entry is scored on a data set whose only split it learns from.
    for entry in zoo.models():
        if entry.recipe is not None:
            for name in entry.data:
                assert registry().data_sets[name].splits[-1] != "train"


def test_all_of_mnist_5k_is_found_in_mnist(
    full_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the shelf goes, the real data sets come
    recipe = zoo.info("vision/hog-svm-mnist").recipe
    assert recipe is not None
    kept = training_examples(zoo.data_set("mnist"), recipe)
    assert len(kept) == 55_000


# --- what is held out -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 13, 39])
def test_a_split_is_complete_disjoint_and_in_order(count: int) -> None:
    learn, held_out = split_validation(range(40), count, seed=0)  # type: ignore[arg-type]
    assert len(held_out) == count
    assert sorted([*learn, *held_out]) == list(range(40))  # type: ignore[type-var]
    assert learn == sorted(learn)  # type: ignore[type-var]
    assert held_out == sorted(held_out)  # type: ignore[type-var]


def test_a_split_is_its_seeds() -> None:
    examples = [Example(picture, "0") for picture in PICTURES]
    numbers = [
        [next(i for i in range(40) if e.input is PICTURES[i]) for e in held_out]
        for _, held_out in (split_validation(examples, 10, seed) for seed in (1, 1, 2))
    ]
    assert numbers[0] == numbers[1] != numbers[2]
    assert numbers[0] != list(range(10)), "at random, not the first ones"


@pytest.mark.parametrize("count", [40, 41, -1])
def test_more_than_there_is_cannot_be_held_out(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} examples cannot be held out of 40"):
        split_validation(range(40), count, seed=0)  # type: ignore[arg-type]


# --- following a recipe ---------------------------------------------------------------------------


class Memory(Constant):
    """Learns how many examples there were, and remembers what `fit` was given."""

    seen: dict[str, Any]

    def __init__(self, count: int = 0) -> None:
        super().__init__(1.0)
        self.count = count

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        **others: Any,
    ) -> Self:
        train = list(train)
        Memory.seen = {"train": train, "validation": validation, **others}
        return cls(len(train))

    @classmethod
    def fit_options(cls) -> set[str]:
        return {"width"}

    def _to_weights(self) -> Any:
        return {"count": self.count}, {}

    @classmethod
    def _from_weights(cls, settings: Any, arrays: Any, device: str) -> Self:
        return cls(settings["count"])


ENTRY = model(
    entry=f"{__name__}:Memory",
    weights="toys:weights",
    recipe=Recipe(
        data="toy-set", exclude=("scored-set",), validation=7, seed=5, options={"depth": 3}
    ),
)


def test_a_recipe_is_followed_and_put_on_record(tmp_path: Path) -> None:
    made = train(ENTRY, tmp_path / "weights", workspace=tmp_path / "work", progress=False)
    seen = Memory.seen
    assert (len(seen["train"]), len(seen["validation"])) == (30, 7)
    assert (seen["seed"], seen["depth"], seen["progress"]) == (5, 3, False)
    assert seen["workspace"] == tmp_path / "work"
    again = Memory.load(tmp_path / "weights")
    assert again.count == 30
    assert again.training == made.training
    record = again.training
    assert record["model"] == "toys/thing-data"
    assert record["data"] == "toy-set"
    assert record["data_title"] == "Toys, unverified content"
    assert record["excluded_by_content"] == ["scored-set"]
    assert record["examples"] == {"train": 30, "validation": 7}
    assert record["seed"] == 5
    assert record["options"] == {"depth": 3}
    assert record["content_sha256"] == {
        "train": content_hash(LEARN, seen["train"]),
        "validation": content_hash(LEARN, seen["validation"]),
    }
    log = [json.loads(line) for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["start", "saved"]
    assert log[0]["train"] == 30


def test_another_seed_is_on_record_and_holds_out_others(tmp_path: Path) -> None:
    held_out = []
    for seed in (5, 6):
        folder = tmp_path / str(seed)
        made = train(ENTRY, folder / "w", workspace=folder / "log", seed=seed, progress=False)
        assert made.training["seed"] == Memory.seen["seed"] == seed
        held_out.append(content_hash(LEARN, Memory.seen["validation"]))
    assert held_out[0] != held_out[1]


def test_a_recipe_may_hold_nothing_out(tmp_path: Path) -> None:
    entry = dataclasses.replace(ENTRY, recipe=Recipe(data="toy-set", validation=0))
    train(entry, tmp_path / "weights", workspace=tmp_path / "work", progress=False)
    assert Memory.seen["validation"] is None
    assert len(Memory.seen["train"]) == 40


ALONE = dataclasses.replace(
    ENTRY, recipe=Recipe(data=None, exclude=("scored-set",), options={"depth": 3})
)


def test_a_recipe_may_name_the_split_that_it_chooses_on(tmp_path: Path) -> None:
    entry = dataclasses.replace(ENTRY, recipe=Recipe(data="toy-set", validation="dev"))
    made = train(entry, tmp_path / "weights", workspace=tmp_path / "work", progress=False)
    assert made.training["examples"] == {"train": 40, "validation": 5}
    assert [example.target for example in Memory.seen["validation"]] == list("01234")


def test_a_model_that_learns_by_itself_is_told_what_to_leave_out(tmp_path: Path) -> None:
    made = train(ALONE, tmp_path / "weights", workspace=tmp_path / "work", progress=False)
    seen = Memory.seen
    assert (seen["train"], seen["validation"], seen["seed"], seen["depth"]) == ([], None, 0, 3)
    expected = [
        example.input
        for split in ("test", "extra")
        for example in training.data_set("scored-set").examples(split)
    ]
    assert len(seen["excluded"]) == 4
    for given, x in zip(seen["excluded"], expected, strict=True):
        assert given is x
    assert made.training["data"] is None
    assert made.training["excluded_by_content"] == ["scored-set"]
    assert made.training["examples"] == {"train": 0, "validation": 0}
    assert not {"data_title", "content_sha256"} & set(made.training)
    assert Memory.load(tmp_path / "weights").training == made.training


def test_what_is_learned_from_data_is_not_told_what_was_left_out(tmp_path: Path) -> None:
    train(ENTRY, tmp_path / "weights", workspace=tmp_path / "work", progress=False)
    assert "excluded" not in Memory.seen


@pytest.mark.parametrize("entry", [ENTRY, ALONE], ids=["from data", "by itself"])
def test_options_take_the_place_of_the_recipes(entry: Any, tmp_path: Path) -> None:
    made = train(
        entry,
        tmp_path / "weights",
        workspace=tmp_path / "work",
        options={"depth": 4, "width": 5},
        progress=False,
    )
    assert (Memory.seen["depth"], Memory.seen["width"]) == (4, 5)
    assert made.training["options"] == {"depth": 4, "width": 5}
    assert dict(entry.recipe.options) == {"depth": 3}


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("widht", "did you mean width?"),
        ("dept", "did you mean depth"),
        ("sed", "did you mean seed"),
    ],
)
def test_an_option_that_the_method_has_not_is_refused_at_once(
    option: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        train(ENTRY, tmp_path / "weights", workspace=tmp_path / "work", options={option: 3})
    assert f"no training option of toys/thing-data named {option!r}; {hint}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_method_that_names_no_options_has_the_recipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Memory, "fit_options")
    train(ENTRY, tmp_path / "w", workspace=tmp_path / "work", options={"depth": 4}, progress=False)
    assert Memory.seen["depth"] == 4
    with pytest.raises(InputError, match="no training option of toys/thing-data named 'width'"):
        train(ENTRY, tmp_path / "w", workspace=tmp_path / "work", options={"width": 4})


def test_a_model_without_a_recipe_is_not_made_here(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="toys/thing-data has no recipe"):
        train(model(), tmp_path / "weights", workspace=tmp_path / "work")
    assert list(tmp_path.iterdir()) == []


def test_the_legs_of_an_interrupted_training_add_up(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert seconds_so_far(log) == 0
    finished = [("start", 1.0), ("saved", 70.0)]
    legs = [("start", 1.0), ("epoch", 10.0), ("epoch", 20.0), ("start", 2.0), ("epoch", 5.0)]
    lines = [json.dumps({"event": kind, "at_seconds": at}) for kind, at in finished + legs]
    log.write_text("\n".join(lines) + "\n")
    assert seconds_so_far(log) == 25


def test_every_precision_of_a_training_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"

    def told(*events: dict[str, Any]) -> str | None:
        log.write_text("".join(f"{json.dumps(one)}\n" for one in events))
        return precision_of_learning(log)

    assert precision_of_learning(log) is None
    narrow, wide = ({"event": "learning", "precision": x} for x in ("bfloat16", "float32"))
    start, step, saved = {"event": "start"}, {"step": 5, "loss": 1.0}, {"event": "saved"}
    assert told(start, step) is None
    assert told(start, narrow, step, start, narrow, step) == "bfloat16"
    assert told(start, narrow, step, start, wide) == "bfloat16, float32"
    assert told(start, narrow, step, saved, start, step) is None


def _curve(folder: Path, *events: dict[str, Any]) -> dict[str, Any] | None:
    log = folder / "log.jsonl"
    log.write_text("".join(f"{json.dumps({'at_seconds': 1.5, **one})}\n" for one in events))
    return learning_curve(log)


def test_the_learning_curve_is_what_was_logged_step_by_step(tmp_path: Path) -> None:
    assert learning_curve(tmp_path / "log.jsonl") is None
    steps = [{"step": step, "loss": 1 / (step + 2), "seconds": 2.5} for step in range(3)]
    whole = [{"event": "start", "train": 7}, {"ngrams": 12}, *steps, {"event": "fitted", "C": 1.0}]
    assert _curve(tmp_path, *whole) == {
        "columns": ["step", "loss"],
        "rows": [[0, 0.5], [1, 0.3333], [2, 0.25]],
    }
    assert _curve(tmp_path, *whole[:-2]) is None  # two steps are no curve
    assert _curve(tmp_path, *whole, {"event": "saved"}, {"event": "start"}) is None


def test_a_step_that_was_done_again_counts_once(tmp_path: Path) -> None:
    legs = [*range(4), *range(2, 6)]
    found = _curve(tmp_path, *({"epoch": step, "loss": at} for at, step in enumerate(legs)))
    assert found == {
        "columns": ["epoch", "loss"],
        "rows": [[0, 0], [1, 1], [2, 4], [3, 5], [4, 6], [5, 7]],
    }


def test_a_long_curve_is_thinned_and_keeps_its_ends(tmp_path: Path) -> None:
    found = _curve(tmp_path, *({"epoch": step, "loss": 0.5} for step in range(1, 101)))
    assert found is not None
    steps = [row[0] for row in found["rows"]]
    assert (len(steps), steps[0], steps[-1]) == (20, 1, 100)
    assert {b - a for a, b in itertools.pairwise(steps)} == {5, 6}
