"""Which examples a page shows, and their inputs, where the data set is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.audio import Audio
from zoo.data import Example, present_data_set
from zoo.errors import InputError, ResultsError
from zoo.exhibits import Exhibit, Sound, Text
from zoo.registry import data_set_info
from zoo.results import Pair, Result
from zoo.tasks import task
from zoo.worker import reason

_MISTAKES = 5
LEARNED, WRITTEN, ALIKE, FAILED, RIGHT = (
    "Software 2.0 does better",
    "Software 1.0 does better",
    "both do equally well",
    "both are wrong",
    "both are right",
)
_ONLY = {LEARNED: "only Software 2.0 is right", WRITTEN: "only Software 1.0 is right"}
_SHOWN = {LEARNED: 2, WRITTEN: 2, ALIKE: 1, FAILED: 1, RIGHT: 1}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pair did on some of its examples.

    positions: of these examples, from 0, sorted by how far apart the two models are.
    title: the kind in words that fit the metric.
    """

    kind: str
    positions: tuple[int, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One example. number: its place in the data set, from 1. input: None where it is not here."""

    number: int
    outcome: str
    input: Exhibit | None
    target: Exhibit
    learned: Exhibit
    written: Exhibit


def outcomes(pair: Pair) -> list[Outcome]:
    """The examples of a pair, by which of the two models did better on them."""
    job = task(pair.learned.task)
    metric = job.primary
    judge = job.display.judge or metric.score
    sign = 1 if metric.higher_is_better else -1
    learned, written = (sign * np.asarray(judge(one)) for one in pair.statistics)
    apart = learned - written
    alike = np.isclose(apart, 0)
    kinds = {LEARNED: ~alike & (apart > 0), WRITTEN: ~alike & (apart < 0)}
    if metric.binary:
        kinds |= {FAILED: alike & (learned < 1), RIGHT: alike & (learned >= 1)}
    else:
        kinds |= {ALIKE: alike}
    order = np.argsort(np.abs(apart), kind="stable")
    return [
        Outcome(
            kind,
            tuple(order[chosen[order]].tolist()),
            _ONLY.get(kind, kind) if metric.binary else kind,
        )
        for kind, chosen in kinds.items()
    ]


def typical(outcome: Outcome) -> list[int]:
    """A few positions of an outcome that lie evenly in it: neither its best nor its worst."""
    count, wanted = len(outcome.positions), min(_SHOWN[outcome.kind], len(outcome.positions))
    return [outcome.positions[(i + 1) * count // (wanted + 1)] for i in range(wanted)]


def shown(pair: Pair, found: Sequence[Outcome]) -> tuple[list[Shown], str]:
    """Typical examples of each outcome, and why their inputs are not shown; empty if they are."""
    chosen = {position: outcome for outcome in found for position in typical(outcome)}
    inputs, missing = _inputs(pair.learned, chosen)
    display = task(pair.learned.task).display
    examples = []
    for position, outcome in chosen.items():
        example, exhibit = inputs.get(position, (None, None))
        x = None if example is None else example.input
        learned, written = (_row(one, position) for one in (pair.learned, pair.written))
        examples.append(
            Shown(
                number=position + 1,
                outcome=outcome.title,
                input=exhibit,
                target=_recorded(example, display.target(learned, x)),
                learned=_answer(pair.learned, learned, x),
                written=_answer(pair.written, written, x),
            )
        )
    return examples, missing


def _answer(result: Result, row: Mapping[str, Any], x: Any) -> Exhibit:
    try:
        return task(result.task).display.answer(row, x)
    except InputError as error:
        raise ResultsError(
            f"What {result.subject.title} answered on {result.subject.data} cannot be shown, so "
            f"measure it again: {error}"
        ) from error


def _recorded(example: Example | None, told: Exhibit) -> Exhibit:
    """What is wanted: the recording itself, where it is one and is here, or what is told of it."""
    if example is None or not isinstance(example.target, Audio):
        return told
    note = f"“{told.text}” is {told.note}" if isinstance(told, Text) else ""
    return Sound(example.target.samples, example.target.rate, note)


def _row(result: Result, position: int) -> Mapping[str, Any]:
    return {name: column[position] for name, column in result.records.items()}


def _inputs(
    result: Result, positions: Collection[int]
) -> tuple[dict[int, tuple[Example, Exhibit]], str]:
    """Examples and how their inputs are shown, by position; or none, and the reason why."""
    subject, targets = result.subject, result.records.get("target")
    inputs: dict[int, tuple[Example, Exhibit]] = {}
    try:
        info = data_set_info(subject.data)
        data_set = present_data_set(info)
        if data_set is None:
            ways = "; or ".join(source.how_to_get() for source in info.sources)
            return {}, f"the data set {info.title} is not here (to get it: {ways})"
        rows = data_set.examples(subject.split, limit=max(positions, default=-1) + 1)
        for position, example in enumerate(rows):
            # Where a recording is wanted, the record tells of the text that is spoken in it.
            wanted = example.target if isinstance(example.target, str) else example.input
            if targets is not None and wanted != targets[position]:
                return {}, "the data here are not those that were measured"
            if position in positions:
                inputs[position] = example, data_set.exhibit(example.input)
    except Exception as error:  # the data of a third party can be wrong in any way
        return {}, reason(error).rstrip(".")
    if len(inputs) < len(positions):
        return {}, "the data here are fewer than those that were measured"
    return inputs, ""


def mistakes(result: Result) -> list[tuple[str, int]]:
    """The commonest mistakes of a model, and how often it made each."""
    name = task(result.task).display.mistakes
    counted = Counter(
        mistake for position in range(result.count) for mistake in name(_row(result, position))
    )
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MISTAKES]
