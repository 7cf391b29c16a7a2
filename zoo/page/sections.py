"""What a page says: a section for each pair, from results and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from zoo.metrics import Comparison, Metric
from zoo.page.examples import Outcome, Shown, mistakes, outcomes, shown
from zoo.page.plots import Advantage, advantages, scores_against_times, times
from zoo.report import (
    bytes_text,
    clock,
    data_text,
    difference_text,
    latency_text,
    medians,
    number_text,
    ordered,
    pair_sentence,
    score_text,
    seconds_text,
    three_digits,
    throughput_text,
    winner,
)
from zoo.results import Pair, Result, same_examples
from zoo.tasks import task


@dataclass(frozen=True, slots=True)
class Row:
    """One result as a line of a table. scores: of every metric, the primary one first."""

    title: str
    generation: str
    scores: tuple[str, ...]
    latency: str
    throughput: str
    memory: str
    weights: str
    load: str


@dataclass(frozen=True, slots=True)
class Section:
    """A 2.0 model beside the 1.0 model that it replaces, on one data set.

    pairs: the model with its defaults first, then its variants; `lead` is the first of them.
    rows: every model measured on the same examples, numbered from 1 in the plots.
    missing: why inputs are not shown; empty if they are.
    """

    anchor: str
    pairs: tuple[Pair, ...]
    sentences: tuple[str, ...]
    differences: tuple[str, ...]
    rows: tuple[Row, ...]
    against_time: str
    times: str
    outcomes: tuple[Outcome, ...]
    examples: tuple[Shown, ...]
    missing: str
    mistakes: tuple[tuple[Result, tuple[tuple[str, int], ...]], ...]

    @property
    def lead(self) -> Pair:
        return self.pairs[0]

    @property
    def data(self) -> str:
        return data_text(self.lead.learned)

    @property
    def metric(self) -> Metric:
        return task(self.lead.learned.task).primary

    @property
    def clocked(self) -> bool:
        """Whether the times of the two were taken under the same conditions."""
        return clock(self.lead.learned) == clock(self.lead.written)

    @property
    def winner(self) -> str:
        """The generation that scores better, or nothing."""
        better = winner(self.lead)
        return better.generation if better else ""

    @property
    def advantage(self) -> str:
        """By how much 2.0 is better, with its interval: below 0 if it is worse."""
        return _advantage_text(self.metric, self.lead.comparisons[self.metric.name])

    @property
    def costs(self) -> tuple[str, str, str]:
        """Time and memory of the 2.0 model as multiples of the 1.0 model's; weights of both."""
        learned, written = self.lead.learned, self.lead.written
        return (
            _multiple(*medians(learned, written)[:2]) if self.clocked else "not comparable",
            _multiple(learned.peak_memory_bytes, written.peak_memory_bytes),
            f"{bytes_text(learned.weights_bytes)} / {bytes_text(written.weights_bytes)}",
        )


@dataclass(frozen=True, slots=True)
class Job:
    """All pairs that do one task."""

    task: str
    anchor: str
    sections: tuple[Section, ...]
    plot: str

    @property
    def title(self) -> str:
        return self.task.replace("-", " ").capitalize()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return task(self.task).metrics

    @property
    def verdict(self) -> str:
        """How often which generation won, and at what cost in time, as sentences."""
        times = (
            medians(section.lead.learned, section.lead.written)
            for section in self.sections
            if section.clocked
        )
        ratios = sorted(learned / written for learned, written, _ in times)
        if not ratios:
            return tally(self.sections)
        low, high = (three_digits(ratio) for ratio in (ratios[0], ratios[-1]))
        span = low if low == high else f"{low} to {high}"
        return f"{tally(self.sections)} A prediction of 2.0 takes {span} times as long."


