"""Model cards: what the Hub reads in them, and that every figure is a result's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tests.cards.toys import LEARNED, WRITTEN, card_of
from zoo import weights
from zoo.card_results import duration_text
from zoo.data import UNVERIFIED
from zoo.entries import Recipe
from zoo.errors import WeightsError
from zoo.results import Result
from zoo.studies import Row, Study
from zoo.tasks import TASKS, task
from zoo.vision.catalog import CATALOG


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
    data = _parse(card_of(LEARNED, results)).data
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
    body = _parse(card_of(LEARNED, results)).text
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
    parsed = _parse(card_of(LEARNED, [quick, *results]))
    rows = [row for row in _rows(parsed.text) if row[0].startswith("`toys/learned")]
    assert [(row[0], row[1][:5]) for row in rows[:2]] == [
        ("`toys/learned`", "95.00"),
        ("`toys/learned (simulations=50)`", "70.00"),
    ]
    assert _rows(parsed.text, "`toys/learned (simulations=50)` minus `toys/written`")
    # The Hub is told the default's figures, for it knows no options; so are sentences.
    assert parsed.data.eval_results == _parse(card_of(LEARNED, results)).data.eval_results
    assert parsed.text.count("- On Tiny digits") == 1


def test_where_it_fails_comes_from_the_records(trained: Path, results: list[Result]) -> None:
    body = _parse(card_of(LEARNED, results)).text
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
    body = card_of(LEARNED, results, study)
    assert "\n### In the dark\n\nLights off.\n\n| Model | x |\n" in body
    assert "| toys/learned | a\\|b\\_c |\n| toys/written | a\\|b\\_c |\n" in body
    assert "stranger" not in body
    assert "a match" not in body
    alone = replace(study, rows=study.rows[2:3])
    assert "In the dark" not in card_of(LEARNED, results, alone)


def test_a_task_without_failures_says_nothing_of_them(
    trained: Path, results: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TASKS, LEARNED.task, replace(task(LEARNED.task), failures=None, risks=""))
    body = card_of(LEARNED, results)
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
        parsed = _parse(card_of(alone, []))
    finally:
        weights.write(trained, stored)
    assert parsed.data.datasets is None
    assert "\nNone: it learned by itself.\n" in parsed.text
    assert "\n- It learned half of it twice.\n" in parsed.text
    assert "\nKept out by content: every example of Tiny digits" in parsed.text
    assert "Content of the training examples" not in parsed.text
    assert "Learned from" not in parsed.text


def test_the_baselines_card_tells_the_same_comparison(results: list[Result], trained: Path) -> None:
    body = _parse(card_of(WRITTEN, results)).text
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
    written, learned = card_of(WRITTEN, results), card_of(LEARNED, results)
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
    body = card_of(LEARNED, [])
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
    assert f"| {recorded['rows'][-1][0]} | " in card_of(LEARNED, [])
    curve = {"columns": ["step", "validation_accuracy"], "rows": [[1000, 0.5], [2000, 0.123456]]}
    older = {name: fact for name, fact in stored.training.items() if name != "curve"}
    try:
        weights.write(trained, replace(stored, training=older))
        assert "Learning curve" not in card_of(LEARNED, [])
        weights.write(trained, replace(stored, training={**older, "curve": curve}))
        body = card_of(LEARNED, [])
    finally:
        weights.write(trained, stored)
    assert "### Learning curve\n\n| step | validation accuracy |\n" in body
    assert _rows(body, "1,000") == [["1,000", "0.5"]]
    assert _rows(body, "2,000") == [["2,000", "0.1235"]]


def test_every_round_of_the_training_is_told(trained: Path) -> None:
    stored = weights.read(trained)
    took = {"machine": "Old CPU", "finished": "2020-02-03T04:05:06+00:00"}
    first = {"options": {"also": ["tiny-digits"]}, "seconds": 7200, **took, "note": "It was so"}
    second = {"options": {}, "seconds": 60, **took}
    try:
        facts = {**stored.training, "earlier_rounds": [first, second]}
        weights.write(trained, replace(stored, training=facts))
        body = card_of(LEARNED, [])
    finally:
        weights.write(trained, stored)
    last = f"{duration_text(stored.training['seconds'])} {{}} {stored.training['machine']}"
    lines = body.splitlines()
    at = lines.index("- Seed: 3.")
    assert lines[at + 1 : at + 3] == [
        '- Round 1: `also=["tiny-digits"]`; 2.0 hours on Old CPU; finished 2020-02-03; It was so.',
        "- Round 2, from the weights of round 1, its seed one more: 60 seconds on Old CPU; "
        "finished 2020-02-03.",
    ]
    assert lines[at + 3].startswith("- Round 3, from the weights of round 2, its seed one more: `")
    assert f"`; {last.format('on')}; finished " in lines[at + 3]
    assert lines[at + 4].startswith("- Made with Python ")
    assert f"- Training: 2.0 hours of Old CPU; 60 seconds of Old CPU; {last.format('of')}." in lines
    # Data that an earlier round alone learned from are told.
    assert body.count("- [Tiny digits](https://huggingface.co/datasets/someone/tiny-digits): ") == 1


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
    ) in card_of(WRITTEN, [*results, slow])
    assert [duration_text(x) for x in (1, 119.4, 120, 7199, 7200)] == [
        *("1 second", "119 seconds", "2.0 minutes", "120.0 minutes", "2.0 hours")
    ]


def test_how_to_use_it_says_what_it_has_to_be_told(trained: Path, results: list[Result]) -> None:
    told = replace(WRITTEN, sample="a b", sample_options={"source": "en", "level": 3})
    body = card_of(told, results)
    assert 'print(model.predict("a b", source="en", level=3))' in body
    assert "zoo predict toys/written 'a b' --option source=en --option level=3\n" in body


def test_doubtful_data_are_said_to_be_doubtful(trained: Path, results: list[Result]) -> None:
    note = "“Unverified content” means that the data are none of the known versions"
    assert card_of(WRITTEN, results).count(note) == 0
    doubtful = [replace(one, data_title=f"Tiny digits, {UNVERIFIED}") for one in results]
    assert card_of(WRITTEN, doubtful).count(note) == 1
    assert card_of(LEARNED, doubtful).count(note) == 2  # of training and of results


def test_a_card_without_results_says_nothing_of_results(trained: Path) -> None:
    text = card_of(LEARNED, [])
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
    parsed = _parse(card_of(LEARNED, parts))
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
        assert "How these weights were made is not on record." in card_of(by_hand, [])
        half = {"data_title": "Tiny digits"}
        weights.write(tmp_path / "hand_made" / "learned", replace(stored, training=half))
        with pytest.raises(WeightsError, match="tells only in part how it was made"):
            card_of(by_hand, [])


def test_a_card_is_not_written_without_the_weights_that_it_tells_of(trained: Path) -> None:
    with pytest.raises(WeightsError, match=r"There is no weights folder at .*elsewhere"):
        card_of(replace(LEARNED, weights="tiny_weights:elsewhere"), [])


def test_a_model_from_the_hub_points_there() -> None:
    (vit,) = (entry for entry in CATALOG.models if entry.name == "vision/vit-base")
    parsed = _parse(card_of(vit, []))
    assert parsed.data.library_name == "transformers"
    assert parsed.data.base_model == "google/vit-base-patch16-224"
    assert parsed.data.datasets is None
    assert "are at https://huggingface.co/google/vit-base-patch16-224." in parsed.text
