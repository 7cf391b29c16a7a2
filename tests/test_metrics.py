"""Scores and intervals against published figures, hand computation and simulation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from zoo.metrics import Metric, compare, mcnemar, paired_proportions, score, wilson
from zoo.tasks import task

ACCURACY, LOG_LOSS, CALIBRATION = task("image-classification").metrics

MEAN = Metric(
    name="mean",
    description="mean of x",
    higher_is_better=True,
    statistics=lambda records: np.stack(
        (np.asarray(records["x"], float), np.ones(len(records["x"]))), axis=1
    ),
    score=lambda totals: totals[..., 0] / totals[..., 1],
)


def answers(right: Any) -> dict[str, list[str]]:
    return {"label": ["a" if one else "b" for one in right], "target": ["a"] * len(right)}


# --- proportions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        # Newcombe, Two-sided confidence intervals for the single proportion, 1998, Table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(successes: int, count: int, low: float, high: float) -> None:
    assert wilson(successes, count) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("count", [1, 3, 7, 100, 5000, 123_457])
def test_wilson_at_its_ends(count: int) -> None:
    low, high = wilson(0, count)
    z2 = norm.ppf(0.975) ** 2
    assert low == 0.0
    assert high == pytest.approx(z2 / (count + z2))
    assert wilson(count, count) == (pytest.approx(1 - high), 1.0)


def test_wilson_is_scipys() -> None:
    for successes, count in ((1, 2), (7, 11), (4987, 5000), (250, 500)):
        expected = binomtest(successes, count).proportion_ci(method="wilson")
        assert wilson(successes, count) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_wilson_knows_nothing_of_no_examples() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


# --- paired proportions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (1, 0, 1.0),
        (0, 6, 2 / 2**6),
        (8, 1, 2 * (1 + 9) / 2**9),
        (2, 10, 2 * (1 + 12 + 66) / 2**12),
    ],
)
def test_mcnemar_by_hand(only_first: int, only_second: int, p_value: float) -> None:
    assert mcnemar(only_first, only_second) == pytest.approx(p_value)
    assert mcnemar(only_second, only_first) == pytest.approx(p_value)


def test_mcnemar_is_the_doubled_binomial_tail() -> None:
    for first, second in ((30, 50), (3, 17), (200, 260)):
        n, least = first + second, min(first, second)
        tail = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
        assert mcnemar(first, second) == pytest.approx(2 * tail)


def test_agresti_min_by_hand() -> None:
    # b = 9.5, c = 3.5, n = 102: (6 -+ 1.96 sqrt(13 - 36/102)) / 102.
    root = math.sqrt(13 - 36 / 102)
    expected = ((6 - 1.959964 * root) / 102, (6 + 1.959964 * root) / 102)
    assert paired_proportions(9, 3, 100) == pytest.approx(expected, abs=1e-9)
    low, high = paired_proportions(3, 9, 100)
    assert (-high, -low) == pytest.approx(expected, abs=1e-9)


def test_agresti_min_never_leaves_the_possible() -> None:
    assert paired_proportions(0, 0, 0) == (-1.0, 1.0)
    assert paired_proportions(1, 0, 1)[1] == 1.0
    assert paired_proportions(0, 1, 1)[0] == -1.0
    low, high = paired_proportions(0, 0, 1000)
    assert low == pytest.approx(-high)
    assert 0 < high < 0.005


@pytest.mark.parametrize(
    ("count", "p_first", "p_second"), [(40, 0.2, 0.1), (200, 0.05, 0.05), (1000, 0.03, 0.01)]
)
def test_agresti_min_covers_the_truth_95_times_in_100(
    count: int, p_first: float, p_second: float
) -> None:
    cells = [p_first, p_second, 1 - p_first - p_second]
    draws = np.random.default_rng(1).multinomial(count, cells, size=4000)
    truth = p_first - p_second
    bounds = [paired_proportions(int(b), int(c), count) for b, c, _ in draws]
    covered = np.mean([low <= truth <= high for low, high in bounds])
    # The standard error of the share itself is 0.35 %.
    assert 0.94 <= covered <= 0.97


# --- scores ---------------------------------------------------------------------------------------


def test_accuracy_is_a_share_with_wilsons_interval() -> None:
    got = score(ACCURACY, answers([True] * 81 + [False] * 182))
    assert got.value == 81 / 263
    assert (got.low, got.high) == wilson(81, 263)
    assert got.count == 263


def test_the_bootstrap_of_a_mean_agrees_with_the_normal_interval() -> None:
    x = np.random.default_rng(2).exponential(3.0, 800)
    got = score(MEAN, {"x": x.tolist()})
    half_width = 1.96 * x.std(ddof=1) / math.sqrt(len(x))
    assert got.value == pytest.approx(x.mean())
    assert got.low == pytest.approx(x.mean() - half_width, abs=0.1 * half_width)
    assert got.high == pytest.approx(x.mean() + half_width, abs=0.1 * half_width)


def test_the_same_seed_gives_the_same_interval() -> None:
    x = {"x": np.random.default_rng(3).normal(size=50).tolist()}
    assert score(MEAN, x, seed=5) == score(MEAN, x, seed=5)
    assert score(MEAN, x, seed=5) != score(MEAN, x, seed=6)


def test_a_single_example_has_no_spread() -> None:
    got = score(MEAN, {"x": [4.0]})
    assert (got.value, got.low, got.high, got.count) == (4.0, 4.0, 4.0, 1)


def test_log_loss_by_hand() -> None:
    got = score(LOG_LOSS, {"target_probability": [1.0, 0.5, 0.25]})
    assert got.value == pytest.approx(math.log(8) / 3)
    # Certain and wrong costs a bounded price: -ln 1e-7.
    assert score(LOG_LOSS, {"target_probability": [0.0]}).value == pytest.approx(16.118, abs=1e-3)


def test_calibration_error_by_hand() -> None:
    confidence = [0.95, 0.95, 0.95, 0.95, 0.65, 0.65, 1.0]
    right = [True, True, True, False, True, False, True]
    # The top bin holds 0.95 four times and 1.0: |4.8 - 4|; that of 0.6..0.7: |1.3 - 1|.
    got = score(CALIBRATION, {**answers(right), "confidence": confidence})
    assert got.value == pytest.approx((0.8 + 0.3) / 7)


def test_calibration_error_is_zero_if_confidence_is_true() -> None:
    records = {**answers([True, True, True, False] * 25), "confidence": [0.75] * 100}
    assert score(CALIBRATION, records).value == pytest.approx(0)


def test_the_interval_of_a_calibration_error_is_round_it() -> None:
    # Every resample looks worse calibrated than the sample: the bias is taken off.
    for seed in range(3):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.1, 1, 2000)
        right = rng.random(2000) < confidence
        got = score(CALIBRATION, {**answers(right), "confidence": confidence.tolist()})
        assert 0 <= got.low < got.value < got.high <= 1


def test_no_records_have_no_score() -> None:
    empty = {"label": [], "target": [], "confidence": [], "target_probability": []}
    for metric in (ACCURACY, LOG_LOSS, CALIBRATION):
        with pytest.raises(ValueError, match="no records"):
            score(metric, empty)
        with pytest.raises(ValueError, match="no records"):
            compare(metric, empty, empty)


# --- comparisons ----------------------------------------------------------------------------------


def _two_models(seed: int, count: int = 400) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(seed)
    difficulty = rng.random(count)
    models = []
    for skill in (0.9, 0.8):
        right = rng.random(count) < skill - 0.3 * difficulty
        confidence = rng.uniform(0.4, 1, count)
        models.append(
            {
                **answers(right),
                "confidence": confidence.tolist(),
                "target_probability": np.where(right, confidence, 1 - confidence).tolist(),
            }
        )
    return models[0], models[1]


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS, CALIBRATION], ids=lambda m: m.name)
def test_a_comparison_is_mirrored_when_its_sides_are_swapped(metric: Metric) -> None:
    first, second = _two_models(0)
    there, back = compare(metric, first, second), compare(metric, second, first)
    assert back.difference == pytest.approx(-there.difference)
    assert (-back.high, -back.low) == pytest.approx((there.low, there.high))
    assert back.p_value == pytest.approx(there.p_value)
    assert there.low < there.difference < there.high


@pytest.mark.parametrize("metric", [ACCURACY, LOG_LOSS, CALIBRATION], ids=lambda m: m.name)
def test_a_model_does_not_differ_from_itself(metric: Metric) -> None:
    first, _ = _two_models(1)
    got = compare(metric, first, first)
    assert got.difference == 0
    assert got.low <= 0 <= got.high
    assert got.p_value == 1.0
    assert not got.significant


def test_accuracies_are_compared_by_mcnemar() -> None:
    first = [True] * 90 + [True] * 8 + [False] * 1 + [False] * 1
    second = [True] * 90 + [False] * 8 + [True] * 1 + [False] * 1
    got = compare(ACCURACY, answers(first), answers(second))
    assert got.difference == pytest.approx(0.07)
    assert got.p_value == pytest.approx(2 * (1 + 9) / 2**9)
    assert (got.low, got.high) == paired_proportions(8, 1, 100)
    assert (got.test, got.count) == ("exact McNemar", 100)
    assert got.significant


def test_pairing_finds_what_two_separate_intervals_hide() -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(0, 10, 300)  # examples differ far more than the models do
    first = {"x": (base + 0.3 + rng.normal(0, 0.5, 300)).tolist()}
    second = {"x": base.tolist()}
    apart = [score(MEAN, one) for one in (first, second)]
    assert apart[0].low < apart[1].high
    together = compare(MEAN, first, second)
    assert together.test == "paired bootstrap"
    assert together.significant
    assert together.low == pytest.approx(
        together.difference - 1.96 * 0.5 / math.sqrt(300), abs=0.02
    )


def test_the_smallest_p_value_is_what_the_draws_can_show() -> None:
    got = compare(MEAN, {"x": [1.0, 1.1] * 50}, {"x": [0.0, 0.1] * 50})
    assert got.p_value == pytest.approx(2 / 2001)


def test_equal_models_differ_significantly_once_in_twenty() -> None:
    rng = np.random.default_rng(5)
    found = 0
    for seed in range(60):
        x = rng.normal(size=(2, 60))
        found += compare(MEAN, {"x": x[0]}, {"x": x[1]}, seed=seed).significant
    assert 1 <= found <= 8


def test_records_of_different_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="not of the same examples: 2 against 3"):
        compare(ACCURACY, answers([True] * 2), answers([True] * 3))
