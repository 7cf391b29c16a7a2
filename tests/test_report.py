"""Tables and sentences: what is said of planted results, to the letter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests import planted
from zoo import metrics, tasks
from zoo.data import UNVERIFIED
from zoo.errors import ResultsError
from zoo.metrics import Comparison, Metric, Score
from zoo.report import (
    bytes_text,
    conditions,
    data_text,
    difference_text,
    latency_text,
    markdown_table,
    medians,
    ordered,
    p_text,
    pair_sentence,
    row,
    score_text,
    seconds_text,
    three_digits,
    throughput_text,
)
from zoo.results import Result, pairs
from zoo.tasks import task

BETTER, WORSE = planted.right_on(range(5, 100)), planted.right_on(range(70))
ACCURACY, LOSS, _ = task("image-classification").metrics


def _sentence(results: list[Result]) -> str:
    (pair,) = pairs(results)
    return pair_sentence(pair)


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1e-7, "0.000000100"),
        (0.01234, "0.0123"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (999.6, "1,000"),
        (60641.4, "60,641"),
        (1e9, "1,000,000,000"),
        (-2.5, "-2.50"),
    ],
)
def test_three_significant_digits_and_never_an_exponent(number: float, text: str) -> None:
    assert three_digits(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (1e-7, "0.100 µs"),
        (18.64e-6, "18.6 µs"),
        (0.99996e-3, "1.00 ms"),
        (0.0123, "12.3 ms"),
        (0.9996, "1.00 s"),
        (75.04, "75.0 s"),
        (1e9, "1,000,000,000 s"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (3 * 2**19, "1.50 MiB"),
        (311 * 2**20, "311 MiB"),
        (2**30, "1.00 GiB"),
        (10**15, "931,323 GiB"),
    ],
)
def test_bytes(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_latencies_share_the_unit_of_the_median() -> None:
    timing = replace(
        planted.result().timing, latency_p50=0.0012, latency_p95=0.00145, latency_p99=1.5
    )
    assert latency_text(timing) == "1.20 / 1.45 / 1,500 ms"
    streamed = replace(timing, first_p50=0.00031)
    assert latency_text(streamed) == "1.20 / 1.45 / 1,500 ms (first 310 µs)"


def test_throughput_is_in_answers_and_for_sound_in_real_time_too() -> None:
    images = planted.result()
    assert throughput_text(images) == "1,234/s"
    records = {
        "target": ["one", "two", "three"],
        "text": ["one", "two", "free"],
        "confidence": [0.9] * 3,
        "seconds": [1.0, 2.0, 9.0],  # 4 s each, so that 12.5 of them a second are 50 s of sound
    }
    sounds = replace(
        images,
        task="automatic-speech-recognition",
        count=3,
        records=records,
        timing=replace(images.timing, per_second=12.5),
    )
    assert throughput_text(sounds) == "12.5/s (real time x 0.0200)"
    slow = replace(sounds, timing=replace(images.timing, per_second=0.1))
    assert throughput_text(slow) == "0.100/s (real time x 2.50)"


def test_p_is_never_said_to_be_nothing() -> None:
    assert [p_text(p) for p in (0.0, 0.00099, 0.001, 0.04567, 1.0)] == [
        "p < 0.001",
        "p < 0.001",
        "p = 0.001",
        "p = 0.046",
        "p = 1.000",
    ]


def test_scores_and_differences_in_percent_and_in_the_metrics_own_unit() -> None:
    assert score_text(ACCURACY, Score(0.9897, 0.98754, 0.99146, 10_000)) == (
        "98.97 % (98.75 to 99.15)"
    )
    assert score_text(LOSS, Score(0.05234, 0.05, 1234.5, 10_000)) == "0.0523 (0.0500 to 1,234.5000)"
    comparison = Comparison(0.0068, -0.00001, 0.0091, 0.0004, "exact McNemar", 10_000)
    assert difference_text(ACCURACY, comparison) == (
        "+0.68 points (0.00 to +0.91; exact McNemar, p < 0.001)"
    )
    assert difference_text(LOSS, comparison) == (
        "+0.0068 (0.0000 to +0.0091; exact McNemar, p < 0.001)"
    )


# --- what was measured ---------------------------------------------------------------------------


def test_the_data_are_named_with_split_part_and_count() -> None:
    assert data_text(planted.result()) == "Tiny digits test, 100 images"
    first = planted.result(about={"limit": 1}, right=[True])
    assert data_text(first) == "Tiny digits test, first 1 image"
    doubtful = planted.result(data_title=f"Tiny digits, {UNVERIFIED}")
    assert data_text(doubtful) == "Tiny digits test (unverified content), 100 images"


def test_conditions_are_said_once_each() -> None:
    one, other = planted.pair(BETTER, WORSE)
    same = "Test CPU, 2 cores, 2 threads, 8.00 GiB memory, Python 3.11.7, torch 2.6.0, zoo 0.1.0"
    assert conditions([one, other]) == same
    alone = replace(other, subject=replace(other.subject, threads=1))
    assert conditions([one, alone]) == f"{same}; {same.replace('2 threads', '1 thread')}"
    fast = replace(other, machine={**planted.MACHINE, "accelerator": "Big GPU"})
    assert "2 cores, Big GPU, 2 threads" in conditions([fast])


def test_written_comes_before_learned_within_each_data_set() -> None:
    results = [
        planted.result("toys/b", baseline="toys/z"),
        planted.result("toys/z"),
        planted.result("toys/a", about={"limit": 100}),
        planted.result("arts/q"),
    ]
    assert [one.subject.model for one in ordered(results)] == [
        "arts/q",
        "toys/a",
        "toys/z",
        "toys/b",
    ]


def test_the_defaults_come_first_and_then_the_options_by_size() -> None:
    options = [{"depth": 10}, {"mode": "quick"}, {}, {"depth": 9}, {"depth": 9, "mode": "quick"}]
    results = [planted.result(about={"options": one}) for one in options]
    assert [one.subject.options for one in ordered(results)] == [
        {},
        {"depth": 9},
        {"depth": 9, "mode": "quick"},
        {"depth": 10},
        {"mode": "quick"},
    ]
    assert "| toys/written (depth=10) |" in markdown_table(results)


# --- sentences -----------------------------------------------------------------------------------


def test_the_learned_model_wins() -> None:
    assert _sentence(planted.pair(BETTER, WORSE, latencies=(0.002, 0.001))) == (
        "On Tiny digits test, 100 images, toys/learned (2.0) beats toys/written (1.0) by "
        "25.00 points of accuracy (14.01 to 35.01; exact McNemar, p < 0.001); "
        "toys/learned takes 2.00 ms a prediction against 1.00 ms, 2.00 times as long."
    )


def test_the_written_model_wins_in_the_same_words() -> None:
    learned_wins = _sentence(planted.pair(BETTER, WORSE))
    written_wins = _sentence(planted.pair(WORSE, BETTER))
    assert "toys/written (1.0) beats toys/learned (2.0) by 25.00 points" in written_wins
    swapped = (
        learned_wins.replace("toys/learned (2.0)", "?")
        .replace("toys/written (1.0)", "toys/learned (2.0)")
        .replace("?", "toys/written (1.0)")
    )
    assert written_wins == swapped


def test_two_that_cannot_be_told_apart() -> None:
    close = planted.right_on(range(1, 72))
    assert _sentence(planted.pair(close, WORSE)) == (
        "On Tiny digits test, 100 images, toys/learned and toys/written cannot be told apart by "
        "accuracy: +1.00 points (-2.86 to +4.82; exact McNemar, p = 1.000); "
        "both take about 1.00 ms a prediction."
    )


def test_a_slow_program_is_compared_on_the_examples_that_it_was_timed_on() -> None:
    learned, written = planted.pair(BETTER, WORSE, latencies=(5.0, 0.001))
    learned = replace(
        learned,
        latencies=[2.0, 4.0, 12.0],
        timing=replace(learned.timing, latency_p50=4.0, latency_count=3),
    )
    written = replace(
        written,
        latencies=[0.2, 0.1, 0.3, *[0.001] * 7],
        timing=replace(written.timing, latency_count=10),
    )
    assert _sentence([learned, written]).endswith(
        "; of the first 3, toys/learned takes 4.00 s a prediction against 200 ms, 20.0 times as "
        "long."
    )
    assert _sentence(
        [
            replace(one, latencies=other.latencies, timing=other.timing)
            for one, other in ((learned, written), (written, learned))
        ]
    ).endswith(
        "; of the first 3, toys/learned takes 200 ms a prediction against 4.00 s, 20.0 times as "
        "fast."
    )
    assert medians(written, learned) == (0.2, 4.0, 3)
    old = replace(written, latencies=[])  # as results were once
    assert medians(learned, old) == (4.0, old.timing.latency_p50, 0)


@pytest.mark.parametrize(
    ("latencies", "words"),
    [
        ((0.010, 0.001), "takes 10.0 ms a prediction against 1.00 ms, 10.0 times as long."),
        ((0.001, 0.010), "takes 1.00 ms a prediction against 10.0 ms, 10.0 times as fast."),
        ((0.00102, 0.001), "; both take about 1.02 ms a prediction."),
    ],
)
def test_the_cost_in_time(latencies: tuple[float, float], words: str) -> None:
    assert _sentence(planted.pair(BETTER, WORSE, latencies=latencies)).endswith(words)


@pytest.mark.parametrize("change", ["threads", "device", "cpu", "accelerator"])
def test_times_of_different_conditions_are_not_compared(change: str) -> None:
    learned, written = planted.pair(BETTER, WORSE, latencies=(0.002, 0.001))
    if change in ("cpu", "accelerator"):
        written = replace(written, machine={**written.machine, change: "Other"})
    else:
        value = {"threads": 1, "device": "cuda"}[change]
        written = replace(written, subject=replace(written.subject, **{change: value}))
    sentence = _sentence([learned, written])
    assert "beats" in sentence
    assert sentence.endswith(
        "; their times do not compare, for they were taken under different conditions."
    )


def test_options_are_named_in_parentheses() -> None:
    learned, written = planted.pair(BETTER, WORSE, latencies=(0.002, 0.001))
    quick = replace(learned.subject, options={"simulations": 50})
    sentence = _sentence([replace(learned, subject=quick), written])
    assert "toys/learned (2.0, simulations=50) beats toys/written (1.0) by 25.00" in sentence
    assert "toys/learned (simulations=50) takes 2.00 ms a prediction against 1.00 ms" in sentence
    same = replace(learned, subject=quick, records=written.records, scores=written.scores)
    assert (
        "toys/learned (simulations=50) and toys/written cannot be told apart by accuracy"
        in _sentence([same, written])
    )


def test_an_interval_that_goes_beyond_nothing_keeps_its_sign() -> None:
    # The exact test and the interval's approximation can disagree by a hair.
    (pair,) = pairs(planted.pair(WORSE, BETTER))
    comparison = Comparison(-0.02, -0.041, 0.001, 0.049, "exact McNemar", 100)
    sentence = pair_sentence(replace(pair, comparisons={"accuracy": comparison}))
    assert "toys/written (1.0) beats toys/learned (2.0) by 2.00 points" in sentence
    assert "(-0.10 to 4.10;" in sentence


def test_where_less_is_better_the_smaller_score_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = Metric(
        name="error-rate",
        description="errors an example",
        higher_is_better=False,
        statistics=lambda r: np.stack(
            (
                np.array([a != b for a, b in zip(r["label"], r["target"], strict=True)], float),
                np.ones(len(r["label"])),
            ),
            axis=1,
        ),
        score=lambda totals: totals[..., 0] / totals[..., 1],
    )
    images = tasks.TASKS["image-classification"]
    monkeypatch.setitem(
        tasks.TASKS, "spelling", replace(images, name="spelling", metrics=(errors,))
    )
    results = [
        replace(one, task="spelling", scores={"error-rate": metrics.score(errors, one.records)})
        for one in planted.pair(WORSE, BETTER)
    ]
    sentence = _sentence(results)
    assert "toys/written (1.0) beats toys/learned (2.0) by 0.2500 of error-rate (0." in sentence
    assert "(2.0) beats toys/written (1.0)" in _sentence(
        [
            replace(results[0], records=results[1].records),
            replace(results[1], records=results[0].records),
        ]
    )


# --- the page ------------------------------------------------------------------------------------

GOLDEN = """\
| Data | Model | Generation | Score (95 % interval) | Latency p50 / p95 / p99 | Throughput | Memory | Weights | Load |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| Tiny digits test, 100 images | toys/written | 1.0 | 70.00 % (60.42 to 78.11) | 1.00 / 1.50 / 10.0 ms | 1,234/s | 300 MiB | 1.50 MiB | 500 ms |
| Tiny digits test, 100 images | toys/learned | 2.0 | 95.00 % (88.82 to 97.85) | 2.00 / 3.00 / 20.0 ms | 1,234/s | 300 MiB | 1.50 MiB | 500 ms |

