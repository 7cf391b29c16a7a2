"""Result files: round trip, refusal of anything broken, whole-or-nothing writes, pairs."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from tests import planted
from zoo import metrics
from zoo.errors import ResultsError
from zoo.files import write_atomically
from zoo.results import (
    SCHEMA,
    Result,
    pairs,
    read_result,
    read_results,
    to_json,
    write_result,
)
from zoo.tasks import task


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    for one in (
        planted.result(),
        planted.result("toys/learned", baseline="toys/written", about={"limit": 100}),
        planted.result(about={"options": {"seconds": 0.5, "mode": "quick"}}),
    ):
        assert read_result(write_result(tmp_path, one)) == one


def test_the_path_tells_model_data_split_and_part() -> None:
    assert planted.subject().path() == Path("toys/written/tiny-digits-test.json")
    first = planted.subject(limit=50).path()
    assert first == Path("toys/written/tiny-digits-test-first50.json")
    quick = planted.subject(options={"simulations": 50, "mode": "a/b"})
    assert quick.path() == Path("toys/written/tiny-digits-test-mode=a%2Fb-simulations=50.json")
    assert quick.title == "toys/written (mode=a/b, simulations=50)"
    assert planted.subject().title == "toys/written"


def test_a_result_from_before_there_were_options_is_one_of_the_defaults(tmp_path: Path) -> None:
    one = planted.result()
    payload = to_json(one)
    del payload["subject"]["options"]
    assert read_result(_put(tmp_path, payload)) == one


def test_the_file_is_json_that_any_program_reads_one_record_column_a_line(tmp_path: Path) -> None:
    one = planted.result()
    text = write_result(tmp_path, one).read_text(encoding="utf-8")
    assert json.loads(text) == to_json(one)
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    for name, column in one.records.items():
        assert f"{json.dumps(name)}: {json.dumps(column, separators=(',', ':'))}" in lines


def test_a_file_holds_all_that_is_needed_to_doubt_it(tmp_path: Path) -> None:
    payload = json.loads(write_result(tmp_path, planted.result()).read_text(encoding="utf-8"))
    assert set(payload["subject"]) == {
        *("model", "data", "split", "limit", "content_sha256"),
        *("weights", "config", "version", "threads", "device", "options"),
    }
    assert {"count", "seed", "machine", "versions", "finished", "scores", "records"} <= set(payload)
    assert set(payload["scores"]["accuracy"]) == {"value", "low", "high", "count"}


def test_every_score_can_be_recomputed_from_the_records(tmp_path: Path) -> None:
    stored = read_result(write_result(tmp_path, planted.result()))
    for metric in task(stored.task).metrics:
        assert metrics.score(metric, stored.records, seed=stored.seed) == stored.scores[metric.name]
    assert stored.primary == stored.scores["accuracy"]
    assert stored.primary.value == 0.8


def test_no_number_that_json_has_not_is_written(tmp_path: Path) -> None:
    one = planted.result()
    broken = replace(one, records={**one.records, "confidence": [float("nan")] * 100})
    with pytest.raises(ValueError, match="JSON"):
        write_result(tmp_path, broken)
    assert list(tmp_path.rglob("*")) == []


# --- broken files --------------------------------------------------------------------------------


def _without(key: str) -> dict[str, Any]:
    payload = to_json(planted.result())
    del payload[key]
    return payload


def _with(**changes: Any) -> dict[str, Any]:
    return to_json(planted.result()) | changes


BROKEN = {
    "empty": "",
    "cut short": json.dumps(to_json(planted.result()))[:500],
    "binary": b"\xff\xfe\x00",
    "a list": [1, 2],
    "another schema": _with(schema=SCHEMA - 1),
    "no schema": _without("schema"),
    "no records": _without("records"),
    "no timing": _without("timing"),
    "empty records": _with(records={}),
    "a column cut short": _with(records={"target": ["1"] * 99, "label": ["1"] * 100}),
    "a score missing": _with(scores={}),
    "a score that is text": _with(
        scores=to_json(planted.result())["scores"]
        | {"accuracy": {"value": "high", "low": 0, "high": 1, "count": 100}}
    ),
    "an unknown task": _with(task="mind-reading"),
    "options that are text": _with(
        subject=to_json(planted.result())["subject"] | {"options": "simulations=50"}
    ),
    "another subject": _with(subject={"model": "toys/written"}),
    "no machine": _with(machine={}),
    "a machine that is text": _with(machine=None),
    "deep": "[" * 100_000,
}


def _put(folder: Path, content: Any) -> Path:
    path = folder / "toys" / "written" / "tiny-digits-test.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_refused_with_one_sentence_that_names_it(
    kind: str, tmp_path: Path
) -> None:
    path = _put(tmp_path, BROKEN[kind])
    for read in (lambda: read_result(path), lambda: read_results(tmp_path)):
        with pytest.raises(ResultsError) as caught:
            read()
        message = str(caught.value)
        assert message.startswith(f"{str(path)!r} is no result: ")
        assert message.endswith("; delete it and run the benchmark again.")
        assert "\n" not in message


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"There is no results folder at .*nowhere"):
        read_results(tmp_path / "nowhere")


def test_results_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("toys/b", "toys/a", "toys/c"):
        write_result(tmp_path, planted.result(name))
    assert [one.subject.model for one in read_results(tmp_path)] == ["toys/a", "toys/b", "toys/c"]


# --- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["fsync", "replace", "interrupt"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = planted.result()
    path = write_result(tmp_path, old)

    def full(*_: Any) -> None:
        if step == "interrupt":
            raise KeyboardInterrupt
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "replace":
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyboardInterrupt if step == "interrupt" else ResultsError) as caught:
        write_result(tmp_path, replace(old, parameters=7))
    if step != "interrupt":
        assert str(caught.value) == f"{str(path)!r} cannot be written: No space left on device."
    monkeypatch.undo()
    assert read_result(path) == old
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "toys").write_text("a file, not a folder")
    with pytest.raises(ResultsError, match=r"tiny-digits-test\.json' cannot be written"):
        write_result(tmp_path, planted.result())


def test_a_text_that_is_written_replaces_the_old_one(tmp_path: Path) -> None:
    for text in ("first", "second é"):
        write_atomically(tmp_path / "a" / "b.md", text)
        assert (tmp_path / "a" / "b.md").read_text(encoding="utf-8") == text


# --- pairs ---------------------------------------------------------------------------------------

# The learned model alone is right on 15 examples, the written one alone on 5.
LEARNED, WRITTEN = planted.right_on(range(5, 95)), planted.right_on(range(80))


def test_a_pair_compares_the_learned_model_minus_its_baseline() -> None:
    (pair,) = pairs(planted.pair(LEARNED, WRITTEN))
    assert pair.learned.subject.model == "toys/learned"
    assert pair.written.subject.model == "toys/written"
    assert set(pair.comparisons) == {"accuracy", "log-loss", "calibration-error"}
    accuracy = pair.comparisons["accuracy"]
    assert accuracy.difference == pytest.approx(0.1)
    assert accuracy.p_value == pytest.approx(binomtest(15, 20).pvalue)
    assert accuracy.significant
    assert accuracy.low < 0.1 < accuracy.high
    loss = pair.comparisons["log-loss"]
    assert loss.difference < 0
    assert loss.test == "paired bootstrap"


def test_a_pair_is_the_same_whatever_the_order_of_the_results() -> None:
    results = planted.pair(LEARNED, WRITTEN)
    assert pairs(results) == pairs(results[::-1])


def _second(results: list[Result], **changes: Any) -> list[Result]:
    about = {key: changes.pop(key) for key in list(changes) if hasattr(results[1].subject, key)}
    subject = replace(results[1].subject, **about)
    return [results[0], replace(results[1], subject=subject, **changes)]


@pytest.mark.parametrize(
    "changes",
    [
        {"content_sha256": "another"},
        {"limit": 100},
        {"data": "other-digits"},
        {"split": "train"},
        {"model": "toys/stranger"},
    ],
    ids=str,
)
def test_only_the_same_examples_make_a_pair(changes: dict[str, Any]) -> None:
    results = planted.pair(LEARNED, WRITTEN)
    assert len(pairs(results)) == 1
    assert pairs(_second(results, **changes)) == []


def test_another_count_makes_no_pair() -> None:
    learned, _ = planted.pair(LEARNED, WRITTEN)
    assert pairs([learned, planted.result(right=planted.right_on(range(80), count=99))]) == []


def test_the_same_content_in_another_order_makes_no_pair() -> None:
    learned, written = planted.pair(LEARNED, WRITTEN)
    turned = {name: column[::-1] for name, column in written.records.items()}
    assert pairs([learned, replace(written, records=turned)]) == []


def test_any_options_are_compared_with_the_baselines_defaults_only() -> None:
    learned, written = planted.pair(LEARNED, WRITTEN)

    def quick(one: Result) -> Result:
        return replace(one, subject=replace(one.subject, options={"simulations": 50}))

    found = pairs([learned, quick(learned), written, quick(written)])
    assert [(one.learned, one.written) for one in found] == [
        (learned, written),
        (quick(learned), written),
    ]


def test_each_part_is_compared_with_the_same_part_of_the_baseline() -> None:
    whole = planted.pair(LEARNED, WRITTEN)
    parts = [replace(one, subject=replace(one.subject, limit=100)) for one in whole]
    found = pairs([*whole, *parts])
    assert [(one.learned.subject.limit, one.written.subject.limit) for one in found] == [
        (None, None),
        (100, 100),
    ]
