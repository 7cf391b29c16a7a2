"""The commands on results: the page beside the table, and what changed between two folders."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import html_page, planted, plugin_package
from zoo import cli
from zoo.report import markdown_table
from zoo.results import Result, to_json, write_result

GOOD, BAD = planted.right_on(range(5, 100)), planted.right_on(range(70))
Zoo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zoo:
    """Run the command in this process, in an empty folder: exit code, output, messages."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["zoo", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return run


def _write(folder: Path, results: list[Result]) -> None:
    for result in results:
        write_result(folder, result)


def test_report_prints_the_table_and_writes_the_page(zoo: Zoo, tmp_path: Path) -> None:
    results = planted.pair(GOOD, BAD)
    _write(tmp_path / "results", results)
    assert zoo("report") == (0, f"{markdown_table(results)}\n", "The page: report.html\n")
    found = html_page.read((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert found.all("h1")[0].text == "Software 1.0 and Software 2.0, side by side"
    code, _, err = zoo("report", "--page", "a/b.html")
    assert (code, err) == (0, "The page: a/b.html\n")
    assert (tmp_path / "a/b.html").read_bytes() == (tmp_path / "report.html").read_bytes()


def test_report_into_a_markdown_file_writes_no_page(zoo: Zoo, tmp_path: Path) -> None:
    _write(tmp_path / "results", planted.pair(GOOD, BAD))
    (tmp_path / "page.md").write_text("<!-- results: begin -->\n<!-- results: end -->\n")
    assert zoo("report", "--into", "page.md") == (0, "", "")
    assert not (tmp_path / "report.html").exists()


def test_a_page_that_cannot_be_written_is_told_after_the_table(zoo: Zoo, tmp_path: Path) -> None:
    _write(tmp_path / "results", planted.pair(GOOD, BAD))
    (tmp_path / "file").touch()
    code, out, err = zoo("report", "--page", "file/page.html")
    assert code == 2
    assert out.startswith("| Data |")
    assert "'file/page.html' cannot be written" in err


def test_bench_ends_with_the_table_and_the_place_of_the_page(
    zoo: Zoo,
    tmp_path: Path,
    plugin: Path,
    monkeypatch: pytest.MonkeyPatch,
    fresh_registry: None,
) -> None:
    monkeypatch.syspath_prepend(plugin)
    monkeypatch.setenv("PYTHONPATH", plugin_package.environment(plugin)["PYTHONPATH"])
    code, out, err = zoo("bench", "toys", "--limit", "20", "--report", "--out", "measured")
    assert code == 0, err
    assert "toys/brightness-net-mnist" in out
    assert err.splitlines()[-1] == "The page: measured/report.html"
    found = html_page.read((tmp_path / "measured/report.html").read_text(encoding="utf-8"))
    assert any(one.attributes["src"].startswith("data:image/png") for one in found.all("img"))


def test_compare_tells_what_changed_and_ends_with_3_if_it_is_worse(
    zoo: Zoo, tmp_path: Path
) -> None:
    _write(tmp_path / "a", planted.pair(GOOD, BAD))
    _write(tmp_path / "b", planted.pair(BAD, BAD))
    code, out, err = zoo("bench", "--compare", "a", "b")
    assert (code, err) == (3, "")
    heading, worse, *_ = out.splitlines()
    assert heading == "Worse beyond noise"
    assert worse.startswith("- toys/learned on Tiny digits test, 100 images: accuracy was 95.00 %")
    code, out, _ = zoo("bench", "--compare", "b", "a")
    assert code == 0
    assert out.splitlines()[0] == "Better beyond noise"


def test_compare_as_json(zoo: Zoo, tmp_path: Path) -> None:
    _write(tmp_path / "a", planted.pair(GOOD, BAD))
    _write(tmp_path / "b", planted.pair(BAD, BAD))
    code, out, _ = zoo("bench", "--compare", "a", "b", "--json")
    told = json.loads(out)
    assert code == 3
    assert told["worse"] is True
    verdicts = {one["model"]: one["verdict"] for one in told["changes"]}
    assert verdicts == {"toys/written": "same", "toys/learned": "worse"}
    score = told["changes"][-1]["scores"][0]
    assert score["comparison"]["difference"] == pytest.approx(-0.25)
    assert told["changes"][-1]["time"]["ratio"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a", "nowhere"), "There is no results folder at 'nowhere'."),
        (("a", "empty"), "The two folders have no result in common"),
        (("a", "half"), "'half/x.json' is no result: it is no JSON"),
        (("a", "old"), "it is of schema 0, which an older zoo wrote; this one reads schema 1"),
        (("a", "new"), "it is of schema 2, which only a newer zoo reads; this one reads schema 1"),
    ],
)
def test_folders_that_cannot_be_compared_are_told_in_a_sentence(
    arguments: tuple[str, str], words: str, zoo: Zoo, tmp_path: Path
) -> None:
    one = planted.result()
    _write(tmp_path / "a", [one])
    for name in ("empty", "half", "old", "new"):
        (tmp_path / name).mkdir()
    (tmp_path / "half/x.json").write_text(json.dumps(to_json(one))[:200])
    (tmp_path / "old/x.json").write_text(json.dumps(to_json(one) | {"schema": 0}))
    (tmp_path / "new/x.json").write_text(json.dumps(to_json(one) | {"schema": 2}))
    code, out, err = zoo("bench", "--compare", *arguments)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("Error: ")
    assert words in line


@pytest.mark.parametrize(
    "more", [["vision"], ["--limit", "5"], ["--data", "mnist"], ["--report"], ["--option", "a=1"]]
)
def test_compare_measures_nothing(zoo: Zoo, more: list[str]) -> None:
    code, out, err = zoo("bench", *more, "--compare", "a", "b")
    assert (code, out) == (2, "")
    assert "--compare takes two folders of results, and nothing to run." in " ".join(err.split())


def test_kept_times_are_read_again_and_must_be_as_many_as_were_timed(tmp_path: Path) -> None:
    from zoo.errors import ResultsError
    from zoo.results import read_result

    one = planted.result()
    timed = replace(one, latencies=[0.001] * one.timing.latency_count)
    assert read_result(write_result(tmp_path, timed)) == timed
    before_they_were_kept = to_json(one)
    del before_they_were_kept["latencies"]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(before_they_were_kept))
    assert read_result(path) == one
    path.write_text(json.dumps(to_json(timed) | {"latencies": [0.001]}))
    with pytest.raises(ResultsError, match="not 100 latencies"):
        read_result(path)
