"""What a task is, and what the tasks' metrics have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.exhibits import Exhibit
from zoo.metrics import Metric, Records, Statistics

Record = Callable[[Any, Any], dict[str, Any]]  # of a prediction and its target
Row = Mapping[str, Any]  # what a benchmark recorded of one example


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures to be shown in rows and columns.

    text: what a reader has to know of them.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How an example, and what models made of it, are shown to people.

    input: of one input.
    target, answer: of what was recorded, and of the input, or None where that is not here.
    mistakes: each thing that is wrong with an answer, in words that alike mistakes share; empty
        where the answer is right, or where mistakes have no names.
    judge: how good single answers are, from statistics of the primary metric, [N, S] -> [N], where
        that metric itself cannot tell of one answer; greater is better as it is for the metric.
    """

    input: Callable[[Any], Exhibit]
    target: Callable[[Row, Any], Exhibit]
    answer: Callable[[Row, Any], Exhibit]
    mistakes: Callable[[Row], Sequence[str]] = lambda row: ()
    judge: Callable[[Statistics], Statistics] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One job that several models do.

    name: the Hub's pipeline tag where one exists.
    pipeline_tag: the Hub's tag under which its models are found, where the name is none.
    unit: what one input is called.
    sample: an input as a person would type it, for examples in cards.
    text: whether text is an input itself; else it is the path of a file.
    fingerprint: a digest of one input's content, the same for every encoding of it; of a text,
        of what is written.
    record: what a benchmark keeps of one prediction and its target: JSON-able values, from
        which every metric can be computed, now or later.
    display: how examples and answers look.
    metrics: the first is the primary one.
    duration: the record, if any, that is how many seconds of sound the input or the answer is.
    failures: where the records show a model to fail, as tables; a job can do without.
    risks: what can go wrong where people rely on such a model.
    recorder: makes `record` anew, where that depends on the inputs of all examples.
    first: makes the first part of an answer, and no more; None of a model that makes no parts.
    """

    name: str
    unit: str
    sample: str
    fingerprint: Callable[[Any], bytes]
    record: Record
    display: Display
    metrics: tuple[Metric, ...]
    text: bool = False
    duration: str = ""
    pipeline_tag: str = ""
    failures: Callable[[Records], tuple[Table, ...]] | None = None
    risks: str = ""
    recorder: Callable[[Sequence[Any]], Record] | None = None
    first: Callable[[Any, Any, Mapping[str, Any]], object] | None = None

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


def errors(
    count: str, form: Callable[[str], str], text: str = "text"
) -> Callable[[Records], Statistics]:
    """Statistics of an error rate, [N, 2]: errors, and units of the reference.

    count: the function of jiwer that aligns two texts in those units. text: the record that is
    compared with the record `target`.
    """

    def statistics(records: Records) -> Statistics:
        import jiwer

        align = getattr(jiwer, count)
        counts = []
        for target, found in zip(records["target"], records[text], strict=True):
            told = align(form(target), form(found))
            wrong = told.substitutions + told.deletions
            counts.append((wrong + told.insertions, wrong + told.hits))
        return np.array(counts, float).reshape(-1, 2)

    return statistics


def rate(totals: Statistics) -> Statistics:
    """Errors over units of the reference."""
    # Where nothing was said, every word heard is an error of its own.
    share: Statistics = totals[..., 0] / np.maximum(totals[..., 1], 1)
    return share
