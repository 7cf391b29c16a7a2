"""Recipes of several rounds, each of which goes on from the weights of the one before."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import pytest

from tests.test_entries import model
from zoo.data import Example
from zoo.entries import ModelInfo, Recipe
from zoo.errors import WeightsError, ZooError
from zoo.model import Model
from zoo.predictions import Classification
from zoo.training import train


class Walk(Model):
    """Remembers every step that it was taught, with the seed of the round."""

    task = "image-classification"
    interrupted_at = 0  # the step at which training is cut off

    def __init__(self, steps: list[list[int]]) -> None:
        super().__init__()
        self.steps = steps

    def _prepare(self, x: Any) -> Any:
        return x

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        return [Classification(("a",), (1.0,)) for _ in batch]

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
        return cls([*(start.steps if start is not None else []), [step, seed]])

    def _to_weights(self) -> Any:
        return {"steps": self.steps}, {}

    @classmethod
    def _from_weights(cls, settings: Any, arrays: Any, device: str) -> Self:
        return cls(settings["steps"])


def entry_of(*then: dict[str, Any]) -> ModelInfo:
    recipe = Recipe(data=None, seed=5, options={"step": 1, "pace": 9}, then=then)
    return model(entry=f"{__name__}:Walk", weights="toys:weights", recipe=recipe)


def made(entry: ModelInfo, folder: Path, **options: Any) -> Walk:
    found = train(entry, folder / "weights", workspace=folder, progress=False, options=options)
    assert isinstance(found, Walk)
    assert found.training == Walk.load(folder / "weights").training
    return found


TWICE = entry_of({"step": 2}, {"step": 3, "pace": 4})


def test_a_round_goes_on_from_the_one_before(tmp_path: Path) -> None:
    walk = made(TWICE, tmp_path)
    assert walk.steps == [[1, 5], [2, 6], [3, 7]]
    assert walk.training["seed"] == 5
    assert walk.training["options"] == {"step": 3, "pace": 4}
    before = walk.training["earlier_rounds"]
    assert [one["options"] for one in before] == [{"step": 1, "pace": 9}, {"step": 2, "pace": 9}]
    assert all({"seconds", "finished", "machine", "versions"} <= set(one) for one in before)
    logs = [tmp_path / f"round-{number}" / "log.jsonl" for number in (1, 2, 3)]
    for log in logs:
        events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
        assert events == ["start", "saved"]


def test_options_that_are_given_hold_in_every_round(tmp_path: Path) -> None:
    walk = made(TWICE, tmp_path, step=7)
    assert walk.steps == [[7, 5], [7, 6], [7, 7]]


def test_rounds_that_are_done_are_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Walk, "interrupted_at", 2)
    with pytest.raises(KeyboardInterrupt):
        made(TWICE, tmp_path)
    assert Walk.load(tmp_path / "round-1" / "weights").steps == [[1, 5]]
    monkeypatch.setattr(Walk, "interrupted_at", 1)
    assert made(TWICE, tmp_path).steps == [[1, 5], [2, 6], [3, 7]]


def test_weights_of_a_shorter_recipe_serve_as_its_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = made(entry_of(), tmp_path / "once")
    assert "earlier_rounds" not in once.training
    shutil.copytree(tmp_path / "once" / "weights", tmp_path / "more" / "round-1" / "weights")
    monkeypatch.setattr(Walk, "interrupted_at", 1)
    more = made(TWICE, tmp_path / "more")
    assert more.steps == [[1, 5], [2, 6], [3, 7]]
    first = more.training["earlier_rounds"][0]
    assert first["finished"] == once.training["finished"]


def test_weights_of_another_recipe_do_not(tmp_path: Path) -> None:
    made(TWICE, tmp_path)
    recipe = dataclasses.replace(TWICE.recipe, options={"step": 1, "pace": 8})  # type: ignore[type-var]
    other = dataclasses.replace(TWICE, recipe=recipe)
    with pytest.raises(ZooError, match=r"round-1/weights' is not of .* its options is another"):
        made(other, tmp_path)
    with pytest.raises(ZooError, match="its seed is another"):
        train(TWICE, tmp_path / "weights", workspace=tmp_path, seed=8, progress=False)
    (tmp_path / "round-2" / "weights" / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        made(TWICE, tmp_path)
