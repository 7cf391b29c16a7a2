"""The page of all results: its figures are the results', it stands alone, and it can be read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests import html_page, planted
from tests.html_page import Element
from zoo.errors import ResultsError
from zoo.page import page, write_page
from zoo.page.plots import Advantage, advantages, scores_against_times, times
from zoo.report import (
    bytes_text,
    compared,
    conditions,
    data_text,
    difference_text,
    latency_text,
    ordered,
    pair_sentence,
    score_text,
    throughput_text,
)
from zoo.results import Result, read_results
from zoo.tasks import task

ROOT = Path(__file__).parent.parent
MOST_BYTES = 6_000_000
BETTER, WORSE = planted.right_on(range(5, 100)), planted.right_on(range(70))
HOSTILE = """<script>alert("x")</script> & 'so on' </style>"""


def _of(results: list[Result]) -> Element:
    html = page(results)
    found = html_page.read(html)
    assert html_page.complaints(found, html) == []
    return found


def _tables(found: Element) -> list[list[str]]:
    return [row for table in found.all("table") for row in table.rows()]


# --- what is told --------------------------------------------------------------------------------


def test_every_figure_is_of_the_results() -> None:
    results = planted.pair(BETTER, WORSE, latencies=(0.002, 0.001))
    quick = replace(results[0].subject, options={"steps": 5})
    results.append(replace(results[0], subject=quick, timing=results[1].timing))
    found = _of(results)
    rows = _tables(found)
    for result in results:
        scores = [
            score_text(metric, result.scores[metric.name]) for metric in task(result.task).metrics
        ]
        cells = [
            *scores,
            latency_text(result.timing),
            throughput_text(result),
            bytes_text(result.peak_memory_bytes),
            bytes_text(result.weights_bytes),
        ]
        assert next(row[3:] for row in rows if row[1:2] == [result.subject.title]) == cells
    sentences = [one.text for one in found.all("li")]
    for pair in compared(results):
        assert pair_sentence(pair) in sentences
        difference = difference_text(task(pair.learned.task).primary, pair.comparisons["accuracy"])
        assert [pair.learned.subject.title, difference] in rows
    assert f"Measured on: {conditions(results)}." in [one.text for one in found.all("p")]


def test_the_answer_comes_first_and_says_by_how_much_and_at_what_cost() -> None:
    found = _of(planted.pair(BETTER, WORSE, latencies=(0.002, 0.001)))
    (answer,) = (one for one in found.all("p") if one.attributes.get("class") == "verdict")
    assert answer.text == "Software 2.0 wins the only comparison."
    job = found.all("section")[0].all("p")[1]
    assert job.text.endswith("A prediction of 2.0 takes 2.00 times as long.")
    assert found.all("table")[0].rows()[1] == [
        "Tiny digits test, 100 images",
        "◆ 2.0",
        "+25.00 (+14.01 to +35.01)",
        "2.00 ×",
        "1.00 ×",
        "1.50 MiB / 1.50 MiB",
    ]


def test_where_the_written_program_wins_the_page_says_so_in_the_same_place() -> None:
    learned, written = (
        _of(planted.pair(*sides)).all("section")[0] for sides in ((BETTER, WORSE), (WORSE, BETTER))
    )
    assert written.all("p")[0].text == "Software 1.0 wins the only comparison."
    assert written.all("table")[0].rows()[1][1:3] == ["● 1.0", "-25.00 (-35.01 to -14.01)"]

    def shape(section: Element) -> list[tuple[str, str]]:
        told = section.all("p", "td", "th", "span", "a", "h2", "h3")
        return [(one.tag, one.attributes.get("class", "")) for one in told]

    swapped = [(tag, name.replace("written", "learned")) for tag, name in shape(written)]
    assert swapped == [(tag, name.replace("written", "learned")) for tag, name in shape(learned)]


def test_several_comparisons_are_counted() -> None:
    def on(data: str, learned: list[bool], written: list[bool]) -> list[Result]:
        return [
            replace(one, subject=replace(one.subject, data=data), data_title=data)
            for one in planted.pair(learned, written)
        ]

    won = [*on("one", BETTER, WORSE), *on("two", WORSE, BETTER), *on("three", BETTER, WORSE)]
    undecided = on("four", BETTER, BETTER)
    assert _verdict(won + undecided) == (
        "Of 4 comparisons: Software 2.0 wins 2, Software 1.0 wins 1, 1 undecided."
    )
    assert _verdict(won[:2] + won[4:]) == "Software 2.0 wins all 2 comparisons."
    assert _verdict(undecided) == "Undecided: the only comparison."


def _verdict(results: list[Result]) -> str:
    found = _of(results)
    return next(one.text for one in found.all("p") if one.attributes.get("class") == "verdict")


def test_a_learned_model_without_its_baselines_result_is_told_with_the_command() -> None:
    found = _of([planted.result("toys/learned", baseline="toys/written")])
    assert "there is nothing to compare" in _verdict(
        [planted.result("toys/learned", baseline="toys/written")]
    )
    commands = [one.text for one in found.all("code")]
    assert "zoo bench toys/written --data tiny-digits" in commands


def test_times_of_two_machines_are_not_set_in_proportion() -> None:
    learned, written = planted.pair(BETTER, WORSE)
    other = replace(written, machine={**written.machine, "cpu": "Other CPU"})
    assert _of([learned, other]).all("table")[0].rows()[1][3] == "not comparable"


def test_without_results_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="There are no results to report; zoo bench makes them"):
        write_page(tmp_path / "page.html", [])
    assert list(tmp_path.iterdir()) == []


# --- plots ---------------------------------------------------------------------------------------


def test_plots_take_their_colours_from_the_page() -> None:
    results = planted.pair(BETTER, WORSE, latencies=(0.02, 0.001))
    timed = [replace(one, latencies=[one.timing.latency_p50] * 100) for one in results]
    metric = task("image-classification").primary
    rows = [Advantage("Tiny", 0.25, 0.14, 0.35, "2.0"), Advantage("Other", 0, -1, 1, "")]
    for drawing in (
        scores_against_times("a", metric, results),
        times("b", timed),
        advantages("c", metric, rows),
    ):
        (svg,) = html_page.read(drawing).all("svg")
        assert {"var(--ink)", "var(--learned)"} <= set(_variables(drawing))
        assert "#0" not in drawing.replace('href="#', "")
        assert "width" not in svg.attributes
        assert svg.attributes["viewbox"].startswith("0 0 360 ")


def _variables(drawing: str) -> list[str]:
    return [f"var({part.partition(')')[0]})" for part in drawing.split("var(")[1:]]


def test_marks_are_numbered_as_the_rows_are_and_share_a_label_where_they_meet() -> None:
    metric = task("image-classification").primary
    apart = planted.pair(BETTER, WORSE, latencies=(0.02, 0.001))
    texts = [
        one.text for one in html_page.read(scores_against_times("a", metric, apart)).all("text")
    ]
    assert {"1", "2"} <= set(texts)
    together = planted.pair(BETTER, BETTER)
    drawing = html_page.read(scores_against_times("a", metric, together))
    assert "1, 2" in [one.text for one in drawing.all("text")]


# --- the page as a whole -------------------------------------------------------------------------


def test_hostile_text_is_text() -> None:
    def spoil(one: Result) -> Result:
        columns = {name: list(values) for name, values in one.records.items()}
        columns["target"] = [HOSTILE] * one.count
        columns["label"] = [f"{label}{HOSTILE}" for label in columns["label"]]
        about = replace(one.subject, options={"mode": HOSTILE})
        machine = {**one.machine, "cpu": HOSTILE}
        return replace(one, subject=about, records=columns, data_title=HOSTILE, machine=machine)

    learned, written = planted.pair(BETTER, WORSE)
    bad = spoil(written)
    results = [spoil(learned), replace(bad, subject=written.subject)]
    html = page(results)
    assert "<script" not in html
    found = _of(results)
    assert found.all("h3")[-1].text == data_text(results[0])
    assert HOSTILE in found.text


def test_the_same_results_give_the_same_page() -> None:
    results = planted.pair(BETTER, WORSE)
    assert page(results) == page(results[::-1])


@pytest.fixture(scope="module")
def committed() -> tuple[list[Result], str]:
    results = read_results(ROOT / "results")
    return results, page(results)


def test_the_page_of_the_committed_results_stands_alone(
    committed: tuple[list[Result], str],
) -> None:
    _, html = committed
    assert len(html.encode()) < MOST_BYTES
    found = html_page.read(html)
    assert html_page.complaints(found, html) == []
    assert "default-src 'none'" in html
    assert [one.tag for one in found.all("header", "nav", "main", "footer")] == [
        *("header", "nav", "main", "footer"),
    ]


def test_the_page_of_the_committed_results_has_them_all(
    committed: tuple[list[Result], str],
) -> None:
    results, html = committed
    found = html_page.read(html)
    rows = found.all("table")[-1].rows()[1:]
    assert [(row[0], row[1]) for row in rows] == [
        (data_text(one), one.subject.title) for one in ordered(results)
    ]
    for row, one in zip(rows, ordered(results), strict=True):
        metric = task(one.task).primary
        assert row[3] == f"{metric.name} {score_text(metric, one.primary)}"
        assert row[4] == latency_text(one.timing)
    sentences = {one.text for one in found.all("li")}
    assert {pair_sentence(pair) for pair in compared(results)} <= sentences
