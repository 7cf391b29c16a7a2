"""Tables and plain sentences from results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from zoo.errors import ResultsError
from zoo.metrics import Comparison, Metric, Score
from zoo.results import Pair, Result, pairs, read_results, write_atomically
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
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def score_text(metric: Metric, score: Score) -> str:
    """A score with its interval, as 98.97 % (98.75 to 99.15)."""
    scale, unit, digits = (100, " %", 2) if metric.percent else (1, "", 4)
    value, low, high = (f"{x * scale:.{digits}f}" for x in (score.value, score.low, score.high))
    return f"{value}{unit} ({low} to {high})"


def difference_text(metric: Metric, comparison: Comparison) -> str:
    """A difference with its interval and test, as +0.68 points (0.45 to 0.91; p < 0.001)."""
    scale, unit, digits = (100, " points", 2) if metric.percent else (1, "", 4)
    value, low, high = (
        f"{x * scale:+.{digits}f}" for x in (comparison.difference, comparison.low, comparison.high)
    )
    return f"{value}{unit} ({low} to {high}; {comparison.test}, {p_text(comparison.p_value)})"


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def seconds_text(seconds: float) -> str:
    """Three significant digits in the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-6)} µs"


def bytes_text(count: int) -> str:
    """Mebibytes below one gibibyte, else gibibytes."""
    mebibytes = count / 2**20
    if mebibytes < 1024:
        return f"{_three_digits(mebibytes)} MiB"
    return f"{_three_digits(mebibytes / 1024)} GiB"


def _three_digits(x: float) -> str:
    if x == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(x))))
    return f"{x:,.{digits}f}"


def data_text(result: Result) -> str:
    """What was measured on, as CIFAR-10 (JPEG q75) test, 10,000 images."""
    unit = task(result.task).unit
    plural = "" if result.count == 1 else "s"
    part = "first " if result.subject.limit is not None else ""
    return f"{result.data_title} {result.subject.split}, {part}{result.count:,} {unit}{plural}"


def row(result: Result) -> tuple[str, ...]:
    """One result as the cells of `COLUMNS`."""
    timing = result.timing
    latency = " / ".join(
        seconds_text(x) for x in (timing.latency_p50, timing.latency_p95, timing.latency_p99)
    )
    return (
        data_text(result),
        result.subject.model,
        result.generation,
        score_text(task(result.task).primary, result.primary),
        latency,
        f"{_three_digits(timing.per_second)}/s",
        bytes_text(result.peak_memory_bytes),
        bytes_text(result.weights_bytes),
        seconds_text(timing.load_seconds),
    )


def ordered(results: Sequence[Result]) -> list[Result]:
    """By domain and data set; within one, 1.0 before 2.0."""
    return sorted(
        results,
        key=lambda r: (
            r.subject.model.partition("/")[0],
            r.data_title,
            r.count,
            r.generation,
            r.subject.model,
        ),
    )


def pair_sentence(pair: Pair) -> str:
    """Who is better, by how much, with what certainty, at what cost in time: one sentence.

    Says the same of either generation in the same words.
    """
    learned, written = pair.learned, pair.written
    metric = task(learned.task).primary
    comparison = pair.comparisons[metric.name]
    better_is_learned = (comparison.difference > 0) is metric.higher_is_better
    winner, loser = (learned, written) if better_is_learned else (written, learned)
    where = f"On {data_text(learned)}"
    if comparison.significant:
        size = abs(comparison.difference) * (100 if metric.percent else 1)
        amount = f"{size:.2f} points" if metric.percent else f"{size:.4f}"
        low, high = sorted(
            abs(x) * (100 if metric.percent else 1) for x in (comparison.low, comparison.high)
        )
        verdict = (
            f"{winner.subject.model} ({winner.generation}) beats {loser.subject.model} "
            f"({loser.generation}) by {amount} of {metric.name} "
            f"({low:.2f} to {high:.2f}; {comparison.test}, {p_text(comparison.p_value)})"
        )
    else:
        verdict = (
            f"{learned.subject.model} and {written.subject.model} cannot be told apart by "
            f"{metric.name}: {difference_text(metric, comparison)}"
        )
    return f"{where}, {verdict}; {_cost_text(learned, written)}."


def _cost_text(learned: Result, written: Result) -> str:
    ratio = learned.timing.latency_p50 / written.timing.latency_p50
    name = learned.subject.model
    alone = seconds_text(learned.timing.latency_p50)
    other = seconds_text(written.timing.latency_p50)
    if 0.95 < ratio < 1.05:
        return f"both take {alone} a prediction"
    factor = _three_digits(ratio if ratio > 1 else 1 / ratio)
    return f"{name} takes {alone} a prediction against {other}, {factor} times " + (
        "as long" if ratio > 1 else "as fast"
    )


def conditions(results: Sequence[Result]) -> str:
    """On what machine, with how many threads and which versions the results were measured."""
    facts = []
    for result in results:
        machine, versions = result.machine, result.versions
        fact = (
            f"{machine['cpu']}, {machine['cores']} cores, {result.subject.threads} threads, "
            f"{bytes_text(int(machine['memory_bytes']))} memory, "
            f"Python {versions['python']}, torch {versions.get('torch', 'none')}, "
            f"zoo {result.subject.version}"
        )
        if fact not in facts:
            facts.append(fact)
    return "; ".join(facts)


def markdown_table(results: Sequence[Result]) -> str:
    """The results as a Markdown table, a sentence for each pair, and the conditions."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(row(result)) + " |" for result in ordered(results)]
    sentences = [f"- {pair_sentence(pair)}" for pair in pairs(ordered(results))]
    return "\n".join([*lines, "", *sentences, "", f"Measured on: {conditions(results)}."])


def insert_between_markers(text: str, content: str) -> str:
    """Replace what stands between the two marker lines. Raises ResultsError without them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ResultsError(f"There are no marker lines {BEGIN!r} and {END!r} to write between.")
    return f"{head}{BEGIN}\n{content}\n{END}{tail}"


def update_readme(readme: Path, results_folder: Path) -> None:
    """Write the table of committed results into the README."""
    table = markdown_table(read_results(results_folder))
    text = insert_between_markers(readme.read_text(encoding="utf-8"), table)
    write_atomically(readme, text)
