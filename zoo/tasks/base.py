"""What a task is, and what the tasks' metrics have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.metrics import Metric, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One job that several models do.

    name: the Hub's pipeline tag where one exists.
    unit: what one input is called.
    sample: an input as a person would type it, for examples in cards.
    text: whether text is an input itself; else it is the path of a file.
    fingerprint: a digest of one input's content, the same for every encoding of it; of a text,
        of what is written.
    record: what a benchmark keeps of one prediction and its target: JSON-able values, from
        which every metric can be computed, now or later.
    metrics: the first is the primary one.
    duration: the record, if any, that is how many seconds of sound the input is.
    """

    name: str
    unit: str
    sample: str
    fingerprint: Callable[[Any], bytes]
    record: Callable[[Any, str], dict[str, Any]]
    metrics: tuple[Metric, ...]
    text: bool = False
    duration: str = ""

    @property
    def primary(self) -> Metric:
        return self.metrics[0]


def each(values: Any) -> Statistics:
    """[N, 2]: each example's value and a one for the count; `mean` is their score."""
    column = np.asarray(values, float)
    return np.stack((column, np.ones(len(column))), axis=1)


def mean(totals: Statistics) -> Statistics:
    score: Statistics = totals[..., 0] / totals[..., 1]
    return score
