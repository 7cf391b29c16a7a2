"""Recipes of several rounds, each of which goes on from the weights of the one before."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pytest

import zoo
from tests.constant_model import Constant
from tests.test_entries import data_set, model
from zoo import training
from zoo.data import Example
from zoo.entries import ModelInfo, Recipe
from zoo.errors import WeightsError, ZooError
from zoo.training import train


class Walk(Constant):
    """Remembers of each round the step that it was taught, the seed, and what was held out."""

    interrupted_at = -1  # the step at which training is cut off

    def __init__(self, steps: list[list[int]], held_out: list[list[int]]) -> None:
        super().__init__(1.0)
        self.steps = steps
        self.held_out = held_out

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        start: Self | None = None,
        step: int = 0,
        **others: Any,
    ) -> Self:
        if step == cls.interrupted_at:
            raise KeyboardInterrupt
        before = start or cls([], [])
        now = [int(example.input[0, 0]) for example in validation or ()]
        return cls([*before.steps, [step, seed]], [*before.held_out, now])

    def _to_weights(self) -> Any:
        return {"steps": self.steps, "held_out": self.held_out}, {}

    @classmethod
    def _from_weights(cls, settings: Any, arrays: Any, device: str) -> Self:
        return cls(settings["steps"], settings["held_out"])


def entry_of(*further: dict[str, Any]) -> ModelInfo:
    options = {"step": 1, "pace": 9, "sizes": (1, 2)}
    recipe = Recipe(data=None, seed=5, options=options, further_rounds=further)
    return model(entry=f"{__name__}:Walk", weights="toys:weights", recipe=recipe)


def made(entry: ModelInfo, folder: Path, **options: Any) -> Walk:
    train(entry, folder / "weights", workspace=folder, progress=False, options=options)
    return Walk.load(folder / "weights")


THREE_ROUNDS = entry_of({"step": 2}, {"step": 3, "pace": 4})


def test_a_round_goes_on_from_the_one_before(tmp_path: Path) -> None:
    walk = made(THREE_ROUNDS, tmp_path)
    assert walk.steps == [[1, 5], [2, 6], [3, 7]]
    assert walk.training["seed"] == 5
    told = [*walk.training["earlier_rounds"], walk.training]
    assert [one["options"]["step"] for one in told] == [1, 2, 3]
    assert [one["options"]["pace"] for one in told] == [9, 9, 4]
    assert all({"seconds", "finished", "machine", "versions"} <= set(one) for one in told)
    for number in (1, 2, 3):
        log = (tmp_path / f"round-{number}" / "log.jsonl").read_text()
        events = [json.loads(line)["event"] for line in log.splitlines()]
        assert events == ["start", "saved"]


def test_options_that_are_given_hold_in_every_round(tmp_path: Path) -> None:
    assert made(THREE_ROUNDS, tmp_path, step=7).steps == [[7, 5], [7, 6], [7, 7]]


def test_rounds_that_are_done_are_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Walk, "interrupted_at", 3)
    with pytest.raises(KeyboardInterrupt):
        made(THREE_ROUNDS, tmp_path)
    assert Walk.load(tmp_path / "round-2" / "weights").steps == [[1, 5], [2, 6]]
    monkeypatch.setattr(Walk, "interrupted_at", 2)
    walk = made(THREE_ROUNDS, tmp_path)
    assert walk.steps == [[1, 5], [2, 6], [3, 7]]
    assert [one["options"]["step"] for one in walk.training["earlier_rounds"]] == [1, 2]


@pytest.mark.parametrize("shipped", [(), ({"step": 2},)], ids=["one round", "two rounds"])
def test_a_round_is_added_to_weights_that_are_there(
    shipped: tuple[dict[str, Any], ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made(entry_of(*shipped), tmp_path / "before")
    place = tmp_path / "more" / f"round-{len(shipped) + 1}" / "weights"
    shutil.copytree(tmp_path / "before" / "weights", place)
    monkeypatch.setattr(Walk, "interrupted_at", 1)
    more = made(THREE_ROUNDS, tmp_path / "more")
    assert more.steps == [[1, 5], [2, 6], [3, 7]]
    finished = more.training["earlier_rounds"][len(shipped)]["finished"]
    assert finished == before.training["finished"]


def test_weights_that_were_made_otherwise_are_not_gone_on_from(tmp_path: Path) -> None:
    made(THREE_ROUNDS, tmp_path)
    recipe = THREE_ROUNDS.recipe
    assert recipe is not None

    def refused(changed: Recipe, words: str) -> None:
        with pytest.raises(ZooError, match=rf"round-2/weights' was made otherwise: its {words} "):
            made(dataclasses.replace(THREE_ROUNDS, recipe=changed), tmp_path)

    # Of the first round only: the second overrides the step, but went on from another one.
    options = {**recipe.options, "step": 9}
    refused(dataclasses.replace(recipe, options=options), "options are")
    refused(dataclasses.replace(recipe, seed=8), "seed is")
    refused(dataclasses.replace(recipe, exclude=("mnist-5k",)), "excluded data sets are")
    (tmp_path / "round-2" / "weights" / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        made(THREE_ROUNDS, tmp_path)


def test_the_same_examples_are_held_out_in_every_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [Example(np.full((4, 4), i, np.uint8), str(i % 2)) for i in range(20)]
    info = data_set(name="toys", splits=("train",))
    shelf = SimpleNamespace(info=info, examples=lambda _: examples, title=lambda _: "Toys")
    monkeypatch.setattr(training, "data_set", lambda _: shelf)
    recipe = Recipe(data="toys", validation=5, seed=5, further_rounds=({}, {}))
    entry = dataclasses.replace(THREE_ROUNDS, recipe=recipe)
    walk = made(entry, tmp_path)
    assert walk.held_out == [walk.held_out[0]] * 3
    assert len(walk.held_out[0]) == 5
    examples.pop()
    with pytest.raises(ZooError, match="its training data are not what is asked for now"):
        made(entry, tmp_path)


def test_what_begins_anew_each_time_has_no_rounds(tmp_path: Path) -> None:
    entry = dataclasses.replace(THREE_ROUNDS, entry="zoo.vision.hog_svm:HogSvmClassifier")
    with pytest.raises(ZooError, match="toys/thing-data cannot learn in rounds"):
        made(entry, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_study_learns_in_all_rounds(tmp_path: Path) -> None:
    assert THREE_ROUNDS.recipe is not None
    # A method may have an option named as what is taken here is.
    options = {"pace": 2, "held_out": ("de-fr",)}
    walk = training.fit_in_rounds(Walk, THREE_ROUNDS.recipe, [], [], tmp_path, **options)
    assert isinstance(walk, Walk)
    assert walk.steps == [[1, 5], [2, 6], [3, 7]]


@pytest.mark.parametrize(
    "entry",
    [one for one in zoo.models() if one.recipe is not None and one.recipe.further_rounds],
    ids=lambda entry: entry.name,
)
def test_a_registered_recipe_names_options_that_its_method_has_in_every_round(
    entry: ModelInfo,
) -> None:
    # A round's options meet the method only once the rounds before it are done, hours later.
    assert entry.recipe is not None
    assert set().union(*entry.recipe.rounds) <= training.model_class_of(entry).fit_options()
