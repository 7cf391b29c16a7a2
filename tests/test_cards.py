"""Model cards: what the Hub reads in them, and that every figure is a result's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from numpy.typing import NDArray

from tests import planted
from zoo import weights
from zoo.card_results import duration_text
from zoo.cards import card, check_cards, write_cards
from zoo.data import UNVERIFIED
from zoo.entries import Catalog, DataSetInfo, Generation, ModelInfo, Recipe, Reference
from zoo.errors import ResultsError, WeightsError
from zoo.evidence import Evidence
from zoo.registry import Registry
from zoo.results import Result
from zoo.sources import PythonPackage
from zoo.studies import Row, Study
from zoo.tasks import TASKS, task
from zoo.training import train
from zoo.vision.catalog import CATALOG
from zoo.vision.resnet import ResNetClassifier

_REFERENCE = (Reference("Ann and Bob, “A paper”, Journal 3, 1999", "https://example.org/paper"),)

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


def _card(entry: ModelInfo, results: Sequence[Result], *studies: Study) -> str:
    return card(entry, Evidence(results, studies))


def _rows(text: str, *begin: str) -> list[list[str]]:
    """The rows of tables whose first cells are these."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [row for row in rows if row[: len(begin)] == list(begin)]


def _parse(text: str) -> ModelCard:
    parsed = ModelCard(text)
    assert text.startswith("---\n")
    # What the Hub's own client writes again is what it read.
    assert ModelCard(str(parsed)).data.to_dict() == parsed.data.to_dict()
    return parsed


def test_the_hub_reads_the_metadata_that_was_meant(trained: Path, results: list[Result]) -> None:
    data = _parse(_card(LEARNED, results)).data
    assert data.license == "apache-2.0"
    assert data.pipeline_tag == "image-classification"
    assert data.library_name == "zoo"
    assert data.datasets == ["someone/tiny-digits"]
    assert data.tags == ["zoo", "software-2.0", "toys", "image-classification"]
    assert data.model_name == "toys/learned"
    assert data["replaces"] == ["toys/written"]
    assert data.metrics == ["accuracy"]
    found = {one.metric_name: one for one in data.eval_results}
    own = results[0]
    assert set(found) == set(own.scores)
    for name, score in own.scores.items():
        assert found[name].metric_value == pytest.approx(score.value, abs=1e-6)
        assert found[name].task_type == "image-classification"
        assert found[name].metric_type == name  # which is what the Hub calls accuracy
        assert found[name].dataset_type == "someone/tiny-digits"
        assert found[name].dataset_config is None
        assert found[name].dataset_name == "Tiny digits"
        assert found[name].dataset_split == "test"


def test_every_figure_of_the_body_is_the_results(trained: Path, results: list[Result]) -> None:
    body = _parse(_card(LEARNED, results)).text
    title = "Tiny digits test, 100 images"
    assert f"\n### {title}\n" in body
    for own in results:
        (cells,) = _rows(body, f"`{own.subject.title}`")
        for metric, cell in zip(task(own.task).metrics, cells[1:], strict=True):
            score, scale = own.scores[metric.name], 100 if metric.percent else 1
            shown = [float(x) for x in re.findall(r"[\d.]+", cell)]
            expected = [x * scale for x in (score.value, score.low, score.high)]
            assert shown == pytest.approx(expected, abs=0.005)
    (difference,) = _rows(body, "`toys/learned` minus `toys/written`")
    assert difference[1] == "+25.00 points (+14.01 to +35.01; exact McNemar, p < 0.001)"
    assert "- On Tiny digits test, 100 images, toys/learned (2.0) beats toys/written" in body
    assert _rows(body, title, "`toys/learned`") == [
        [title, "`toys/learned`", "2.00 / 3.00 / 20.0 ms", "1,234/s", "300 MiB", "1.50 MiB",
         "500 ms"]
    ]  # fmt: skip
    assert _rows(body, title, "`toys/written`")
    assert _rows(body, "Parameters") == [["Parameters", "1,234"]]
    assert "Measured on: Test CPU, 2 cores" in body


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
    parsed = _parse(_card(LEARNED, [quick, *results]))
    rows = [row for row in _rows(parsed.text) if row[0].startswith("`toys/learned")]
    assert [(row[0], row[1][:5]) for row in rows[:2]] == [
        ("`toys/learned`", "95.00"),
        ("`toys/learned (simulations=50)`", "70.00"),
    ]
    assert _rows(parsed.text, "`toys/learned (simulations=50)` minus `toys/written`")
    # The Hub is told the default's figures, for it knows no options; so are sentences.
    assert parsed.data.eval_results == _parse(_card(LEARNED, results)).data.eval_results
    assert parsed.text.count("- On Tiny digits") == 1


