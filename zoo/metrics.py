"""Scores with intervals, and the paired comparison of two models on the same examples.

A metric is a function of sums over examples: it turns each record into a few numbers
(its sufficient statistics), and their totals into the score. Accuracy, word error rate, BLEU and
mel-cepstral distortion all have this form, so one bootstrap serves them all.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Records = Mapping[str, Sequence[Any]]  # column name -> one value per example
Statistics = NDArray[np.float64]  # [N, S]: S sufficient statistics of each of N examples

RESAMPLES = 2000
_BLOCK = 100  # of them are summed at once, so that memory stays small
_Z95 = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One way to score a model on a task.

    statistics: records -> [N, S].
    score: totals [..., S] -> [...]; the totals are sums over examples.
    percent: whether the score is a share that is shown in percent.
    decimals: how many are shown.
    binary: whether each example is simply right or wrong, statistics being [N, 2] of (right, 1);
        then intervals and tests are the exact ones for proportions.
    hub_name: its identifier at https://huggingface.co/metrics, where it has one.
    """

    name: str
    description: str
    higher_is_better: bool
    statistics: Callable[[Records], Statistics]
    score: Callable[[Statistics], NDArray[np.float64]]
    percent: bool = False
    decimals: int = 4
    binary: bool = False
    hub_name: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A metric's value with its 95 % interval, on `count` examples."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better one model scores than another on the same examples.

    difference: the first model's score minus the second's, with its 95 % interval.
    p_value: of the hypothesis that they are equally good: exact McNemar for right-or-wrong
        metrics, else the paired bootstrap, two-sided.
    """

    difference: float
    low: float
    high: float
    p_value: float
    test: str
    count: int

    @property
    def significant(self) -> bool:
        """Whether chance is a poor explanation of the difference, at the 5 % level."""
        return self.p_value < 0.05


def score(metric: Metric, records: Records, *, seed: int = 0) -> Score:
    """The metric on all records, with a 95 % interval (Wilson 1927, or bootstrap percentiles).

    Raises ValueError if there are no records.
    """
    statistics = metric.statistics(records)
    count = len(statistics)
    if count == 0:
        raise ValueError("There are no records to score.")
    value = float(metric.score(statistics.sum(axis=0)))
    if metric.binary:
        low, high = wilson(int(statistics[:, 0].sum()), count)
    else:
        samples = metric.score(_resampled_totals(statistics, seed))
        # Resampling adds noise, which a metric of absolute values takes for error: without this
        # the interval of a calibration error can lie wholly above it.
        samples += value - samples.mean()
        low, high = (float(q) for q in np.quantile(samples, (0.025, 0.975)))
        if metric.percent:
            # An error rate can exceed 1; no other share can.
            low, high = max(0.0, low), min(max(1.0, value), high)
    return Score(value, low, high, count)


def compare(metric: Metric, first: Records, second: Records, *, seed: int = 0) -> Comparison:
    """Compare two models' records of the same examples in the same order."""
    a, b = metric.statistics(first), metric.statistics(second)
    if len(a) == len(b) and first.get("target") != second.get("target"):
        raise ValueError("The records are not of the same examples: their targets differ.")
    return compare_statistics(metric, a, b, seed=seed)


def compare_statistics(
    metric: Metric, a: Statistics, b: Statistics, *, seed: int = 0
) -> Comparison:
    """Compare two models' sufficient statistics, [N, S] each, of the same examples."""
    if len(a) != len(b):
        raise ValueError(f"The records are not of the same examples: {len(a)} against {len(b)}.")
    if len(a) == 0:
        raise ValueError("There are no records to compare.")
    difference = float(metric.score(a.sum(axis=0)) - metric.score(b.sum(axis=0)))
    if metric.binary:
        only_first = int(((a[:, 0] == 1) & (b[:, 0] == 0)).sum())
        only_second = int(((a[:, 0] == 0) & (b[:, 0] == 1)).sum())
        low, high = paired_proportions(only_first, only_second, len(a))
        return Comparison(
            difference, low, high, mcnemar(only_first, only_second), "exact McNemar", len(a)
        )
    # Both models are resampled by the same draws: that is what pairs them.
    both = np.concatenate((a, b), axis=1)
    totals = _resampled_totals(both, seed)
    split = a.shape[1]
    samples = metric.score(totals[:, :split]) - metric.score(totals[:, split:])
    low, high = (float(q) for q in np.quantile(samples, (0.025, 0.975)))
    # Add-one keeps p above 0: 2,000 draws cannot show more (Davison & Hinkley 1997, eq. 4.11).
    tail = min(int((samples <= 0).sum()), int((samples >= 0).sum())) + 1
    p_value = min(1.0, 2 * tail / (RESAMPLES + 1))
    return Comparison(difference, low, high, p_value, "paired bootstrap", len(a))


def wilson(successes: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson 1927); (0, 1) for no examples."""
    if count == 0:
        return 0.0, 1.0
    z2 = _Z95**2
    share = successes / count
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    spread = math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    half_width = _Z95 * spread / (1 + z2 / count)
    # At the ends the exact limit is 0 or 1, which rounding would miss by a hair.
    low = 0.0 if successes == 0 else max(0.0, centre - half_width)
    high = 1.0 if successes == count else min(1.0, centre + half_width)
    return low, high


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test (1947).

    only_first, only_second: examples that just one of the two models got right.
    """
    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    from scipy.special import bdtr  # a tenth of the time that scipy.stats takes to import

    # Even odds are symmetric, so both tails are alike; they overlap where the counts are equal.
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), discordant, 0.5)))


def paired_proportions(only_first: int, only_second: int, count: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two paired proportions (Agresti & Min 2005, §4.1).

    Half an example is added to each of the four cells, so that it is honest for small counts.
    """
    if count == 0:
        return -1.0, 1.0
    b, c, n = only_first + 0.5, only_second + 0.5, count + 2
    centre = (b - c) / n
    half_width = _Z95 * math.sqrt((b + c) - (b - c) ** 2 / n) / n
    return max(-1.0, centre - half_width), min(1.0, centre + half_width)


def _resampled_totals(statistics: Statistics, seed: int) -> Statistics:
    """Totals of `RESAMPLES` bootstrap samples: [RESAMPLES, S]."""
    draws = _draws(len(statistics), seed)
    blocks = (draws[start : start + _BLOCK] for start in range(0, RESAMPLES, _BLOCK))
    return np.concatenate([block.astype(np.float64) @ statistics for block in blocks])


@functools.lru_cache(maxsize=4)
def _draws(count: int, seed: int) -> NDArray[np.unsignedinteger[Any]]:
    """How often each bootstrap sample draws each example: [RESAMPLES, count].

    Kept, since all metrics of all models on a data set are resampled by the same draws.
    """
    rng = np.random.default_rng(seed)
    draws = np.empty((RESAMPLES, count), np.min_scalar_type(count))
    for sample in range(RESAMPLES):
        draws[sample] = np.bincount(rng.integers(0, count, count), minlength=count)
    return draws