def tally(sections: Sequence[Section]) -> str:
    """As: Of 6 comparisons: Software 2.0 wins 3, Software 1.0 wins 1, 2 undecided."""
    winners = [section.winner for section in sections]
    sides = [side for side in ("2.0", "1.0", "") if side in winners]
    if len(sides) == 1:
        (side,) = sides
        whole = f"all {len(sections)} comparisons" if len(sections) > 1 else "the only comparison"
        return f"Software {side} wins {whole}." if side else f"Undecided: {whole}."
    parts = [
        f"Software {side} wins {winners.count(side)}"
        if side
        else f"{winners.count(side)} undecided"
        for side in sides
    ]
    return f"Of {len(sections)} comparisons: {', '.join(parts)}."


def jobs(results: Sequence[Result], pairs: Sequence[Pair]) -> list[Job]:
    """The pairs by task; within one, a section for each 2.0 model on each data set."""
    groups: list[list[Pair]] = []
    for pair in pairs:
        for group in groups:
            if _alike(group[0], pair):
                group.append(pair)
                break
        else:
            groups.append([pair])
    found = []
    for name, of_task in groupby(groups, key=lambda group: group[0].learned.task):
        sections = tuple(_section(group, results) for group in of_task)
        found.append(Job(name, f"job-{_slug(name)}", sections, _plot(name, sections)))
    return found


def _alike(a: Pair, b: Pair) -> bool:
    def models(pair: Pair) -> tuple[str, str]:
        return pair.learned.subject.model, pair.written.subject.model

    return models(a) == models(b) and same_examples(a.learned, b.learned)


def _section(group: Sequence[Pair], results: Sequence[Result]) -> Section:
    lead = group[0]
    metric = task(lead.learned.task).primary
    anchor = _slug(str(lead.learned.subject.path().with_suffix("")))
    beside = [one for one in ordered(results) if same_examples(one, lead.learned)]
    found = outcomes(lead)
    examples, missing = shown(lead, found)
    made = ((one, tuple(mistakes(one))) for one in (lead.learned, lead.written))
    return Section(
        anchor=anchor,
        pairs=tuple(group),
        sentences=tuple(map(pair_sentence, group)),
        differences=tuple(difference_text(metric, pair.comparisons[metric.name]) for pair in group),
        rows=tuple(map(row, beside)),
        against_time=scores_against_times(f"{anchor}-scores", metric, beside),
        times=times(f"{anchor}-times", beside),
        outcomes=tuple(found),
        examples=tuple(examples),
        missing=missing,
        mistakes=tuple((one, counted) for one, counted in made if counted),
    )


def row(result: Result) -> Row:
    """A result as text."""
    return Row(
        title=result.subject.title,
        generation=result.generation,
        scores=tuple(
            score_text(metric, result.scores[metric.name]) for metric in task(result.task).metrics
        ),
        latency=latency_text(result.timing),
        throughput=throughput_text(result),
        memory=bytes_text(result.peak_memory_bytes),
        weights=bytes_text(result.weights_bytes),
        load=seconds_text(result.timing.load_seconds),
    )


def _plot(name: str, sections: Sequence[Section]) -> str:
    metric = task(name).primary
    rows = []
    for section in sections:
        low, value, high = _advantage(metric, section.lead.comparisons[metric.name])
        subject = section.lead.learned.subject
        label = section.data.rpartition(f" {subject.split}")[0] or section.data
        rows.append(Advantage(label, value, low, high, section.winner))
    return advantages(f"advantages-{_slug(name)}", metric, rows)


def _advantage(metric: Metric, comparison: Comparison) -> tuple[float, float, float]:
    """Low end, value and high end of how much better the first model is."""
    sign = 1 if metric.higher_is_better else -1
    low, high = sorted((sign * comparison.low, sign * comparison.high))
    return low, sign * comparison.difference, high


def _advantage_text(metric: Metric, comparison: Comparison) -> str:
    low, value, high = (number_text(metric, x, "+") for x in _advantage(metric, comparison))
    return f"{value} ({low} to {high})"


def _multiple(a: float, b: float) -> str:
    return f"{three_digits(a / b)} ×" if b else "not comparable"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