def test_where_it_fails_comes_from_the_records(trained: Path, results: list[Result]) -> None:
    body = _parse(_card(LEARNED, results)).text
    assert "\n## Where it fails\n\n### On Tiny digits test, 100 images\n" in body
    # Right on 5 to 99, so that each label up to 4 was missed once, for the label after it.
    assert _rows(body, "0") == [["0", "10", "90.0 % (59.6 to 98.2)"], ["0", "1", "1", "10.0 %"]]
    assert _rows(body, "no. 4") == [["no. 4", "3", "4", "0.7500", "0.25"]]
    assert not _rows(body, "no. 6")


def test_studies_are_quoted_beside_the_other_generation(
    trained: Path, results: list[Result]
) -> None:
    about = ("toys/learned", "toys/written", "toys/stranger")
    rows = [Row((name,), (name, "a|b_c")) for name in about]
    rows.append(Row(("toys/written", "toys/stranger"), ("a match", "1 : 0")))
    study = Study(title="In the dark", text="Lights off.", header=("Model", "x"), rows=tuple(rows))
    body = _card(LEARNED, results, study)
    assert "\n### In the dark\n\nLights off.\n\n| Model | x |\n" in body
    assert "| toys/learned | a\\|b\\_c |\n| toys/written | a\\|b\\_c |\n" in body
    assert "stranger" not in body
    assert "a match" not in body
    alone = replace(study, rows=study.rows[2:3])
    assert "In the dark" not in _card(LEARNED, results, alone)


def test_a_task_without_failures_says_nothing_of_them(
    trained: Path, results: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TASKS, LEARNED.task, replace(task(LEARNED.task), failures=None, risks=""))
    body = _card(LEARNED, results)
    assert "## Where it fails" not in body
    assert body.endswith("}\n```\n")
    assert "## Limits and risks\n\nKnows nothing else.\n\n## " in body


def test_a_model_that_learned_by_itself_tells_of_no_data(trained: Path) -> None:
    stored = weights.read(trained)
    alone = replace(LEARNED, recipe=Recipe(data=None, exclude=("tiny-digits",)))
    kept = ("examples", "seed", "options", "seconds", "machine", "finished", "versions", "python")
    facts = {
        **{key: stored.training[key] for key in kept},
        "data": None,
        "excluded_by_content": ["tiny-digits"],
        "note": "It learned half of it twice.",
    }
    try:
        weights.write(trained, replace(stored, training=facts))
        parsed = _parse(_card(alone, []))
    finally:
        weights.write(trained, stored)
    assert parsed.data.datasets is None
    assert "\nNone: it learned by itself.\n" in parsed.text
    assert "\n- It learned half of it twice.\n" in parsed.text
    assert "\nKept out by content: every example of Tiny digits" in parsed.text
    assert "Content of the training examples" not in parsed.text
    assert "Learned from" not in parsed.text


def test_the_baselines_card_tells_the_same_comparison(results: list[Result], trained: Path) -> None:
    body = _parse(_card(WRITTEN, results)).text
    (difference,) = _rows(body, "`toys/learned` minus `toys/written`")
    assert difference[1] == "+25.00 points (+14.01 to +35.01; exact McNemar, p < 0.001)"
    assert "A hand-written program (Software 1.0): people designed its method.\n" in body
    assert "Learned programs that are set beside it: `toys/learned`." in body
    assert "## Training" not in body
    assert not _rows(body, "Weights")
    assert not _rows(body, "Parameters")


