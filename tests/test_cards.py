"""Model cards: what the Hub reads in them, and that every figure is a result's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from numpy.typing import NDArray

from tests import planted
from zoo import weights
from zoo.cards import card, write_cards
from zoo.data import UNVERIFIED
from zoo.entries import Catalog, DataSetInfo, Generation, ModelInfo, Recipe, Reference
from zoo.errors import ResultsError, WeightsError
from zoo.registry import Registry, models
from zoo.results import Result
from zoo.sources import PythonPackage
from zoo.tasks import task
from zoo.training import train
from zoo.vision.catalog import CATALOG
from zoo.vision.resnet import ResNetClassifier

# Of the identifiers at https://huggingface.co/docs/hub/repositories-licenses.
HUB_LICENCES = {
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-3.0", "cc-by-4.0"),
    *("cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "gpl-3.0", "lgpl-3.0", "openrail"),
}
_REFERENCE = (Reference("A paper", "https://example.org/paper"),)

DATA = DataSetInfo(
    name="tiny-digits",
    title="Tiny digits",
    task="image-classification",
    license="CC0",
    url="https://huggingface.co/datasets/someone/tiny-digits",
    splits=("train", "test"),
    sources=(PythonPackage(package="tests", reader="tests.test_cards:read"),),
)
WRITTEN = ModelInfo(
    name="toys/written",
    summary="Tells digits by hand.",
    task="image-classification",
    generation=Generation.SOFTWARE_1,
    entry="zoo_elsewhere:Written",
    weights=None,
    license="mit",
    parameters=0,
    references=_REFERENCE,
    data=("tiny-digits",),
)
LEARNED = ModelInfo(
    name="toys/learned",
    summary="HOG is not in it.",
    task="image-classification",
    generation=Generation.SOFTWARE_2,
    entry="zoo.vision.resnet:ResNetClassifier",
    weights="tiny_weights:learned",
    license="apache-2.0",
    parameters=1234,
    references=_REFERENCE,
    baseline="toys/written",
    data=("tiny-digits",),
    recipe=Recipe(
        data="tiny-digits",
        validation=10,
        seed=3,
        options={"size": (28, 28), "mode": "L", **ResNetClassifier.tiny_options()},
    ),
    limits="Knows nothing else.",
)


def read(split: str) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Seventy pictures of two shades."""
    rng = np.random.default_rng(0)
    for i in range(70):
        shade = 60 + 130 * (i % 2)
        yield np.clip(rng.normal(shade, 20, (28, 28)), 0, 255).astype(np.uint8), str(i % 2)


