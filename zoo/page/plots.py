"""Plots as SVG that takes its colours and letters from the page around it."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from zoo.metrics import Metric
from zoo.report import three_digits, unit_of
from zoo.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What is drawn in these is shown in a variable of the style sheet, so that one drawing serves
# light and dark pages.
_INK, _FAINT, _PAPER = "#010101", "#020202", "#030303"
_SIDES = {"1.0": "#040404", "2.0": "#050505"}
_VARIABLES = {
    _INK: "var(--ink)",
    _FAINT: "var(--line)",
    _PAPER: "var(--paper)",
    _SIDES["1.0"]: "var(--written)",
    _SIDES["2.0"]: "var(--learned)",
}
_SHAPES = {"1.0": "o", "2.0": "D"}  # told apart without colour, too
_WIDTH = 360  # as wide as a phone, so that letters are not scaled down
_POINTS = 72  # an inch
_LETTERS = 12
_ROW = 34
_NEAR = 16  # how near two marks share a label
_STYLE = {
    "svg.fonttype": "none",  # letters stay letters
    "font.size": _LETTERS,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.labelsize": _LETTERS,
    "axes.titlesize": _LETTERS,
    "axes.titlepad": 8,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "xtick.minor.size": 0,
}
# How many ticks a decade is given, by how many decades there are.
_TICKS = ((0.6, (1, 1.5, 2, 3, 5, 7)), (1, (1, 2, 5)), (2, (1, 3)), (math.inf, (1,)))
_REFERENCE = re.compile(r"url\(#([^)]+)\)|^#(.+)$")
_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True, slots=True)
class Advantage:
    """By how much the 2.0 model of a pair is better than the 1.0 model; below 0 it is worse."""

    label: str
    value: float
    low: float
    high: float
    winner: str


def scores_against_times(name: str, metric: Metric, results: Sequence[Result]) -> str:
    """Each result's primary score with its interval, over its median time; numbered from 1.

    name: unique on the page.
    """
    scale = 100 if metric.percent else 1
    with _figure(_WIDTH, 250, left=46, right=14, bottom=46, top=28) as (figure, axes):
        _time_axis(axes, [result.timing.latency_p50 for result in results])
        axes.grid(True)
        for result in results:
            score, x = result.primary, result.timing.latency_p50
            low, high = (
                (max(0.0, (score.value - score.low) * scale),),
                (max(0.0, (score.high - score.value) * scale),),
            )
            axes.errorbar(
                x,
                score.value * scale,
                yerr=(low, high),
                fmt=_SHAPES[result.generation],
                markersize=8,
                color=_SIDES[result.generation],
                elinewidth=2,
                markeredgecolor=_PAPER,
            )
        axes.margins(y=0.1)
        axes.set_xlabel("median time of a prediction")
        better = "more" if metric.higher_is_better else "less"
        unit = ", %" if metric.percent else ""
        axes.set_title(f"{metric.name}{unit} ({better} is better)", loc="left")
        _number(figure, axes, results, scale)
        return _svg(figure, name)


def _number(figure: Figure, axes: Axes, results: Sequence[Result], scale: float) -> None:
    """Write each mark's number beside it; marks that lie on each other share one label."""
    axes.autoscale_view()  # else the marks' places are not settled yet
    groups: list[tuple[Any, list[str]]] = []
    for number, result in enumerate(results, 1):
        place = axes.transData.transform((result.timing.latency_p50, result.primary.value * scale))
        for other, numbers in groups:
            if math.dist(place, other) < _NEAR:
                numbers.append(str(number))
                break
        else:
            groups.append((place, [str(number)]))
    for place, numbers in groups:
        right = place[0] < axes.bbox.x0 + 0.7 * axes.bbox.width
        axes.annotate(
            ", ".join(numbers),
            place,
            xycoords="figure pixels",
            xytext=(8 if right else -8, 7),
            textcoords="offset points",
            ha="left" if right else "right",
            weight="bold",
        )


def times(name: str, results: Sequence[Result]) -> str:
    """Of each result a row: median, 95th and 99th percentile, and where kept each percentile."""
    import numpy as np

    quantiles: list[list[float]] = [
        np.quantile(result.latencies, np.linspace(0.01, 0.99, 50)).tolist()
        if result.latencies
        else []
        for result in results
    ]
    seen = [
        time
        for result, kept in zip(results, quantiles, strict=True)
        for time in (result.timing.latency_p50, result.timing.latency_p99, *kept)
    ]
    height = _ROW * len(results) + 56
    with _figure(_WIDTH, height, left=30, right=14, bottom=46, top=10) as (figure, axes):
        _time_axis(axes, seen)
        axes.grid(True, axis="x")
        for y, (result, kept) in enumerate(zip(results, quantiles, strict=True)):
            timing, colour = result.timing, _SIDES[result.generation]
            middle, most, nearly_all = timing.latency_p50, timing.latency_p95, timing.latency_p99
            axes.plot((middle, nearly_all), (y, y), color=colour, linewidth=1.5)
            axes.plot((middle, most), (y, y), color=colour, linewidth=5, solid_capstyle="butt")
            axes.plot(middle, y, _SHAPES[result.generation], color=colour, markersize=9, mec=_PAPER)
            axes.plot(nearly_all, y, "|", color=colour, markersize=10)
            if kept:
                axes.vlines(kept, y + 0.2, y + 0.42, color=colour, linewidth=1)
        axes.set_ylim(len(results) - 0.5, -0.5)
        axes.set_yticks(range(len(results)), [str(n) for n in range(1, len(results) + 1)])
        for label in axes.get_yticklabels():
            label.set_fontweight("bold")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("time of a prediction")
        return _svg(figure, name)


