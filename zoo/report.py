"""Tables and plain sentences from results."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from zoo.data import UNVERIFIED
from zoo.errors import ResultsError
from zoo.metrics import Comparison, Metric, Score
from zoo.options import options_text, value_text
from zoo.results import Pair, Result, Timing, pairs
from zoo.tasks import task

COLUMNS = (
    "Data",
    "Model",
    "Generation",
    "Score (95 % interval)",
    "Latency p50 / p95 / p99",
    "Throughput",
    "Memory",
    "Weights",
    "Load",
)


def score_text(metric: Metric, score: Score) -> str:
    """A score with its interval, as 98.97 % (98.75 to 99.15)."""
    value, low, high = (number_text(metric, x) for x in (score.value, score.low, score.high))
    return f"{value}{' %' if metric.percent else ''} ({low} to {high})"


def named_score(result: Result) -> str:
    """The primary score, named if it would be taken for a share of right answers otherwise."""
    metric = task(result.task).primary
    text = score_text(metric, result.primary)
    share = metric.percent and metric.higher_is_better
    return text if share else f"{metric.name} {text}"


def difference_text(metric: Metric, comparison: Comparison) -> str:
    """A difference with its interval and test, as +0.68 points (+0.45 to +0.91; …, p < 0.001)."""
    value, low, high = (
        number_text(metric, x, "+")
        for x in (comparison.difference, comparison.low, comparison.high)
    )
    return (
        f"{value}{_points(metric)} ({low} to {high}; "
        f"{comparison.test}, {p_text(comparison.p_value)})"
    )


def number_text(metric: Metric, x: float, sign: str = "") -> str:
    """A score or difference as the metric's numbers are shown, without a unit."""
    text = format(
        x * 100 if metric.percent else x, f"{sign},.{2 if metric.percent else metric.decimals}f"
    )
    # What rounds to nothing has no sign.
    return text.lstrip("+-") if not text.strip("+-0.") else text


def _points(metric: Metric) -> str:
    return " points" if metric.percent else ""


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def seconds_text(seconds: float) -> str:
    """Three significant digits in the unit that fits."""
    unit, size = unit_of(seconds)
    return f"{three_digits(seconds / size)} {unit}"


def latency_text(timing: Timing) -> str:
    """The three percentiles in the unit of the first, as 1.20 / 1.45 / 12.0 ms.

    Where answers come in parts, also how long the first part takes.
    """
    unit, size = unit_of(timing.latency_p50)
    percentiles = (timing.latency_p50, timing.latency_p95, timing.latency_p99)
    text = f"{' / '.join(three_digits(x / size) for x in percentiles)} {unit}"
    return text if timing.first_p50 is None else f"{text} (first {seconds_text(timing.first_p50)})"


def throughput_text(result: Result) -> str:
    """Answers a second; of sound also the real-time factor, as 12.5/s (real time x 0.0160).

    The factor is how many seconds of computing one second of sound takes, in batches.
    """
    timing = result.timing
    rate = f"{three_digits(timing.per_second)}/s"
    duration = task(result.task).duration
    if not duration:
        return rate
    seconds = sum(result.records[duration]) / result.count
    return f"{rate} (real time x {three_digits(1 / timing.per_second / seconds)})"


def unit_of(seconds: float) -> tuple[str, float]:
    rounded = float(f"{seconds:.3g}")  # 0.9996 s is 1.00 s, not 1,000 ms
    return next(
        ((unit, size) for unit, size in (("s", 1.0), ("ms", 1e-3)) if rounded >= size),
        ("µs", 1e-6),
    )


def bytes_text(count: int) -> str:
    """Three significant digits in the binary unit that fits."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{three_digits(size)} {units[0]}"


def three_digits(x: float) -> str:
    """At least three significant digits, never an exponent: 0.000000100, 12.3, 60,641."""
    if x == 0:
        return "0"
    if abs(x) < 1000:
        x = float(f"{x:.3g}")  # 9.996 is 10.0, not 10.00
    return f"{x:,.{max(0, 2 - math.floor(math.log10(abs(x))))}f}"


def count_text(count: int, unit: str) -> str:
    """As 1 image, 10,000 images."""
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def data_text(result: Result) -> str:
    """What was measured on, as CIFAR-10 (JPEG q75) test, 10,000 images."""
    name = result.data_title.removesuffix(f", {UNVERIFIED}")
    doubt = "" if name == result.data_title else f" ({UNVERIFIED})"
    part = "first " if result.subject.limit is not None else ""
    number = count_text(result.count, task(result.task).unit)
    return f"{name} {result.subject.split}{doubt}, {part}{number}"


def row(result: Result) -> tuple[str, ...]:
    """One result as the cells of `COLUMNS`."""
    return (
        data_text(result),
        result.subject.title,
        result.generation,
        named_score(result),
        latency_text(result.timing),
        throughput_text(result),
        bytes_text(result.peak_memory_bytes),
        bytes_text(result.weights_bytes),
        seconds_text(result.timing.load_seconds),
    )


def ordered(results: Sequence[Result]) -> list[Result]:
    """By domain and data set; within one, 1.0 before 2.0, and a model's defaults first."""
    return sorted(
        results,
        key=lambda r: (
            r.subject.model.partition("/")[0],
            r.data_title,
            r.subject.split,
            r.count,
            r.subject.limit is None,
            r.generation,
            r.subject.model,
            _by_value(r.subject.options),
        ),
    )


