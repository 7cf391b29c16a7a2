"""Scripts of the folder `benchmarks`: what they do apart from training and timing."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

import zoo
from tests.translate.stub import Stub
from zoo.data import Example
from zoo.registry import weights_folder
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

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.made: list[tuple[str, str, Any]] = []

    def __call__(self, model: str, recipe: Any, speaker: str, workspace: Path) -> dict[str, Any]:
        self.made.append((model, speaker, recipe.options.get("steps")))
        return {"accuracy": [0.875, 0.8, 0.9], "recipe": self.module.wanted(recipe)}


@pytest.fixture
def speakers(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, Folds]:
    module = script("speakers")
    folds = Folds(module)
    monkeypatch.setattr(module, "fold", folds)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)  # or it would last
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
    recipe = zoo.info(model).recipe
    assert recipe is not None
    steps = recipe.options["steps"]
    run(module, monkeypatch, *common, "theo")
    run(module, monkeypatch, *common, "theo", "lucas")
    assert folds.made == [(model, "theo", steps), (model, "lucas", steps)]
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


def test_the_study_of_unseen_directions_can_keep_what_it_knows_of_the_variant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = script("zero_shot")

    def rows(which: str, model: Any) -> list[dict[str, Any]]:
        return [{"direction": one, "which": which, "model": model} for one in ("de-fr", "fr-de")]

    variant = {"held_out": ["de-fr", "fr-de"], "steps": 9}
    name, content = "translate/transformer-multi", {"de-fr": "some", "fr-de": "others"}
    known = {"model": name, "variant": variant, "finished": "then", "content_sha256": content}
    file = tmp_path / "found.json"
    file.write_text(json.dumps({**known, "rows": rows("never learned", 1) + rows("learned", 2)}))
    monkeypatch.setattr(module, "rows_of", rows)
    monkeypatch.setattr(module, "_content", lambda: content)
    monkeypatch.setattr(zoo, "load", lambda name: f"{name}, loaded")
    run(module, monkeypatch, name, "--keep-variant", "--out", str(file))
    found = json.loads(file.read_text())
    assert {name: found[name] for name in known} == known
    assert [(one["direction"], one["which"], one["model"]) for one in found["rows"]] == [
        ("de-fr", "never learned", 1),
        ("de-fr", "learned", f"{name}, loaded"),
        ("fr-de", "never learned", 1),
        ("fr-de", "learned", f"{name}, loaded"),
    ]
    config = json.loads((weights_folder(zoo.info(name)) / "config.json").read_text("utf-8"))
    assert found["learned"]["weights"] == config["sha256"]
    assert set(found["learned"]) == {"weights", "machine", "versions", "finished"}

    def refused(words: str, *arguments: str) -> None:
        with pytest.raises(SystemExit):
            run(module, monkeypatch, *arguments, "--keep-variant", "--out", str(file))
        assert words in capsys.readouterr().err

    refused(f"{file} is about {name}.", "translate/other")
    refused("not allowed with argument --steps", name, "--steps", "9")
    content = {**content, "de-fr": "changed"}
    refused(f"{file} is about other sentences", name)
    assert json.loads(file.read_text()) == found


def test_the_study_of_unseen_directions_tells_both_ways_of_each() -> None:
    def rows(direction: str, which: str, direct: float, detour: float) -> list[dict[str, Any]]:
        common = {"direction": direction, "which": which}
        bleu = [
            {"bleu": {"value": x, "low": x - 1, "high": x + 1, "count": 9}}
            for x in (direct, detour)
        ]
        less = {"difference": direct - detour, "low": -9.0, "high": 9.0, "p_value": 0.01}
        return [
            {**common, "way": "by way of English", "scores": bleu[1], "directly_less_this": less},
            {**common, "way": "directly", "scores": bleu[0]},
        ]

    recipe = zoo.info("translate/transformer-multi").recipe
    assert recipe is not None
    about = {
        "model": "translate/transformer-multi",
        "recipe": {"steps": 5000},
        "further_rounds": list(recipe.further_rounds),
        "variant": {"held_out": ["de-fr", "fr-de"]},
        "primary": "bleu",
        "rows": [
            *rows("de-fr", "never learned", 20.0, 23.5),
            *rows("fr-de", "never learned", 18.0, 17.0),
            *rows("de-fr", "learned", 25.0, 23.0),
        ],
    }
    tell = script("studies")._zero_shot
    study = tell(about)
    assert [one.cells[1:3] for one in study.rows] == [
        ("de-fr", "never learned"),
        ("fr-de", "never learned"),
        ("de-fr", "learned"),
    ]
    assert study.rows[0].cells[3:] == (
        "20.00 (19.00 to 21.00)",
        "23.50 (22.50 to 24.50)",
        "-3.50 (-9.00 to +9.00)",
    )
    assert "by the model's recipe without de-fr and fr-de" in study.text
    about["variant"] = {"held_out": ["de-fr"], "steps": 1000}
    words = "by the model's recipe, but for 1,000 steps in each round, without de-fr,"
    assert words in tell(about).text
    about["further_rounds"] = []
    assert "by the first round of the model's recipe, but for 1,000 steps, " in tell(about).text
