"""The sections of a card that tell what was measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from zoo.data import UNVERIFIED
from zoo.entries import ModelInfo
from zoo.evidence import Evidence, kin
from zoo.registry import data_set_info
from zoo.report import (
    bytes_text,
    conditions,
    count_text,
    data_text,
    difference_text,
    latency_text,
    markdown_row,
    pair_sentence,
    score_text,
    seconds_text,
    throughput_text,
)
from zoo.results import Pair, Result
from zoo.tasks import task
from zoo.tasks.base import Table

UNVERIFIED_NOTE = (
    f"“{UNVERIFIED.capitalize()}” means that the data are none of the known versions of that data "
    "set"
)
_MILLION = 1_000_000
_OPEN = 3  # data sets whose failures are shown at once; of more, each is opened by the reader
_FOLDED = "<details>\n<summary>{}</summary>\n\n{}\n\n</details>"
# What Markdown would take for more than a letter.
_SIGNS = re.compile(r"([\\`*_<>\[\]~&$])")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [markdown_row(header), "|" + " --- |" * len(header)]
    return "\n".join([*lines, *(markdown_row(row) for row in rows)])


def plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _SIGNS.sub(r"\\\1", text)


def results(entry: ModelInfo, evidence: Evidence) -> str:
    """Scores with intervals, beside the other generation's, and the paired differences."""
    own = evidence.of(entry)
    if not own:
        how = f" `zoo bench {entry.name}` measures it." if entry.data else ""
        return f"## Results\n\nNot measured here: there is no result of it on record.{how}"
    metrics = task(entry.task).metrics
    compared = evidence.pairs_of(entry)
    parts = ["## Results"]
    sentences = [f"- {pair_sentence(pair)}" for pair in compared if _by_default(pair)]
    if sentences:
        parts.append("\n".join(sentences))
    parts.append("In parentheses: 95 % intervals, and the test behind a difference.")
    for title, measured in _by_data(own).items():
        beside = [pair for pair in compared if data_text(pair.learned) == title]
        rows = [
            [_name(one), *(score_text(metric, one.scores[metric.name]) for metric in metrics)]
            for one in [*measured, *_others(entry, beside)]
        ]
        rows += [
            [
                f"{_name(pair.learned)} minus {_name(pair.written)}",
                *(difference_text(metric, pair.comparisons[metric.name]) for metric in metrics),
            ]
            for pair in beside
        ]
        header = ["Model", *(metric.name for metric in metrics)]
        parts.append(f"### {title}\n\n{table(header, rows)}")
    explained = [
        f"- {metric.name}: {metric.description}; "
        f"{'higher' if metric.higher_is_better else 'lower'} is better."
        for metric in metrics
    ]
    notes = dict.fromkeys(data_set_info(one.subject.data).note for one in own)
    explained += [
        f"- {', '.join(titles)}: {note}"
        for note in notes
        for titles in [_titles(own, note)]
    ]  # fmt: skip
    parts.append("\n".join(explained))
    if any(UNVERIFIED in one.data_title for one in own):
        parts.append(f"{UNVERIFIED_NOTE}, so these figures do not compare with others on it.")
    if entry.published:
        parts.append(f"Published figures: {entry.published}")
    return "\n\n".join(parts)


def speed(entry: ModelInfo, evidence: Evidence) -> str:
    """Latency, throughput, memory, beside the other generation's, and on what machine."""
    own = evidence.of(entry)
    if not own:
        return ""
    shown = [*own, *_others(entry, evidence.pairs_of(entry))]
    rows = [
        [
            data_text(one),
            _name(one),
            latency_text(one.timing),
            throughput_text(one),
            bytes_text(one.peak_memory_bytes),
            bytes_text(one.weights_bytes),
            seconds_text(one.timing.load_seconds),
        ]
        for title in _by_data(shown)
        for one in _by_data(shown)[title]
    ]
    header = ["Data", "Model", "Latency p50 / p95 / p99", "In batches", "Memory", "Weights", "Load"]
    return (
        "## Speed and memory\n\n"
        f"{table(header, rows)}\n\n"
        "Latency is of one prediction alone, after a warm-up; memory is the most that the "
        "process held, the examples included; loading includes imports.\n\n"
        f"Measured on: {conditions(shown)}."
    )


def cost(entry: ModelInfo, evidence: Evidence) -> str:
    """What predicting costs in time of the machine, at best and at worst; "" without results."""
    own = [one for one in evidence.of(entry) if not one.subject.options]
    own.sort(key=lambda one: -one.timing.per_second)
    if not own:
        return ""
    told = [
        f"{duration_text(_MILLION / one.timing.per_second)} (at its speed on {data_text(one)})"
        for one in (own[0], *own[1:][-1:])
    ]
    return (
        f"- A million predictions in batches take {count_text(own[0].subject.threads, 'thread')} "
        f"of {own[0].machine['cpu']} {' to '.join(told)}."
    )


def failures(entry: ModelInfo, evidence: Evidence) -> str:
    """Where it fails, by the records of its results."""
    own = [one for one in evidence.of(entry) if not one.subject.options]
    told = [(f"On {data_text(one)}", _mistakes(one)) for one in own]
    told = [(title, mistakes) for title, mistakes in told if mistakes]
    form = "### {}\n\n{}" if len(told) <= _OPEN else _FOLDED
    parts = [form.format(title, mistakes) for title, mistakes in told]
    return "\n\n".join(["## Where it fails", *parts]) if parts else ""


def studies(entry: ModelInfo, evidence: Evidence) -> str:
    """What was measured of it beside the benchmark."""
    found = (study.table(entry.name, kin(entry)) for study in evidence.studies)
    parts = [_told(one, level=3) for one in found if one is not None]
    return "\n\n".join(["## Further measurements", *parts]) if parts else ""


def _mistakes(result: Result) -> str:
    """The tables of the task, which may have none."""
    hook = task(result.task).failures
    return "\n\n".join(_told(found, level=4) for found in (hook(result.records) if hook else ()))


def duration_text(seconds: float) -> str:
    """In the unit that a person would use: 42 seconds, 9.0 minutes, 2.4 hours."""
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return count_text(round(seconds), "second")


def _told(found: Table, *, level: int) -> str:
    rows = [[plain(cell) for cell in row] for row in found.rows]
    text = f"{found.text}\n\n" if found.text else ""
    return f"{'#' * level} {found.title}\n\n{text}{table(found.header, rows)}"


def _name(result: Result) -> str:
    return f"`{result.subject.title}`"


def _by_default(pair: Pair) -> bool:
    return not pair.learned.subject.options


def _by_data(measured: Sequence[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for one in measured:
        found.setdefault(data_text(one), []).append(one)
    return found


def _others(entry: ModelInfo, compared: Sequence[Pair]) -> list[Result]:
    """The other sides of comparisons, each once."""
    sides = [side for pair in compared for side in (pair.learned, pair.written)]
    others = {side.subject.path(): side for side in sides if side.subject.model != entry.name}
    return list(others.values())


def _titles(own: Sequence[Result], note: str) -> list[str]:
    """What the data sets that have the same note are called."""
    infos = (data_set_info(one.subject.data) for one in own)
    return list(dict.fromkeys(info.title for info in infos if info.note == note))
