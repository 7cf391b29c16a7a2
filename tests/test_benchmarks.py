"""Scripts of the folder `benchmarks`: what they do apart from training and timing."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.translate.stub import Stub
from zoo.data import Example
from zoo.text import Passage

FOLDER = Path(__file__).parent.parent / "benchmarks"


def script(name: str) -> ModuleType:
    about = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    assert about is not None
    assert about.loader is not None
    module = importlib.util.module_from_spec(about)
    about.loader.exec_module(module)
    return module


class Folds:
    """Stands for trainings: tells which were asked for, and finds the same each time."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, Any]] = []

    def __call__(
        self, model: str, recipe: Any, speaker: str, workspace: Path, wanted: Any
    ) -> dict[str, Any]:
        self.made.append((model, speaker, recipe.options.get("steps")))
        return {"accuracy": [0.875, 0.8, 0.9], "recipe": wanted(recipe)}


@pytest.fixture
def speakers(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, Folds]:
    module, folds = script("speakers"), Folds()
    monkeypatch.setattr(module, "fold", lambda *given: folds(*given, module.wanted))
    return module, folds


def run(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [module.__name__, *arguments])
    module.main()


def test_folds_are_trained_once_and_anew_for_other_steps(
    speakers: tuple[ModuleType, Folds],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module, folds = speakers
    model = "speech/conformer-digits"
    common = (model, "--out", str(tmp_path), "--threads", "1", "--speakers")
    run(module, monkeypatch, *common, "theo")
    run(module, monkeypatch, *common, "theo", "lucas")
    assert folds.made == [(model, "theo", 15_000), (model, "lucas", 15_000)]
    run(module, monkeypatch, *common, "theo", "--steps", "70")
    assert folds.made[2:] == [(model, "theo", 70)]
    kept = json.loads((tmp_path / "conformer-digits-theo.json").read_text())
    assert kept["recipe"]["options"]["steps"] == 70
    assert capsys.readouterr().out.splitlines()[0] == f"{model} theo: 87.50% right"


def test_what_learns_without_steps_keeps_its_recipe(
    speakers: tuple[ModuleType, Folds], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module, folds = speakers
    model = "speech/gmm-hmm-digits"
    given = (model, "--out", str(tmp_path), "--threads", "1", "--steps", "70")
    run(module, monkeypatch, *given, "--speakers", "theo")
    assert folds.made == [(model, "theo", None)]


def test_the_detour_goes_through_english_and_what_is_lost_goes_on_as_it_was() -> None:
    known = {"ein Hund": "a dog", "a dog": "un chien", "weg": " "}
    model = Stub(lambda text: known[text], frozenset({("de", "en"), ("en", "fr")}))
    examples = [
        Example(Passage("ein Hund", "de", "fr"), "un chien"),
        Example(Passage("weg", "de", "fr"), "parti"),
    ]
    found = script("zero_shot").by_way(model, examples)
    assert found["text"] == ["un chien", " "]
    assert [(one.text, one.source, one.target) for one in model.pieces] == [
        ("ein Hund", "de", "en"),
        ("weg", "de", "en"),
        ("a dog", "en", "fr"),
        ("weg", "en", "fr"),
    ]


def test_the_study_of_unseen_directions_tells_both_ways_of_each() -> None:
    def row(which: str, way: str, bleu: float, **more: Any) -> dict[str, Any]:
        score = {"value": bleu, "low": bleu - 1, "high": bleu + 1, "count": 1000}
        return {
            "direction": "de-fr", "which": which, "way": way, "scores": {"bleu": score}, **more,
        }  # fmt: skip

    less = {"difference": -3.5, "low": -4.25, "high": -2.75, "p_value": 0.01}
    study = script("studies")._zero_shot(
        {
            "model": "translate/transformer-multi",
            "recipe": {"steps": 5000},
            "variant": {"held_out": ["de-fr", "fr-de"], "steps": 1000},
            "primary": "bleu",
            "rows": [
                row("never learned", "directly", 20.0),
                row("never learned", "by way of English", 23.5, directly_less_this=less),
            ],
        }
    )
    assert [one.cells for one in study.rows] == [
        (
            "translate/transformer-multi",
            "de-fr",
            "never learned",
            "20.00 (19.00 to 21.00)",
            "23.50 (22.50 to 24.50)",
            "-3.50 (-4.25 to -2.75)",
        )
    ]
    assert "(1,000 steps) without de-fr and fr-de" in study.text