def _by_value(options: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """How options are sorted: numbers by size, and before text."""
    return [
        (name, value if isinstance(value, int | float) else math.inf, value_text(value))
        for name, value in sorted(options.items())
    ]


def winner(pair: Pair) -> Result | None:
    """Whichever scores better by the primary metric, or None if chance explains the difference."""
    metric = task(pair.learned.task).primary
    comparison = pair.comparisons[metric.name]
    if not comparison.significant:
        return None
    learned_wins = (comparison.difference > 0) is metric.higher_is_better
    return pair.learned if learned_wins else pair.written


def margin_text(pair: Pair) -> str:
    """By how much the better one is better, as 15.05 points of accuracy (14.26 to 15.83; …)."""
    metric = task(pair.learned.task).primary
    comparison = pair.comparisons[metric.name]
    # The interval turns round with the sign.
    sign = 1 if comparison.difference > 0 else -1
    low, high = sorted((sign * comparison.low, sign * comparison.high))
    return (
        f"{number_text(metric, sign * comparison.difference)}{_points(metric)} of {metric.name} "
        f"({number_text(metric, low)} to {number_text(metric, high)}; "
        f"{comparison.test}, {p_text(comparison.p_value)})"
    )


def pair_sentence(pair: Pair) -> str:
    """Who is better, by how much, with what certainty, at what cost in time: one sentence.

    Says the same of either generation in the same words.
    """
    learned, written = pair.learned, pair.written
    metric = task(learned.task).primary
    better = winner(pair)
    if better is not None:
        worse = written if better is learned else learned
        verdict = (
            f"{better.subject.model} ({_kind(better)}) beats {worse.subject.model} "
            f"({_kind(worse)}) by {margin_text(pair)}"
        )
    else:
        verdict = (
            f"{learned.subject.title} and {written.subject.title} cannot be told apart by "
            f"{metric.name}: {difference_text(metric, pair.comparisons[metric.name])}"
        )
    return f"On {data_text(learned)}, {verdict}; {_cost_text(learned, written)}."


def _kind(result: Result) -> str:
    options = result.subject.options
    return f"{result.generation}, {options_text(options)}" if options else result.generation


def _cost_text(learned: Result, written: Result) -> str:
    if clock(learned) != clock(written):
        return "their times do not compare, for they were taken under different conditions"
    first, second, count = medians(learned, written)
    ratio = first / second
    name = learned.subject.title
    alone, other = seconds_text(first), seconds_text(second)
    of = f"of the first {count:,}, " if count else ""
    if 0.95 < ratio < 1.05:
        return f"{of}both take about {alone} a prediction"
    factor = three_digits(max(ratio, 1 / ratio))
    return f"{of}{name} takes {alone} a prediction against {other}, {factor} times " + (
        "as long" if ratio > 1 else "as fast"
    )


def medians(learned: Result, written: Result) -> tuple[float, float, int]:
    """The median times of single predictions of the same examples, in seconds.

    A slow program is timed on fewer examples than a fast one, the first ones, which may be harder
    than the rest; then the median of either is of these alone, and how many they are comes with it.
    """
    count = min(len(learned.latencies), len(written.latencies))
    if learned.timing.latency_count == written.timing.latency_count or not count:
        return learned.timing.latency_p50, written.timing.latency_p50, 0
    first, second = (statistics.median(one.latencies[:count]) for one in (learned, written))
    return first, second, count


def clock(result: Result) -> tuple[object, ...]:
    """What two times must have in common to be compared."""
    subject, machine = result.subject, result.machine
    accelerator = machine.get("accelerator")
    return machine["cpu"], machine["cores"], accelerator, subject.threads, subject.device


def busy(result: Result) -> bool:
    """Whether the machine was busy with something else, so that times are too long."""
    # The benchmark itself keeps up to all cores busy from one model to the next.
    return bool(result.machine.get("load_average", 0) > 1.5 * result.machine["cores"])


def conditions(results: Sequence[Result]) -> str:
    """On what machine, with how many threads and which versions the results were measured."""
    facts = []
    for result in results:
        machine, versions = result.machine, result.versions
        accelerator = f"{machine['accelerator']}, " if "accelerator" in machine else ""
        fact = (
            f"{machine['cpu']}, {count_text(machine['cores'], 'core')}, {accelerator}"
            f"{count_text(result.subject.threads, 'thread')}, "
            f"{bytes_text(machine['memory_bytes'])} memory, "
            f"Python {versions['python']}, torch {versions.get('torch', 'none')}, "
            f"zoo {result.subject.version}"
        )
        if fact not in facts:
            facts.append(fact)
    if any(map(busy, results)):
        facts.append("the machine was busy with something else, so the times are too long")
    return "; ".join(facts)


def compared(results: Sequence[Result]) -> list[Pair]:
    """The pairs among the results in the order that they are told in, by the primary metric.

    Raises ResultsError if there are no results.
    """
    if not results:
        raise ResultsError("There are no results to report; zoo bench makes them.")
    return pairs(ordered(results), primary_only=True)


def markdown_table(results: Sequence[Result], found: Sequence[Pair] | None = None) -> str:
    """The results as a Markdown table, a sentence for each pair, and the conditions.

    found: what `compared` says of them, if that has been asked already.

    Raises ResultsError if there are none.
    """
    found = compared(results) if found is None else found
    lines = [markdown_row(COLUMNS), "|" + " --- |" * len(COLUMNS)]
    lines += [markdown_row(row(result)) for result in ordered(results)]
    sentences = [f"- {pair_sentence(pair)}" for pair in found]
    if sentences:
        lines += ["", *sentences]
    return "\n".join([*lines, "", f"Measured on: {conditions(ordered(results))}."])


def markdown_row(cells: Sequence[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