def test_a_third_partys_code_is_not_put_under_our_licence(
    results: list[Result], trained: Path
) -> None:
    written, learned = _card(WRITTEN, results), _card(LEARNED, results)
    data = "[Tiny digits](https://huggingface.co/datasets/someone/tiny-digits)"
    assert _rows(written, "Model") == [["Model", "accuracy", "log-loss", "calibration-error"],
                                       ["Model", "mit"]]  # fmt: skip
    assert _rows(written, f"Measured on: {data}", "CC0")
    assert not _rows(written, "Code")
    assert _rows(learned, "Code") == [["Code", "apache-2.0"]]
    assert _rows(learned, "Weights", "apache-2.0")
    assert _rows(learned, f"Learned from: {data}", "CC0")
    assert not _rows(learned, f"Measured on: {data}")


def test_how_the_weights_were_made_comes_from_their_folder(trained: Path) -> None:
    body = _card(LEARNED, [])
    facts = weights.read(trained).training
    assert f"[Tiny digits, {UNVERIFIED}](https://huggingface.co/datasets/" in body
    assert "): 60 examples of its split `train` to learn from, and 10 that were held out" in body
    assert f"`{facts['content_sha256']['train']}`" in body
    assert "\n- Seed: 3.\n- Options: `" in body
    assert f"finished {facts['finished'][:10]}." in body
    assert "```sh\nzoo train toys/learned\n```" in body
    assert "It replaces the hand-written `toys/written` (Tells digits by hand)." in body
    assert f"- Training: {duration_text(facts['seconds'])} of {facts['machine']}" in body


def test_the_learning_curve_is_shown_if_it_is_on_record(trained: Path) -> None:
    stored = weights.read(trained)
    recorded = stored.training["curve"]
    assert recorded["columns"] == ["epoch", "train_loss", "validation_accuracy"]
    assert f"| {recorded['rows'][-1][0]} | " in _card(LEARNED, [])
    curve = {"columns": ["step", "validation_accuracy"], "rows": [[1000, 0.5], [2000, 0.123456]]}
    older = {name: fact for name, fact in stored.training.items() if name != "curve"}
    try:
        weights.write(trained, replace(stored, training=older))
        assert "Learning curve" not in _card(LEARNED, [])
        weights.write(trained, replace(stored, training={**older, "curve": curve}))
        body = _card(LEARNED, [])
    finally:
        weights.write(trained, stored)
    assert "### Learning curve\n\n| step | validation accuracy |\n" in body
    assert _rows(body, "1,000") == [["1,000", "0.5"]]
    assert _rows(body, "2,000") == [["2,000", "0.1235"]]


def test_the_cost_is_time_of_a_machine(trained: Path, results: list[Result]) -> None:
    slow = replace(
        results[1],
        subject=replace(results[1].subject, data="mnist"),
        timing=replace(results[1].timing, per_second=2.0),
    )
    assert (
        "- A million predictions in batches take 2 threads of Test CPU 13.5 minutes (at its speed "
        "on Tiny digits test, 100 images) to 5.8 days (at its speed on Tiny digits test, 100 "
        "images)."
    ) in _card(WRITTEN, [*results, slow])
    assert [duration_text(x) for x in (1, 119.4, 120, 7199, 7200)] == [
        *("1 second", "119 seconds", "2.0 minutes", "120.0 minutes", "2.0 hours")
    ]


def test_how_to_use_it_says_what_it_has_to_be_told(trained: Path, results: list[Result]) -> None:
    told = replace(WRITTEN, sample="a b", sample_options={"source": "en", "level": 3})
    body = _card(told, results)
    assert 'print(model.predict("a b", source="en", level=3))' in body
    assert "zoo predict toys/written 'a b' --option source=en --option level=3\n" in body


def test_doubtful_data_are_said_to_be_doubtful(trained: Path, results: list[Result]) -> None:
    note = "“Unverified content” means that the data are none of the known versions"
    assert _card(WRITTEN, results).count(note) == 0
    doubtful = [replace(one, data_title=f"Tiny digits, {UNVERIFIED}") for one in results]
    assert _card(WRITTEN, doubtful).count(note) == 1
    assert _card(LEARNED, doubtful).count(note) == 2  # of training and of results


