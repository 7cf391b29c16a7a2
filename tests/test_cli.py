"""The `zoo` command: what it prints where, and with which code it ends."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import command_line, planted, plugin_package
from tests.command_line import Done, Zoo
from zoo.files import markers
from zoo.report import markdown_table
from zoo.results import write_result

MODEL, LEARNED = plugin_package.MODEL, plugin_package.LEARNED_MODEL
COMMANDS = ("list", "info", "predict", "bench", "train", "card", "report", "push", "pull")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = plugin_package.install(tmp_path_factory.mktemp("site packages"))
    return plugin_package.install_rogues(folder)


@pytest.fixture
def zoo(
    site: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fresh_registry: None,
) -> Zoo:
    """Run the command in this process, in an empty folder, with the third party's models."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.delenv("ZOO_DATA", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)

    return command_line.runner(monkeypatch, capsys)


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """A black and a white picture."""
    paths = []
    for level in (0, 255):
        path = tmp_path / f"{level}.png"
        Image.fromarray(np.full((28, 28), level, np.uint8)).save(path)
        paths.append(str(path))
    return paths


def _refused(done: Done, words: str) -> None:
    """One sentence on stderr, nothing on stdout, exit code 2."""
    assert done.code == 2, done
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert words in line


# --- help ----------------------------------------------------------------------------------------