def advantages(name: str, metric: Metric, rows: Sequence[Advantage]) -> str:
    """Of each pair a row: the advantage of its 2.0 model with its 95 % interval, and zero."""
    scale = 100 if metric.percent else 1
    height = _ROW * len(rows) + 66
    with _figure(_WIDTH, height, left=14, right=14, bottom=46, top=20) as (figure, axes):
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color=_INK, linewidth=1.2)
        axes.grid(True, axis="x")
        axes.set_yticks([])
        for y, row in enumerate(rows):
            colour = _SIDES.get(row.winner, _INK)
            low, value, high = (x * scale for x in (row.low, row.value, row.high))
            axes.plot((low, high), (y, y), color=colour, linewidth=2.5, solid_capstyle="butt")
            axes.plot(
                value, y, _SHAPES.get(row.winner, "s"), color=colour, markersize=8, mec=_PAPER
            )
            axes.annotate(
                row.label, (0, y - 0.24), xycoords=axes.get_yaxis_transform(), va="bottom"
            )
        furthest = max(max(abs(row.low), abs(row.high)) for row in rows) * scale or 1.0
        axes.set_xlim(-1.08 * furthest, 1.08 * furthest)
        axes.set_ylim(len(rows) - 0.5, -0.8)
        unit = ", points" if metric.percent else ""
        axes.set_xlabel(f"advantage of Software 2.0 by {metric.name}{unit}")
        for x, text, side in ((0, "◀ 1.0 is better", "1.0"), (1, "2.0 is better ▶", "2.0")):
            axes.annotate(
                text,
                (x, 1),
                xycoords="axes fraction",
                xytext=(0, 4),
                textcoords="offset points",
                ha="right" if x else "left",
                color=_SIDES[side],
                weight="bold",
            )
        return _svg(figure, name)


@contextmanager
def _figure(
    width: float, height: float, *, left: float, right: float, bottom: float, top: float
) -> Iterator[tuple[Figure, Axes]]:
    """A figure with one pair of axes and margins, all in points, in the style of the page."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(width / _POINTS, height / _POINTS), dpi=_POINTS)
        box = left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height
        yield figure, figure.add_axes(box)


def _time_axis(axes: Axes, seconds: Sequence[float]) -> None:
    """A logarithmic axis that holds the times, with ticks that say their unit, as 5 ms."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = max(min(seconds), 1e-9), max(*seconds, 1e-9)
    decades = math.log10(high / low)
    steps = next(ticks for most, ticks in _TICKS if decades < most)
    beside = 10 ** max(0.1 * decades, 0.15)  # a single time needs surroundings, too
    axes.set_xscale("log")
    axes.set_xlim(low / beside, high * beside)
    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(_tick))


def _tick(seconds: float, _: Any) -> str:
    unit, size = unit_of(seconds)
    return f"{seconds / size:g} {unit}" if seconds / size >= 1 else f"{three_digits(seconds)} s"


def _svg(figure: Figure, name: str) -> str:
    """The figure as an element for a page: no fixed size, no colours, ids under `name` alone."""
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    _name_space()
    root = ElementTree.fromstring(drawn.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for size in ("width", "height"):
        root.attrib.pop(size)
    for element in root.iter():
        if _LINK in element.attrib:
            element.attrib["href"] = element.attrib.pop(_LINK)
    used = {
        found
        for element in root.iter()
        for value in element.attrib.values()
        for found in _referenced(value)
    }
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key != "id":
                for found in _referenced(value):
                    value = value.replace(f"#{found}", f"#{name}-{found}")
                for drawn_in, variable in _VARIABLES.items():
                    value = value.replace(drawn_in, variable)
                element.attrib[key] = value
            elif value in used:
                element.attrib[key] = f"{name}-{value}"
            else:
                del element.attrib[key]
    return ElementTree.tostring(root, encoding="unicode")


def _referenced(value: str) -> list[str]:
    return [one or other for one, other in _REFERENCE.findall(value)]


@cache
def _name_space() -> None:
    ElementTree.register_namespace("", _SVG)