def _registry(learned: ModelInfo = LEARNED) -> Registry:
    toys = Catalog(models=(WRITTEN, learned), data_sets=(DATA,))
    return Registry.of({"toys": toys, "vision": CATALOG})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An importable package with a small network's weights, made by its recipe."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "tiny_weights").mkdir()
    (folder / "tiny_weights" / "__init__.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr("zoo.registry.registry", _registry)
        train(
            LEARNED,
            folder / "tiny_weights" / "learned",
            workspace=folder / "workspace",
            progress=False,
        )
        yield folder / "tiny_weights" / "learned"


@pytest.fixture
def results() -> list[Result]:
    learned = planted.right_on(range(5, 100))
    return planted.pair(learned, planted.right_on(range(70)), latencies=(0.002, 0.001))


def _parse(text: str) -> ModelCard:
    parsed = ModelCard(text)
    assert text.startswith("---\n")
    # What the Hub's own client writes again is what it read.
    assert ModelCard(str(parsed)).data.to_dict() == parsed.data.to_dict()
    return parsed


def test_the_hub_reads_the_metadata_that_was_meant(trained: Path, results: list[Result]) -> None:
    data = _parse(card(LEARNED, results)).data
    assert data.license == "apache-2.0"
    assert data.pipeline_tag == "image-classification"
    assert data.library_name == "zoo"
    assert data.datasets == ["someone/tiny-digits"]
    assert data.tags == ["zoo", "software-2.0", "toys"]
    assert data.model_name == "toys/learned"
    found = {one.metric_type: one for one in data.eval_results}
    own = results[0]
    assert set(found) == set(own.scores)
    for name, score in own.scores.items():
        assert found[name].metric_value == pytest.approx(score.value, abs=1e-6)
        assert found[name].task_type == "image-classification"
        assert found[name].dataset_type == "tiny-digits"
        assert found[name].dataset_name == "Tiny digits"
        assert found[name].dataset_split == "test"


def test_every_figure_of_the_body_is_the_results(trained: Path, results: list[Result]) -> None:
    body = _parse(card(LEARNED, results)).text
    (row,) = (line for line in body.splitlines() if line.startswith("| Tiny digits"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    own = results[0]
    assert cells[0] == "Tiny digits test, 100 images"
    shown = {
        metric.name: [float(x) for x in re.findall(r"[\d.]+", cell)]
        for metric, cell in zip(task(own.task).metrics, cells[1:4], strict=True)
    }
    for metric in task(own.task).metrics:
        score, scale = own.scores[metric.name], 100 if metric.percent else 1
        expected = [x * scale for x in (score.value, score.low, score.high)]
        assert shown[metric.name] == pytest.approx(expected, abs=0.005)
    assert cells[4:] == ["2.00 ms", "1,234", "300 MiB"]
    assert "- accuracy: +25.00 points (+14.01 to +35.01; exact McNemar, p < 0.001)" in body
    assert "`toys/learned` minus `toys/written` on Tiny digits test, 100 images:" in body
    assert "1,234 parameters." in body
    assert "1.50 MiB of weights. Measured on: Test CPU, 2 cores" in body


def test_a_variant_has_a_row_of_its_own_after_the_default(
    trained: Path, results: list[Result]
) -> None:
    learned, written = results
    quick = replace(
        learned,
        subject=replace(learned.subject, options={"simulations": 50}),
        records=written.records,
        scores=written.scores,
    )
    parsed = _parse(card(LEARNED, [quick, *results]))
    rows = [line.split(" | ") for line in parsed.text.splitlines() if line.startswith("| ")]
    rows = [cells for cells in rows if not cells[1].startswith("---")]
    assert [cells[1] for cells in rows] == ["Options", "default", "simulations=50"]
    assert [cells[2][:5] for cells in rows[1:]] == ["95.00", "70.00"]
    assert "`toys/learned (simulations=50)` minus `toys/written` on Tiny digits" in parsed.text
    # The Hub is told the default's figures, for it knows no options.
    assert parsed.data.eval_results == _parse(card(LEARNED, results)).data.eval_results


def test_a_model_that_learned_by_itself_tells_of_no_data(trained: Path) -> None:
    stored = weights.read(trained)
    alone = replace(LEARNED, recipe=Recipe(data=None, exclude=("tiny-digits",)))
    kept = ("examples", "seed", "options", "seconds", "machine", "finished")
    facts = {
        **{key: stored.training[key] for key in kept},
        "data": None,
        "excluded_by_content": ["tiny-digits"],
    }
    try:
        weights.write(trained, replace(stored, training=facts))
        parsed = _parse(card(alone, []))
    finally:
        weights.write(trained, stored)
    assert parsed.data.datasets is None
    assert "- Data: none; it learned by itself." in parsed.text
    assert "- Kept out by content: every example of Tiny digits" in parsed.text
    assert "Content of the training examples" not in parsed.text
    assert "Training data" not in parsed.text


def test_the_baselines_card_tells_the_same_comparison(results: list[Result], trained: Path) -> None:
    body = _parse(card(WRITTEN, results)).text
    assert "- accuracy: +25.00 points (+14.01 to +35.01; exact McNemar, p < 0.001)" in body
    assert "A hand-written program (Software 1.0)" in body
    assert "## Training" not in body
    assert "of weights. " not in body
    assert "parameters" not in body


def test_a_third_partys_code_is_not_put_under_our_licence(
    results: list[Result], trained: Path
) -> None:
    assert "\nModel: mit." in card(WRITTEN, results)
    assert "\nCode: Apache-2.0. Weights: apache-2.0. Training data, Tiny digits: CC0." in card(
        LEARNED, results
    )


def test_how_the_weights_were_made_comes_from_their_folder(trained: Path) -> None:
    body = card(LEARNED, [])
    facts = weights.read(trained).training
    assert f"- Data: Tiny digits, {UNVERIFIED}, 60 examples to learn from and 10 held out" in body
    assert f"`{facts['content_sha256']['train']}`" in body
    assert "- Seed 3; options `{" in body
    assert f"finished {facts['finished'][:10]}." in body
    assert "`zoo train toys/learned` makes these weights again." in body
    assert "It replaces the hand-written `toys/written` (Tells digits by hand)." in body


def test_doubtful_data_are_said_to_be_doubtful(trained: Path, results: list[Result]) -> None:
    note = "“Unverified content” means that the data are none of the known versions"
    assert card(WRITTEN, results).count(note) == 0
    doubtful = [replace(one, data_title=f"Tiny digits, {UNVERIFIED}") for one in results]
    assert card(WRITTEN, doubtful).count(note) == 1
    assert card(LEARNED, doubtful).count(note) == 2  # of training and of results


def test_a_card_without_results_says_nothing_of_results(trained: Path) -> None:
    text = card(LEARNED, [])
    assert _parse(text).data.eval_results is None
    assert "## Results" not in text
    assert "## Limits\n\nKnows nothing else." in text
    assert "- [A paper](https://example.org/paper)" in text


def test_a_part_of_the_data_is_told_to_people_but_not_to_the_hub(
    trained: Path, results: list[Result]
) -> None:
    parts = [replace(one, subject=replace(one.subject, limit=100)) for one in results]
    parsed = _parse(card(LEARNED, parts))
    assert parsed.data.eval_results is None
    assert "| Tiny digits test, first 100 images |" in parsed.text


def test_weights_saved_by_hand_have_no_record(trained: Path, tmp_path: Path) -> None:
    stored = weights.read(trained)
    (tmp_path / "hand_made").mkdir()
    (tmp_path / "hand_made" / "__init__.py").touch()
    by_hand = replace(LEARNED, weights="hand_made:learned")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        weights.write(tmp_path / "hand_made" / "learned", replace(stored, training={}))
        assert "How these weights were made is not on record." in card(by_hand, [])
        half = {"data_title": "Tiny digits"}
        weights.write(tmp_path / "hand_made" / "learned", replace(stored, training=half))
        with pytest.raises(WeightsError, match="tells only in part how it was made"):
            card(by_hand, [])


def test_a_card_is_not_written_without_the_weights_that_it_tells_of(trained: Path) -> None:
    with pytest.raises(WeightsError, match=r"There is no weights folder at .*elsewhere"):
        card(replace(LEARNED, weights="tiny_weights:elsewhere"), [])


def test_a_model_from_the_hub_points_there() -> None:
    (vit,) = (entry for entry in CATALOG.models if entry.name == "vision/vit-base")
    parsed = _parse(card(vit, []))
    assert parsed.data.library_name == "transformers"
    assert parsed.data.datasets is None
    assert "are at https://huggingface.co/google/vit-base-patch16-224." in parsed.text


def test_every_licence_is_one_that_the_hub_knows() -> None:
    assert {entry.license for entry in models()} <= HUB_LICENCES


def test_cards_are_written_under_the_folder_and_beside_the_weights(
    trained: Path, tmp_path: Path, results: list[Result]
) -> None:
    written = write_cards([WRITTEN, LEARNED], results, tmp_path, beside_weights=True)
    assert written == [
        tmp_path / "toys" / "written.md",
        tmp_path / "toys" / "learned.md",
        trained / "README.md",
    ]
    for path in written[1:]:
        assert path.read_text(encoding="utf-8") == card(LEARNED, results)
    weights.read(trained)  # a card does not break the folder


def test_a_card_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "toys").write_text("a file")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.registry.registry", _registry)
        with pytest.raises(ResultsError, match=r"written\.md' cannot be written"):
            write_cards([WRITTEN], [], tmp_path)