- On Tiny digits test, 100 images, toys/learned (2.0) beats toys/written (1.0) by 25.00 points of accuracy (14.01 to 35.01; exact McNemar, p < 0.001); toys/learned takes 2.00 ms a prediction against 1.00 ms, 2.00 times as long.

Measured on: Test CPU, 2 cores, 2 threads, 8.00 GiB memory, Python 3.11.7, torch 2.6.0, zoo 0.1.0."""  # noqa: E501


def test_the_markdown_table_to_the_letter_whatever_the_order() -> None:
    results = planted.pair(BETTER, WORSE, latencies=(0.002, 0.001))
    assert markdown_table(results) == GOLDEN
    assert markdown_table(results[::-1]) == GOLDEN


def test_a_bar_in_a_name_does_not_break_the_table() -> None:
    table = markdown_table([planted.result(data_title="this|that")])
    row = table.splitlines()[2]
    assert row.startswith(r"| this\|that test, 100 images |")


def test_no_results_make_no_table() -> None:
    with pytest.raises(ResultsError, match="There are no results"):
        markdown_table([])


def test_a_score_of_which_less_is_better_says_what_it_is() -> None:
    metric = task("automatic-speech-recognition").primary
    records = {"target": ["one two", "six"], "text": ["one", "six"], "seconds": [1.0, 1.0]}
    heard = replace(
        planted.result(),
        task="automatic-speech-recognition",
        count=2,
        records=records,
        scores={metric.name: metrics.score(metric, records)},
    )
    assert row(heard)[3].startswith("word-error-rate 33.33 % (")
    assert row(planted.result())[3].startswith("80.00 % (")
