"""What changed between two sets of results: beyond noise, within it, or not comparable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests import planted
from zoo import metrics
from zoo.changes import DRIFT, Change, Verdict, changes, sentences, to_json
from zoo.errors import ResultsError
from zoo.results import Result
from zoo.tasks import task

GOOD, BAD = planted.right_on(range(5, 100)), planted.right_on(range(70))


def _change(before: Result, after: Result) -> Change:
    (change,) = changes([before], [after]).both
    return change


def _timed(ratios: Any = (), **timing: float) -> Result:
    """A result whose predictions take so many times 2 ms each."""
    one = planted.result()
    latencies = [0.002 * ratio for ratio in ratios]
    facts = {"latency_count": len(latencies) or 100, **timing}
    return replace(one, latencies=latencies, timing=replace(one.timing, **facts))


def test_the_same_results_have_not_changed() -> None:
    found = changes([planted.result()], [planted.result()])
    assert not found.worse
    assert found.both[0].verdicts == (Verdict.SAME, Verdict.SAME)
    told = dict(sentences(found))
    assert told.pop("Unchanged") == ["2 of 2 scores and times differ by no more than noise."]
    assert not any(told.values())


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(BAD, GOOD, Verdict.BETTER), (GOOD, BAD, Verdict.WORSE), (GOOD, GOOD, Verdict.SAME)],
)
def test_scores_on_the_same_examples_are_tested_in_pairs(
    before: list[bool], after: list[bool], verdict: Verdict
) -> None:
    found = changes([planted.result(right=before)], [planted.result(right=after)])
    change = found.both[0].scores[0]
    assert change.verdict is verdict
    assert change.comparison is not None
    assert change.comparison.test == "exact McNemar"
    assert found.worse is (verdict is Verdict.WORSE)


def test_less_can_be_better() -> None:
    loss = _change(planted.result(right=BAD), planted.result(right=GOOD)).scores[1]
    assert loss.metric.name == "log-loss"
    assert loss.after.value < loss.before.value
    assert loss.verdict is Verdict.BETTER


def test_only_the_primary_score_decides() -> None:
    sure, unsure = (
        _with_records(planted.result(), planted.records(planted.right_on(range(80)), probability))
        for probability in (0.75, 0.52)
    )
    found = changes([sure], [unsure])
    assert Verdict.WORSE in [one.verdict for one in found.both[0].scores]
    assert not found.worse


def _with_records(one: Result, records: dict[str, list[Any]]) -> Result:
    scores = {m.name: metrics.score(m, records) for m in task(one.task).metrics}
    return replace(one, records=records, scores=scores)


def test_examples_in_another_order_are_compared_by_their_intervals() -> None:
    def turned(one: Result) -> Result:
        return replace(one, records={name: c[::-1] for name, c in one.records.items()})

    lost = changes([planted.result(right=GOOD)], [turned(planted.result(right=BAD))])
    assert lost.worse
    assert lost.both[0].scores[0].comparison is None
    (worse,) = dict(sentences(lost))["Worse beyond noise"]
    assert "compared by these intervals alone" in worse
    near = planted.right_on(range(5, 96))  # 91 % against 95 %: their intervals overlap
    kept = changes([planted.result(right=GOOD)], [turned(planted.result(right=near))])
    assert kept.both[0].verdicts[0] is Verdict.SAME


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (planted.result(about={"content_sha256": "0"}), "the content of the data set is another"),
        (planted.result(right=[True] * 50), "there were 100 examples and now are 50"),
        (
            replace(planted.result(), task="board-game"),
            "the task was image-classification and is board-game",
        ),
    ],
)
def test_what_was_measured_on_other_data_is_not_compared(after: Result, reason: str) -> None:
    found = changes([planted.result()], [after])
    assert found.both[0].verdicts == (Verdict.NOT_COMPARABLE,) * 2
    assert not found.worse
    if after.task == "image-classification":
        (told,) = dict(sentences(found))["Not comparable"]
        assert told.endswith(f": {reason}.")
    assert found.both[0].reason == reason


def test_without_single_times_the_medians_must_differ_by_more_than_a_machine_drifts() -> None:
    one = planted.result(latency=0.002)
    for factor, verdict in (
        (DRIFT * 1.01, Verdict.WORSE),
        (DRIFT * 0.99, Verdict.SAME),
        (1.01 / DRIFT, Verdict.SAME),
        (0.99 / DRIFT, Verdict.BETTER),
    ):
        assert _change(one, planted.result(latency=0.002 * factor)).time.verdict is verdict


def test_single_times_of_the_same_examples_give_an_interval() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.lognormal(0, 1, 100)  # some inputs take ten times as long as others
    noise = rng.lognormal(np.log(1.5), 0.1, 100)
    before = _timed(inputs)
    change = _change(before, _timed(inputs * noise, latency_p50=0.003))
    assert change.time.low < 1.5 < change.time.high
    assert change.time.high - change.time.low < 0.1
    assert change.time.verdict is Verdict.WORSE
    wild = rng.lognormal(np.log(1.5), 1.5, 100)
    assert _change(before, _timed(inputs * wild, latency_p50=0.003)).time.verdict is Verdict.SAME


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (
            replace(planted.result(), machine={**planted.MACHINE, "cpu": "Other"}),
            "another machine, device or number of threads",
        ),
        (planted.result(about={"threads": 1}), "another machine, device or number of threads"),
        (
            replace(planted.result(), machine={**planted.MACHINE, "load_average": 9.0}),
            "a machine was busy with something else",
        ),
    ],
)
def test_times_of_other_conditions_are_not_compared_but_scores_are(
    after: Result, reason: str
) -> None:
    slow = replace(after, timing=replace(after.timing, latency_p50=1.0))
    found = changes([planted.result()], [slow])
    assert found.both[0].verdicts == (Verdict.SAME, Verdict.NOT_COMPARABLE)
    assert not found.worse
    assert dict(sentences(found))["Not comparable"] == [f"The times of 1 result: {reason}."]


def test_what_only_one_folder_has_is_named() -> None:
    shared, old, new = (planted.result(f"toys/{name}") for name in ("shared", "old", "new"))
    found = changes([shared, old], [shared, new])
    assert [one.subject.model for one in found.removed] == ["toys/old"]
    assert [one.subject.model for one in found.added] == ["toys/new"]
    told = dict(sentences(found))
    assert told["Removed"] == ["toys/old on Tiny digits test, 100 images."]
    assert told["Added"] == ["toys/new on Tiny digits test, 100 images."]
    payload = to_json(found)
    assert [one["model"] for one in payload["removed"]] == ["toys/old"]
    assert [one["model"] for one in payload["added"]] == ["toys/new"]


def test_options_and_limits_are_other_measurements() -> None:
    with pytest.raises(ResultsError, match="The two folders have no result in common"):
        changes([planted.result()], [planted.result(about={"options": {"depth": 2}})])
    with pytest.raises(ResultsError, match="no result in common"):
        changes([planted.result()], [planted.result(about={"limit": 100})])


def test_sentences_tell_both_scores_and_the_test() -> None:
    after = replace(_timed(latency_p50=0.01), **_scored(BAD))
    found = changes([planted.result(right=GOOD)], [after])
    assert dict(sentences(found))["Worse beyond noise"] == [
        "toys/written on Tiny digits test, 100 images: accuracy was 95.00 % (88.82 to 97.85) and "
        "is 70.00 % (60.42 to 78.11): -25.00 points (-35.01 to -14.01; exact McNemar, p < 0.001).",
        "toys/written on Tiny digits test, 100 images: a prediction took 2.00 ms and takes "
        "10.0 ms, 5.00 times as long.",
    ]


def _scored(right: list[bool]) -> dict[str, Any]:
    one = planted.result(right=right)
    return {"records": one.records, "scores": one.scores}