def test_a_card_without_results_says_nothing_of_results(trained: Path) -> None:
    text = _card(LEARNED, [])
    assert _parse(text).data.eval_results is None
    assert "Not measured here: there is no result of it on record. `zoo bench toys/" in text
    assert "## Speed" not in text
    assert "## Limits and risks\n\nKnows nothing else.\n\n" in text
    assert "- [Ann and Bob, “A paper”, Journal 3, 1999](https://example.org/paper)" in text
    assert "@misc{ann1999paper,\n  author = {Ann and Bob},\n" in text


def test_a_part_of_the_data_is_told_to_people_but_not_to_the_hub(
    trained: Path, results: list[Result]
) -> None:
    parts = [replace(one, subject=replace(one.subject, limit=100)) for one in results]
    parsed = _parse(_card(LEARNED, parts))
    assert parsed.data.eval_results is None
    assert "\n### Tiny digits test, first 100 images\n" in parsed.text


def test_weights_saved_by_hand_have_no_record(trained: Path, tmp_path: Path) -> None:
    stored = weights.read(trained)
    (tmp_path / "hand_made").mkdir()
    (tmp_path / "hand_made" / "__init__.py").touch()
    by_hand = replace(LEARNED, weights="hand_made:learned")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        weights.write(tmp_path / "hand_made" / "learned", replace(stored, training={}))
        assert "How these weights were made is not on record." in _card(by_hand, [])
        half = {"data_title": "Tiny digits"}
        weights.write(tmp_path / "hand_made" / "learned", replace(stored, training=half))
        with pytest.raises(WeightsError, match="tells only in part how it was made"):
            _card(by_hand, [])


def test_a_card_is_not_written_without_the_weights_that_it_tells_of(trained: Path) -> None:
    with pytest.raises(WeightsError, match=r"There is no weights folder at .*elsewhere"):
        _card(replace(LEARNED, weights="tiny_weights:elsewhere"), [])


def test_a_model_from_the_hub_points_there() -> None:
    (vit,) = (entry for entry in CATALOG.models if entry.name == "vision/vit-base")
    parsed = _parse(_card(vit, []))
    assert parsed.data.library_name == "transformers"
    assert parsed.data.base_model == "google/vit-base-patch16-224"
    assert parsed.data.datasets is None
    assert "are at https://huggingface.co/google/vit-base-patch16-224." in parsed.text


def test_cards_are_written_under_the_folder_and_beside_the_weights(
    trained: Path, tmp_path: Path, results: list[Result]
) -> None:
    written = write_cards([WRITTEN, LEARNED], Evidence(results), tmp_path, beside_weights=True)
    assert written == [
        tmp_path / "toys" / "written.md",
        tmp_path / "toys" / "written.eval_results.yaml",
        tmp_path / "toys" / "learned.md",
        tmp_path / "toys" / "learned.eval_results.yaml",
        trained / "README.md",
    ]
    for path in (written[2], written[4]):
        assert path.read_text(encoding="utf-8") == _card(LEARNED, results)
    weights.read(trained)  # a card does not break the folder


def test_a_card_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "toys").write_text("a file")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.registry.registry", _registry)
        with pytest.raises(ResultsError, match=r"written\.md' cannot be written"):
            write_cards([WRITTEN], Evidence([]), tmp_path)


def test_a_card_edited_by_hand_is_met_with_what_to_do(
    trained: Path, tmp_path: Path, results: list[Result]
) -> None:
    evidence = Evidence(results)
    write_cards([WRITTEN, LEARNED], evidence, tmp_path, beside_weights=True)
    check_cards([WRITTEN, LEARNED], evidence, tmp_path, beside_weights=True)
    page = tmp_path / "toys" / "learned.md"
    page.write_text(page.read_text(encoding="utf-8").replace("95.00 %", "99.00 %"), "utf-8")
    with pytest.raises(
        ResultsError,
        match=r"^'.*learned\.md' is not what .*: it was edited by hand, .*zoo card --write\.$",
    ):
        check_cards([LEARNED], evidence, tmp_path)
    page.unlink()
    with pytest.raises(ResultsError, match=r"^'.*learned\.md' is not what"):
        check_cards([LEARNED], evidence, tmp_path)
