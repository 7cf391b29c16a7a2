"""What changed between two folders of results, of two machines or two commits, beyond noise."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from zoo.errors import ResultsError
from zoo.metrics import Comparison, Metric, Score, compare
from zoo.report import (
    busy,
    clock,
    count_text,
    data_text,
    difference_text,
    medians,
    ordered,
    score_text,
    seconds_text,
    three_digits,
)
from zoo.results import Result, same_examples
from zoo.tasks import task

# How much longer or shorter the median time of the same predictions may take on the same machine
# from one run to the next: of five models in results/ that were measured twice within hours, with
# the same weights, one took 1.20 times as long. What is less than this is not told apart from it.
DRIFT = 1.25
_Z95 = 1.959963984540054


class Verdict(StrEnum):
    """What became of a figure."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"  # as far as noise lets it be seen
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A metric before and after, on the same examples where both recorded them.

    comparison: after minus before; None where only the intervals could be compared.
    """

    metric: Metric
    before: Score
    after: Score
    comparison: Comparison | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class TimeChange:
    """The median time of a prediction, after over before.

    low, high: 95 % interval of the ratio of the same examples' times, where both were kept; else
        the ratio itself. reason: why the two are not comparable, if they are not.
    """

    ratio: float
    low: float
    high: float
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One model on one data set, before and after.

    scores: of every metric, the primary one first; empty where `reason` says why they cannot be
        compared.
    """

    before: Result
    after: Result
    scores: tuple[ScoreChange, ...]
    time: TimeChange
    reason: str = ""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Of the primary score, which decides, and of the time."""
        score = self.scores[0].verdict if self.scores else Verdict.NOT_COMPARABLE
        return score, self.time.verdict


@dataclass(frozen=True, slots=True)
class Changes:
    """All that two folders of results have in common, and what only one of them has."""

    both: tuple[Change, ...]
    removed: tuple[Result, ...]
    added: tuple[Result, ...]

    @property
    def worse(self) -> bool:
        """Whether a primary score or a time is worse beyond noise."""
        return any(Verdict.WORSE in change.verdicts for change in self.both)


def changes(before: Sequence[Result], after: Sequence[Result]) -> Changes:
    """Compare two sets of results, model by model on each data set.

    Raises ResultsError if they have nothing in common.
    """
    old = {result.subject.path(): result for result in ordered(before)}
    new = {result.subject.path(): result for result in ordered(after)}
    both = tuple(_change(old[path], new[path]) for path in old if path in new)
    if not both:
        raise ResultsError(
            "The two folders have no result in common; compare runs of the same models and data."
        )
    return Changes(
        both,
        removed=tuple(result for path, result in old.items() if path not in new),
        added=tuple(result for path, result in new.items() if path not in old),
    )


def _change(before: Result, after: Result) -> Change:
    if before.task != after.task:
        reason = f"the task was {before.task} and is {after.task}"
    elif before.subject.content_sha256 != after.subject.content_sha256:
        reason = "the content of the data set is another"
    elif before.count != after.count:
        reason = f"there were {before.count:,} examples and now are {after.count:,}"
    else:
        scores = tuple(_score(metric, before, after) for metric in task(after.task).metrics)
        return Change(before, after, scores, _time(before, after))
    nothing = TimeChange(math.nan, math.nan, math.nan, Verdict.NOT_COMPARABLE, reason)
    return Change(before, after, (), nothing, reason)


def _score(metric: Metric, before: Result, after: Result) -> ScoreChange:
    old, new = before.scores[metric.name], after.scores[metric.name]
    comparison = None
    if same_examples(before, after):
        comparison = compare(metric, after.records, before.records, seed=after.seed)
        changed = comparison.significant
    else:
        changed = new.low > old.high or new.high < old.low
    rose = new.value > old.value
    verdict = Verdict.SAME
    if changed:
        verdict = Verdict.BETTER if rose is metric.higher_is_better else Verdict.WORSE
    return ScoreChange(metric, old, new, comparison, verdict)


def _time(before: Result, after: Result) -> TimeChange:
    new, old, _ = medians(after, before)
    ratio = new / old
    if clock(before) != clock(after):
        reason = "another machine, device or number of threads"
    elif busy(before) or busy(after):
        reason = "a machine was busy with something else"
    else:
        low, high = ratio, ratio
        shared = min(len(before.latencies), len(after.latencies))
        if shared and same_examples(before, after):
            low, high = _median_interval(
                np.asarray(after.latencies[:shared]) / np.asarray(before.latencies[:shared])
            )
        verdict = Verdict.SAME
        if low > DRIFT:
            verdict = Verdict.WORSE
        elif high < 1 / DRIFT:
            verdict = Verdict.BETTER
        return TimeChange(ratio, low, high, verdict)
    return TimeChange(ratio, ratio, ratio, Verdict.NOT_COMPARABLE, reason)


def _median_interval(values: Any) -> tuple[float, float]:
    """The 95 % interval of the median, whatever the distribution (order statistics)."""
    values = np.sort(values)
    half_width = _Z95 * math.sqrt(len(values)) / 2
    low = max(0, math.floor(len(values) / 2 - half_width))
    high = min(len(values) - 1, math.ceil(len(values) / 2 + half_width))
    return float(values[low]), float(values[high])


def sentences(found: Changes) -> list[tuple[str, list[str]]]:
    """Headings with their sentences: what is worse, better, not comparable, removed, added."""
    told: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    untimed: Counter[str] = Counter()
    for change in found.both:
        what = f"{change.after.subject.title} on {data_text(change.after)}"
        if change.reason:
            told[Verdict.NOT_COMPARABLE].append(f"{what}: {change.reason}.")
            continue
        told[change.scores[0].verdict].append(f"{what}: {_score_text(change.scores[0])}.")
        if change.time.reason:
            untimed[change.time.reason] += 1
        else:
            told[change.time.verdict].append(f"{what}: {_time_text(change)}.")
    told[Verdict.NOT_COMPARABLE] += [
        f"The times of {count_text(count, 'result')}: {reason}."
        for reason, count in untimed.items()
    ]
    same = len(told[Verdict.SAME])
    return [
        ("Worse beyond noise", told[Verdict.WORSE]),
        ("Better beyond noise", told[Verdict.BETTER]),
        ("Not comparable", told[Verdict.NOT_COMPARABLE]),
        ("Removed", [f"{one.subject.title} on {data_text(one)}." for one in found.removed]),
        ("Added", [f"{one.subject.title} on {data_text(one)}." for one in found.added]),
        (
            "Unchanged",
            [f"{same} of {2 * len(found.both)} scores and times differ by no more than noise."],
        ),
    ]


def _score_text(change: ScoreChange) -> str:
    metric = change.metric
    text = (
        f"{metric.name} was {score_text(metric, change.before)} and is "
        f"{score_text(metric, change.after)}"
    )
    if change.comparison is None:
        return f"{text}, compared by these intervals alone"
    return f"{text}: {difference_text(metric, change.comparison)}"


def _time_text(change: Change) -> str:
    new, old, count = medians(change.after, change.before)
    time = change.time
    text = f"of the first {count:,}, a prediction" if count else "a prediction"
    text += f" took {seconds_text(old)} and takes {seconds_text(new)}"
    text += f", {three_digits(time.ratio)} times as long"
    if time.low == time.high:
        return text
    return f"{text} (of the same examples {three_digits(time.low)} to {three_digits(time.high)})"


def to_json(found: Changes) -> dict[str, Any]:
    """The changes as JSON-able values, for scripts."""

    def named(result: Result) -> dict[str, Any]:
        subject = result.subject
        return {
            "model": subject.model,
            "options": dict(subject.options),
            "data": subject.data,
            "split": subject.split,
            "limit": subject.limit,
        }

    return {
        "worse": found.worse,
        "drift": DRIFT,
        "changes": [
            {
                **named(change.after),
                "verdict": change.verdicts[0],
                "reason": change.reason,
                "scores": [
                    {
                        "metric": one.metric.name,
                        "verdict": one.verdict,
                        "before": asdict(one.before),
                        "after": asdict(one.after),
                        "comparison": one.comparison and asdict(one.comparison),
                    }
                    for one in change.scores
                ],
                "time": None
                if change.reason
                else asdict(change.time)
                | {
                    "before": change.before.timing.latency_p50,
                    "after": change.after.timing.latency_p50,
                },
            }
            for change in found.both
        ],
        "removed": [named(one) for one in found.removed],
        "added": [named(one) for one in found.added],
    }