def test_alone_it_shows_its_help(zoo: Zoo) -> None:
    done = zoo()
    assert (done.code, done.err) == (0, "")
    assert all(f"  {command} " in done.out for command in COMMANDS)
    assert done.out == zoo("--help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(command: str, zoo: Zoo) -> None:
    done = zoo(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: zoo {command} ")
    assert f"zoo {command}" in done.out.partition("Example: ")[2]


def test_help_shows_what_stands_in_brackets(zoo: Zoo) -> None:
    words = " ".join(zoo("predict", "--help").out.split())
    assert "hub:owner/repo[@revision]" in words


def test_the_version(zoo: Zoo) -> None:
    from importlib.metadata import version

    assert zoo("--version") == Done(0, f"{version('software-zoo')}\n", "")


@pytest.mark.parametrize(
    "arguments", [("lst",), ("info",), ("list", "--jsn"), ("bench", "--limit", "many"), ("card",)]
)
def test_a_wrong_command_line_ends_with_2_and_says_so_on_stderr(
    arguments: tuple[str, ...], zoo: Zoo
) -> None:
    done = zoo(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: zoo")
    assert "Error: " in done.err


# --- list and info -------------------------------------------------------------------------------


def test_list_shows_every_model(zoo: Zoo) -> None:
    from zoo.registry import models

    done = zoo("list")
    assert (done.code, done.err) == (0, "")
    names = {line.split()[0] for line in done.out.splitlines() if "/" in line.split()[0]}
    assert names == {model.name for model in models()}
    told = json.loads(zoo("list", "--json").out)
    assert [one["name"] for one in told] == [model.name for model in models()]


def test_list_of_one_domain(zoo: Zoo) -> None:
    told = json.loads(zoo("list", "toys", "--json").out)
    assert told == [
        {
            "name": name,
            "generation": generation,
            "task": "image-classification",
            "baseline": baseline,
            "parameters": 0,
            "summary": "Tells digits by how bright the picture is.",
        }
        for name, generation, baseline in ((MODEL, "1.0", None), (LEARNED, "2.0", MODEL))
    ]
    lines = zoo("list", "toys").out.splitlines()
    assert lines[0].split() == ["Model", "Gen.", "What", "it", "is"]
    assert lines[1].split()[:2] == [MODEL, "1.0"]


def test_names_are_whole_on_a_narrow_terminal(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    done = zoo("list", "toys")
    assert LEARNED in done.out
    assert "…" not in done.out


def test_info_shows_what_is_known(zoo: Zoo) -> None:
    facts = json.loads(zoo("info", LEARNED, "--json").out)
    assert facts["baseline"] == MODEL
    assert facts["generation"] == "2.0"
    assert facts["data"] == ["mnist-5k"]
    assert facts["variants"] == []
    chosen = json.loads(zoo("info", "choosy/learned", "--json").out)
    assert chosen["variants"] == ["sharpness=50", "sharpness=0.0"]
    assert facts["references"] == ["The test suite of zoo https://example.org"]
    shown = zoo("info", LEARNED).out
    assert f"baseline    {MODEL} " in shown
    assert "Knows nothing of shapes." in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "toy"), "There is no domain named 'toy'; did you mean toys?"),
        (("info", "brightness-mnist"), f"did you mean {MODEL} or {LEARNED}"),
        (("info", "qqqq"), "There is no model named 'qqqq'."),
        (("predict", "toys/brightnes-mnist", "x.png"), f"did you mean {MODEL}"),
        (("predict", "./nowhere", "x.png"), "There is no weights folder at 'nowhere'."),
        (("predict", "hub:nonsense", "x.png"), "is not of the form hub:owner/repo"),
        (("predict", MODEL, "x.png", "--device", "cuda"), "runs on the CPU only"),
        (("bench", "toy"), "There is no model or domain named 'toy'; did you mean toys?"),
        (("bench", "--data", "mnist-6k"), "did you mean mnist-5k"),
        (("bench", "--suite", "all"), "There is no suite 'all'"),
        (("bench", "toys", "--data", "cifar10"), "Nothing to measure"),
        (("bench", "--limit", "0"), "The limit must be at least 1; 0 came."),
        (("bench", "--threads", "-1"), "The number of threads cannot be -1."),
        (("bench", "--stall", "0"), "The seconds of silence must be more than 0; 0 came."),
        (("bench", "--device", "auto"), "Name the device to measure on"),
        (("bench", "--option", "depth"), "An option is written NAME=VALUE; 'depth' came."),
        (("predict", MODEL, "x.png", "--option", "=3"), "An option is written NAME=VALUE"),
        (
            ("predict", MODEL, "x.png", "--option", "depth=3"),
            f"{MODEL} predicts with no option 'depth'; it has sharpness.",
        ),
        (("train", "vision/hog-svm-mnist", "--sede", "3"), "named 'sede'; did you mean seed"),
        (("train", "vision/hog-svm-mnist", "--seed=3", "5"), "--NAME VALUE; '5' came."),
        (("train", "vision/hog-svm-mnist", "--orientations"), "'--orientations' has no value."),
        (("train", MODEL), f"{MODEL} has no recipe"),
        (("train", "toys/brightnes-mnist"), "did you mean"),
        (("train", "vision/hog-svm-mnist"), "The data set 'mnist' is not here. To get it: set"),
        (("card", "toys/brightnes-mnist"), "did you mean"),
        (("card", MODEL, "--results", "nowhere"), "There is no results folder at 'nowhere'."),
        (("report",), "There is no results folder at 'results'."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_request_is_met_with_one_sentence_and_2(
    arguments: tuple[str, ...], words: str, zoo: Zoo
) -> None:
    _refused(zoo(*arguments), words)


# --- predict -------------------------------------------------------------------------------------


def test_one_input_is_answered_alone_and_several_by_name(zoo: Zoo, pictures: list[str]) -> None:
    dark, light = pictures
    alone = zoo("predict", MODEL, dark)
    assert (alone.code, alone.err) == (0, "")
    assert alone.out.startswith("0 ")
    both = zoo("predict", MODEL, dark, light).out.splitlines()
    assert both[0] == f"{dark}: {alone.out.strip()}"
    assert both[1].startswith(f"{light}: 9 ")


def test_a_bad_input_costs_its_own_answer_only(zoo: Zoo, pictures: list[str]) -> None:
    dark, light = pictures
    done = zoo("predict", MODEL, dark, "nowhere.png", light, "--json")
    assert done.code == 2
    assert done.err.startswith("Error: ")
    assert "nowhere.png" in done.err
    first, bad, last = json.loads(done.out)
    assert (first["input"], first["label"]) == (dark, "0")
    assert (last["input"], last["label"]) == (light, "9")
    assert sum(last["scores"].values()) == pytest.approx(1)
    assert set(bad) == {"input", "error"}
    assert f"Error: {bad['error']}\n" == done.err
    plain = zoo("predict", MODEL, dark, "nowhere.png", light)
    assert plain.code == 2
    assert len(plain.out.splitlines()) == 2


def test_an_input_from_standard_input(
    zoo: Zoo, pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO(Path(pictures[1]).read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    done = zoo("predict", MODEL, "-", "--json")
    (answer,) = json.loads(done.out)
    assert (done.code, answer["input"], answer["label"]) == (0, "-", "9")


def test_what_is_no_sound_is_not_saved(zoo: Zoo, pictures: list[str], tmp_path: Path) -> None:
    out = str(tmp_path / "x.wav")
    _refused(zoo("predict", MODEL, pictures[0], "--save", out), "A Classification is not written")
    _refused(zoo("predict", MODEL, *pictures[:2], "--save", out), "--save writes one answer; 2")
    assert list(tmp_path.glob("*.wav")) == []


def test_options_of_predict(zoo: Zoo, pictures: list[str]) -> None:
    def confidence(*options: str) -> float:
        done = zoo("predict", MODEL, pictures[0], "--json", *options)
        assert (done.code, done.err) == (0, "")
        found: float = json.loads(done.out)[0]["confidence"]
        return found

    assert confidence("--option", "sharpness=0") == pytest.approx(0.1)
    assert 0.1 < confidence("--option", "sharpness=5") < confidence()


def test_text_is_an_input_where_the_task_is_about_text(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO(b"4435\n2")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data))
    done = zoo("predict", "choosy/echo", "44352", "", "-", "--json")
    assert (done.code, done.err) == (0, "")
    assert [one["action"] for one in json.loads(done.out)] == ["'44352'", "''", "'4435\\n2'"]
    for ended in (b"4\n", b"4\r\n", b"4"):  # the end of a line is no part of what it says
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ended)))
        (answer,) = json.loads(zoo("predict", "choosy/echo", "-", "--json").out)
        assert answer["action"] == "'4'"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    broken = zoo("predict", "choosy/echo", "-")
    _refused(broken, "What came in from standard input is no text: 'utf-8' codec")


# --- train ---------------------------------------------------------------------------------------


def test_train_passes_options_on(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "zoo.training.train", lambda entry, out, **given: asked.append((entry.name, out, given))
    )
    done = zoo("train", MODEL, "--game", "chess(a=1)", "--seed", "4", "--big-one=0.5", "--n", "-1")
    assert done == Done(0, f"training/{MODEL}/weights\n", "")
    workspace = Path("training") / MODEL
    options = {"game": "chess(a=1)", "big_one": 0.5, "n": -1}
    expected = {"workspace": workspace, "seed": 4, "options": options}
    assert asked == [(MODEL, workspace / "weights", expected)]


# --- bench, card, report -------------------------------------------------------------------------


def test_bench_tells_failures_with_1_and_as_json(zoo: Zoo) -> None:
    done = zoo("bench", "sleepers", "--data", "nowhere-digits", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["results"] == []
    (failure,) = told["failures"]
    assert (failure["model"], failure["data"]) == ("sleepers/a-quick", "nowhere-digits")
    assert failure["options"] == {}
    assert "apt-get install no-such-deb" in failure["reason"]
    assert f"failed: {failure['reason']}" in done.err


def test_bench_names_the_options_that_it_measured_with(zoo: Zoo) -> None:
    arguments = ("sleepers", "--data", "nowhere-digits", "--option", "sharpness=5")
    (failure,) = json.loads(zoo("bench", *arguments, "--json").out)["failures"]
    assert failure["options"] == {"sharpness": 5}
    done = zoo("bench", *arguments)
    name = "sleepers/a-quick (sharpness=5) on nowhere-digits"
    assert done.err.splitlines()[0] == f"failed  {name}"
    assert f"\n{name} failed: " in done.err


def test_a_benchmark_that_fails_whole_prints_no_table(zoo: Zoo) -> None:
    done = zoo("bench", "sleepers", "--data", "nowhere-digits")
    assert (done.code, done.out) == (1, "")


def test_bench_refuses_a_place_that_cannot_hold_results(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _refused(zoo("bench", "toys", "--out", "file"), "'file' cannot be made: File exists.")


def _plant(folder: Path) -> str:
    results = planted.pair(planted.right_on(range(5, 100)), planted.right_on(range(70)))
    for result in results:
        write_result(folder, result)
    return markdown_table(results)


def test_report_puts_the_table_into_a_page(zoo: Zoo, tmp_path: Path) -> None:
    table = _plant(tmp_path / "some")
    begin, end = markers("results")
    (tmp_path / "page.md").write_text(f"# Title\n{begin}\nold\n{end}\nend\n")
    assert zoo("report", "--results", "some", "--into", "page.md") == Done(0, "", "")
    expected = f"# Title\n{begin}\n{table}\n{end}\nend\n"
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == expected


def test_report_needs_results_and_markers(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    _refused(zoo("report"), "There are no results to report; zoo bench makes them.")
    _plant(tmp_path / "results")
    (tmp_path / "page.md").write_text("no markers\n")
    _refused(zoo("report", "--into", "page.md"), "There are no marker lines")
    assert (tmp_path / "page.md").read_text() == "no markers\n"


def test_make_docs_calls_what_is_there() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    assert "$(BIN)/zoo report --into README.md" in makefile


@pytest.mark.parametrize("command", ["card", "report"])
def test_a_broken_result_is_refused(command: str, zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "x.json").write_text('{"schema": 0}')
    arguments = (command, MODEL) if command == "card" else (command,)
    words = "'results/x.json' is no result: it is of schema 0, which an older zoo wrote"
    _refused(zoo(*arguments), words)


def test_cards_are_printed_or_written(zoo: Zoo, tmp_path: Path) -> None:
    printed = zoo("card", MODEL)
    assert printed.code == 0
    assert printed.out.startswith("---\n")
    assert f"# {MODEL}\n" in printed.out
    written = zoo("card", MODEL, "--write", "cards")
    assert written == Done(0, f"cards/{MODEL}.md\n", "")
    text = (tmp_path / "cards" / f"{MODEL}.md").read_text(encoding="utf-8")
    assert printed.out == f"{text}\n"
    assert zoo("card", MODEL, "--check", "cards") == Done(0, "", "")
    (tmp_path / "cards" / f"{MODEL}.md").write_text(f"{text}By hand.\n", encoding="utf-8")
    _refused(zoo("card", MODEL, "--check", "cards"), "it was edited by hand, or they have changed")
