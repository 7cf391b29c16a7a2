"""The benchmark: what it measures, what a model that fails costs, and how it goes on."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests import planted, plugin_package
from zoo import bench, metrics
from zoo.bench import Job, Outcome, Settings, plan, run
from zoo.entries import ModelInfo
from zoo.errors import BenchmarkError, ResultsError, UnknownNameError
from zoo.registry import data_set_info, info
from zoo.report import conditions, ordered, pair_sentence, row
from zoo.results import Result, Subject, pairs, read_result, read_results, to_json
from zoo.tasks import task

ROGUES = (
    "chatters doubts good hoards killed leaves needy raises segfaults skips vanishes weightless"
)
GONE_WITHIN = 10.0  # seconds; generous, for a machine that is busy


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = plugin_package.install(tmp_path_factory.mktemp("site packages"))
    return plugin_package.install_rogues(folder)


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch, fresh_registry: None) -> None:
    """The packages are seen by this very process."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.delenv("ZOO_DATA", raising=False)


def start(site: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = plugin_package.environment(site)
    environment.pop("ZOO_DATA", None)
    return subprocess.Popen(
        ["zoo", "bench", *arguments],
        env=environment | {"COLUMNS": "80", "HF_HUB_OFFLINE": "1"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> Done:
    out, err = process.communicate(timeout=300)
    return Done(process.returncode, out, err)


def zoo_bench(site: Path, *arguments: str, **variables: str) -> Done:
    return finish(start(site, *arguments, **variables))


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.is_file() and path.read_text():
            return path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- what is measured ----------------------------------------------------------------------------


def _names(jobs: list[Job]) -> list[tuple[str, str]]:
    return [(job.model.name, job.data) for job in jobs]


def test_a_model_brings_its_baseline_which_goes_first(installed: None) -> None:
    assert _names(plan("toys/brightness-net-mnist")) == [
        ("toys/brightness-mnist", "mnist-5k"),
        ("toys/brightness-net-mnist", "mnist-5k"),
    ]
    assert _names(plan("toys/brightness-mnist")) == [("toys/brightness-mnist", "mnist-5k")]


def test_a_baseline_is_run_only_where_its_successor_is(installed: None) -> None:
    assert ("sleepers/a-quick", "nowhere-digits") in _names(plan("sleepers", suite="full"))
    assert _names(plan("sleepers/b-slow", suite="full")) == [
        ("sleepers/a-quick", "tiny-digits"),
        ("sleepers/b-slow", "tiny-digits"),
    ]


def test_a_domain_and_everything(installed: None) -> None:
    everything = _names(plan())
    assert {name.partition("/")[0] for name, _ in _names(plan("toys"))} == {"toys"}
    assert set(_names(plan("toys"))) | set(_names(plan("rogues"))) < set(everything)
    titles = [job.title for job in plan()]
    assert len(titles) == len(set(titles))
    domains = [name.partition("/")[0] for name, _ in everything]
    assert domains == sorted(domains)


def test_the_offline_suite_is_what_the_installation_brings(installed: None) -> None:
    offline = {name for _, name in _names(plan())}
    heard = {"asterisk-digits", "asterisk-en", "asterisk-prompts"}
    read = {"django-messages-en-de", "django-messages-en-fr"}
    assert offline == {"connect4-positions", "mnist-5k", "tiny-digits"} | heard | read
    full = {name for _, name in _names(plan(suite="full"))}
    assert full >= offline | {"nowhere-digits", "mnist", "cifar10", "fsdd", "fsdd-strings"}


def test_weights_are_downloaded_only_for_models_that_are_asked_for(installed: None) -> None:
    def whispers(jobs: list[Job]) -> set[str]:
        return {job.model.name for job in jobs if job.model.name.startswith("speech/whisper-t")}

    for suite in ("offline", "full"):
        assert not whispers(plan(suite=suite))
        assert not whispers(plan("speech", suite=suite))
    assert not whispers(plan(data="asterisk-en"))
    assert whispers(plan("speech/whisper-tiny-en")) == {"speech/whisper-tiny-en"}
    assert whispers(plan("speech", with_hub=True)) == {"speech/whisper-tiny-en"}


def test_one_data_set_in_place_of_the_suites(installed: None) -> None:
    assert _names(plan("sleepers", data="nowhere-digits")) == [
        ("sleepers/a-quick", "nowhere-digits")
    ]
    assert {name for _, name in _names(plan(data="mnist-5k"))} == {"mnist-5k"}


def _titles(jobs: list[Job]) -> list[str]:
    return [job.title for job in jobs]


def test_a_model_is_measured_with_its_defaults_and_then_its_variants(installed: None) -> None:
    assert _titles(plan("choosy/learned")) == [
        "choosy/written on tiny-digits",
        "choosy/learned on tiny-digits",
        "choosy/learned (sharpness=50) on tiny-digits",
        "choosy/learned (sharpness=0.0) on tiny-digits",
    ]


def test_options_that_are_asked_for_take_the_place_of_both(installed: None) -> None:
    assert _titles(plan("choosy/learned", options={"sharpness": 7})) == [
        "choosy/written on tiny-digits",
        "choosy/learned (sharpness=7) on tiny-digits",
    ]
    assert _titles(plan("choosy", options={"sharpness": 7})) == [
        "choosy/written (sharpness=7) on tiny-digits",
        "choosy/learned (sharpness=7) on tiny-digits",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"selection": "toy"}, r"no model or domain named 'toy'; did you mean toys\?"),
        (
            {"selection": "toys/brightness-nett-mnist"},
            r"did you mean toys/brightness-net-mnist or ",
        ),
        ({"data": "mnist-6k"}, r"no data set named 'mnist-6k'; did you mean mnist-5k"),
    ],
    ids=str,
)
def test_an_unknown_name_is_met_with_the_nearest(
    arguments: dict[str, str], words: str, installed: None
) -> None:
    with pytest.raises(UnknownNameError, match=words):
        plan(**arguments)


def test_nothing_in_common_is_said_in_one_sentence(installed: None) -> None:
    with pytest.raises(BenchmarkError) as caught:
        plan("toys", data="cifar10")
    assert str(caught.value) == (
        "Nothing to measure: toys and the data set 'cifar10' have no data in common."
    )
    with pytest.raises(BenchmarkError, match="There is no suite 'all'; there are offline and full"):
        plan(suite="all")
    with pytest.raises(BenchmarkError, match="Nothing to measure: vision/vit-base and the suite"):
        plan("vision/vit-base", suite="full")  # its own data are none, whatever its baseline's


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"limit": 0}, "The limit must be at least 1; 0 came."),
        ({"limit": -3}, "The limit must be at least 1; -3 came."),
        ({"threads": -1}, "The number of threads cannot be -1."),
        ({"stall_seconds": 0}, "The seconds of silence must be more than 0; 0 came."),
        ({"stall_seconds": float("nan")}, "The seconds of silence must be more than 0; nan came."),
        ({"device": "auto"}, "Name the device to measure on, such as cpu or cuda, not auto."),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(BenchmarkError) as caught:
        Settings(**settings)
    assert str(caught.value) == words


def test_no_number_of_threads_means_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "usable_cores", lambda: 7)
    assert Settings().threads == 7
    assert Settings(threads=3).threads == 3


# --- a real run ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sleeping(
    site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A benchmark whose second model hangs; started early, for it takes its time."""
    folder = tmp_path_factory.mktemp("sleeping")
    arguments = ("sleepers", "--threads", "1", "--stall", "15", "--out", str(folder / "results"))
    process = start(site, *arguments, PIDS=str(folder))
    yield process, folder
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def toys(site: Path, tmp_path_factory: pytest.TempPathFactory, sleeping: Any) -> tuple[Done, Path]:
    """`zoo bench toys` on a narrow terminal, and its results."""
    folder = tmp_path_factory.mktemp("toys") / "results"
    arguments = ("toys", "--limit", "40", "--threads", "1", "--out", str(folder))
    return zoo_bench(site, *arguments), folder


LEARNED = Path("toys/brightness-net-mnist/mnist-5k-test-first40.json")
WRITTEN = Path("toys/brightness-mnist/mnist-5k-test-first40.json")


def test_a_run_ends_well_and_leaves_one_file_a_result(toys: tuple[Done, Path]) -> None:
    done, folder = toys
    assert done.code == 0, done.err
    assert files(folder) == {str(LEARNED), str(WRITTEN)}
    assert done.err.splitlines() == [
        "  done  toys/brightness-mnist on mnist-5k",
        "  done  toys/brightness-net-mnist on mnist-5k",
    ]


def test_a_narrow_terminal_loses_no_figure(toys: tuple[Done, Path]) -> None:
    done, folder = toys
    results = ordered(read_results(folder))
    lines = done.out.splitlines()
    assert "…" not in done.out
    for result in results:
        title, name, *cells = row(result)
        assert title in lines
        shown = [line for line in lines if line.startswith(f"{name} ")]
        for cell in cells:
            assert any(cell in line for line in shown), cell
    tables = lines[: lines.index(next(line for line in lines if line.startswith("On MNIST-5k")))]
    assert all(len(line) <= 80 for line in tables)
    (pair,) = pairs(results)
    assert pair_sentence(pair) in lines
    assert lines[-1] == f"Measured on: {conditions(results)}."


def test_a_result_says_what_was_measured_on_what(toys: tuple[Done, Path], installed: None) -> None:
    result = read_result(toys[1] / LEARNED)
    subject = result.subject
    assert subject.content_sha256 == data_set_info("mnist-5k").variants[0].hashes["test"]
    assert (subject.data, subject.split, subject.limit) == ("mnist-5k", "test", 40)
    assert (subject.threads, subject.device) == (1, "cpu")
    assert (subject.weights, subject.config) == ("none", None)
    assert subject.version.endswith(" with zoo-brightness 1.0")
    assert result.data_title == "MNIST-5k"
    assert result.count == 40
    assert (result.generation, result.baseline) == ("2.0", "toys/brightness-mnist")
    assert result.records["target"] == list("0123456789") * 4
    assert {"python", "numpy", "torch", "software-zoo"} <= set(result.versions)
    assert {"cpu", "cores", "memory_bytes", "system", "load_average"} <= set(result.machine)
    assert result.finished.endswith("+00:00")
    assert abs(time.time() - datetime.fromisoformat(result.finished).timestamp()) < 3600


def test_every_score_is_that_of_the_records(toys: tuple[Done, Path]) -> None:
    for result in read_results(toys[1]):
        for metric in task(result.task).metrics:
            again = metrics.score(metric, result.records, seed=result.seed)
            assert again == result.scores[metric.name]
            assert again.low <= again.value <= again.high


def test_times_and_memory_are_plausible(toys: tuple[Done, Path]) -> None:
    for result in read_results(toys[1]):
        timing = result.timing
        assert 0 < timing.latency_p50 <= timing.latency_p95 <= timing.latency_p99 < 10
        assert timing.latency_count == 40
        assert timing.per_second > 1
        assert timing.batch_size == 64
        assert 0 < timing.load_seconds < 60
        # Reading this data set takes 300 MB for a moment, which is no business of the model.
        assert 10 * 2**20 < result.peak_memory_bytes < 200 * 2**20
        assert (result.weights_bytes, result.parameters) == (0, 0)


def test_options_reach_the_model_and_its_result(installed: None, tmp_path: Path) -> None:
    jobs = plan("choosy/learned")[1:]
    settings = Settings(threads=1, limit=20)
    outcomes = list(run(jobs, tmp_path, settings))
    results = [one.result for one in outcomes if one.result is not None]
    assert [one.failure for one in outcomes] == ["", "", ""]
    assert [dict(one.subject.options) for one in results] == [dict(job.options) for job in jobs]
    sure, less_sure, clueless = (one.records["confidence"][0] for one in results)
    assert 0.1 == clueless < less_sure < sure
    assert files(tmp_path) == {
        f"choosy/learned/tiny-digits-test-first20{suffix}.json"
        for suffix in ("", "-sharpness=50", "-sharpness=0.0")
    }
    assert all(one.resumed for one in run(jobs, tmp_path, settings))


def test_an_option_that_a_model_has_not_costs_its_row(installed: None, tmp_path: Path) -> None:
    job = Job(info("rogues/good"), "tiny-digits", {"depth": 3})
    (outcome,) = run([job], tmp_path, Settings(threads=1, limit=2))
    assert outcome.result is None
    assert outcome.failure == "Good predicts with no option 'depth'; it has sharpness."


# --- models that fail ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rogues(
    site: Path, tmp_path_factory: pytest.TempPathFactory, sleeping: Any
) -> tuple[Done, Path]:
    folder = tmp_path_factory.mktemp("rogues")
    arguments = ("rogues", "--limit", "20", "--threads", "1", "--out", str(folder / "results"))
    return zoo_bench(site, *arguments, PIDS=str(folder)), folder


def test_a_model_that_fails_costs_its_own_row_and_nothing_else(rogues: tuple[Done, Path]) -> None:
    done, folder = rogues
    assert done.code == 1
    states = {line.split()[1]: line.split()[0] for line in done.err.splitlines()[:12]}
    well = {"rogues/good", "rogues/chatters"}
    assert states == {
        f"rogues/{name}": "done" if f"rogues/{name}" in well else "failed"
        for name in ROGUES.split()
    }
    assert files(folder / "results") == {f"{name}/tiny-digits-test-first20.json" for name in well}
    for result in read_results(folder / "results"):
        assert result.primary.value == 1
        assert f"{result.subject.model} " in done.out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raises", r"ValueError: it broke in two lines \(zoo_rogues\.py, line \d+\)"),
        ("killed", "killed by SIGKILL, perhaps for want of memory"),
        ("segfaults", "killed by SIGSEGV"),
        ("hoards", r"MemoryError: Unable to allocate .* \(.*, line \d+\)"),
        ("leaves", r"SystemExit: 0 \(zoo_rogues\.py, line \d+\)"),
        ("vanishes", "ended with exit code 0 and no result: now you see me"),
        ("doubts", r"Its answer to example 0 has nan for confidence\."),
        ("skips", r"It gave 19 answers to 20 inputs\."),
        (
            "needy",
            r"zoo_rogues_needy:Needy needs a_package_that_is_not_there: "
            "pip install a_package_that_is_not_there",
        ),
        ("weightless", r"The weights of rogues/weightless are not at '.*nowhere'\."),
    ],
)
def test_the_reason_is_told_in_one_line(name: str, reason: str, rogues: tuple[Done, Path]) -> None:
    start = f"rogues/{name} on tiny-digits failed: "
    (line,) = (line for line in rogues[0].err.splitlines() if line.startswith(start))
    assert re.fullmatch(reason, line.removeprefix(start)), line
    assert name not in rogues[0].out  # failures are on stderr alone


def test_what_a_model_starts_ends_with_it(rogues: tuple[Done, Path]) -> None:
    assert_gone(int((rogues[1] / "child").read_text()))


def test_data_that_are_not_here_cost_a_row_that_names_every_way_to_them(
    installed: None, tmp_path: Path
) -> None:
    (outcome,) = run(plan("sleepers", data="nowhere-digits"), tmp_path, Settings())
    assert outcome.result is None
    assert outcome.failure == (
        "The data set 'nowhere-digits' is not here. To get it: set ZOO_DATA to a folder with "
        "nowhere/<split>.parquet; or pip install no_such_package; or apt-get install no-such-deb."
    )


def test_data_that_cannot_be_read_are_tried_once_and_cost_their_rows(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def broken(*_: Any) -> Any:
        tries.append(1)
        raise RuntimeError("a torn file")

    monkeypatch.setattr(bench, "open_data_set", broken)
    outcomes = list(run(plan("toys"), tmp_path, Settings()))
    assert len(outcomes) == 2
    assert all(o.failure.startswith("RuntimeError: a torn file (") for o in outcomes)
    assert tries == [1]


# --- going on ------------------------------------------------------------------------------------


def test_the_same_command_measures_nothing_again(site: Path, rogues: tuple[Done, Path]) -> None:
    folder = rogues[1] / "results"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    arguments = ("rogues/good", "--limit", "20", "--threads", "1", "--out", str(folder), "--json")
    done = zoo_bench(site, *arguments)
    assert done.code == 0
    assert done.err.splitlines() == ["  kept  rogues/good on tiny-digits"]
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")} == before
    told = json.loads(done.out)
    assert told["failures"] == []
    (facts,) = told["results"]
    stored = to_json(read_result(folder / Subject(**facts["subject"]).path()))
    assert facts == {key: value for key, value in stored.items() if key != "records"}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, installed: None) -> list[Subject]:
    """What `run` would measure, which is planted in place of measuring it."""
    subjects: list[Subject] = []

    def instead(job: Job, subject: Subject, *_: Any) -> Result:
        subjects.append(subject)
        return planted.result(subject.model, subject=subject)

    monkeypatch.setattr(bench, "_run_worker", instead)
    monkeypatch.setattr(bench, "versions", lambda: planted.VERSIONS)
    return subjects


def _go(folder: Path, settings: Settings | None = None, **changes: Any) -> Outcome:
    entry: ModelInfo = replace(info("rogues/good"), **changes)
    (outcome,) = run([Job(entry, "tiny-digits")], folder, settings or Settings(threads=1))
    assert outcome.result is not None, outcome.failure
    return outcome


def test_a_result_of_the_same_subject_is_kept(tmp_path: Path, measured: list[Subject]) -> None:
    first, second = _go(tmp_path), _go(tmp_path)
    assert (first.resumed, second.resumed) == (False, True)
    assert second.result == first.result
    assert len(measured) == 1


def test_a_result_is_measured_anew_if_asked_or_if_a_package_changed(
    tmp_path: Path, measured: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(tmp_path)
    assert not _go(tmp_path, Settings(threads=1, fresh=True)).resumed
    monkeypatch.setattr(bench, "versions", lambda: planted.VERSIONS | {"torch": "9.9"})
    assert not _go(tmp_path).resumed
    assert len(measured) == 3


@pytest.mark.parametrize(
    "settings",
    [
        Settings(threads=1, limit=7),
        Settings(threads=2),
        Settings(threads=1, device="cuda"),
    ],
    ids=str,
)
def test_other_settings_are_measured_anew(
    settings: Settings, tmp_path: Path, measured: list[Subject]
) -> None:
    _go(tmp_path)
    assert not _go(tmp_path, settings).resumed
    assert _go(tmp_path, settings).resumed
    assert len(measured) == 2
    assert measured[1] == replace(
        measured[0], limit=settings.limit, threads=settings.threads, device=settings.device
    )


def test_a_part_does_not_overwrite_the_whole(tmp_path: Path, measured: list[Subject]) -> None:
    _go(tmp_path)
    _go(tmp_path, Settings(threads=1, limit=7))
    assert _go(tmp_path).resumed


@pytest.mark.parametrize("distribution", ["software-zoo", "zoo-rogues"])
def test_another_version_is_measured_anew(
    distribution: str,
    tmp_path: Path,
    measured: list[Subject],
    monkeypatch: pytest.MonkeyPatch,
    site: Path,
) -> None:
    _go(tmp_path)
    if distribution == "software-zoo":
        monkeypatch.setattr(bench, "version", lambda name: "9.9")
    else:
        metadata = site / "zoo_rogues-1.0.dist-info" / "METADATA"
        old = metadata.read_text()
        metadata.write_text(old.replace("Version: 1.0", "Version: 1.1"))
    try:
        assert not _go(tmp_path).resumed
    finally:
        if distribution != "software-zoo":
            metadata.write_text(old)
    was, now = measured
    assert was.version.endswith(" with zoo-rogues 1.0")
    expected = (
        "9.9 with zoo-rogues 1.0"
        if distribution == "software-zoo"
        else was.version.replace("1.0", "1.1", 1)
        if was.version.startswith("1.0")
        else was.version.removesuffix("1.0") + "1.1"
    )
    assert now == replace(was, version=expected)


def test_other_data_are_measured_anew(
    tmp_path: Path, measured: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(tmp_path)
    monkeypatch.setenv("TINY_SHADE", "3")
    assert not _go(tmp_path).resumed
    was, now = measured
    assert was.content_sha256 != now.content_sha256
    assert now == replace(was, content_sha256=now.content_sha256)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_other_weights_or_settings_of_theirs_are_measured_anew(
    name: str, tmp_path: Path, measured: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / f"weights_{len(name)}"  # each its own: a module is imported once
    (package / "folder").mkdir(parents=True)
    (package / "__init__.py").touch()
    for part in ("model.safetensors", "config.json", "README.md"):
        (package / "folder" / part).write_text(part)
    monkeypatch.syspath_prepend(tmp_path)
    results, where = tmp_path / "results", {"weights": f"{package.name}:folder"}
    _go(results, **where)
    (package / "folder" / "README.md").write_text("another card")
    assert _go(results, **where).resumed
    (package / "folder" / name).write_text("another")
    assert not _go(results, **where).resumed
    was, now = measured
    field = "weights" if name == "model.safetensors" else "config"
    assert getattr(was, field) != getattr(now, field)
    assert now == replace(was, **{field: getattr(now, field)})


def test_weights_from_the_hub_are_known_by_their_commit(
    tmp_path: Path, measured: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    for commit in ("0ddba11", "c0ffee"):
        monkeypatch.setattr(bench, "weights_folder", lambda _, c=commit: Path("snapshots", c))
        assert not _go(tmp_path, weights="hub:someone/something").resumed
    assert [one.weights for one in measured] == [
        "hub:someone/something@0ddba11",
        "hub:someone/something@c0ffee",
    ]


@pytest.mark.parametrize("damage", ["cut short", "an older schema", "no JSON", "empty"])
def test_a_damaged_result_is_measured_anew(
    damage: str, tmp_path: Path, measured: list[Subject]
) -> None:
    first = _go(tmp_path)
    path = tmp_path / measured[0].path()
    text = path.read_text()
    path.write_text(
        {
            "cut short": text[: len(text) // 2],
            "an older schema": text.replace('"schema": 1', '"schema": 0'),
            "no JSON": "garbage",
            "empty": "",
        }[damage]
    )
    with pytest.raises(ResultsError):
        read_results(tmp_path)
    assert not _go(tmp_path).resumed
    assert len(measured) == 2
    assert read_result(path) == first.result


# --- interrupted ---------------------------------------------------------------------------------


def test_control_c_stops_at_once_keeps_what_is_done_and_the_next_run_goes_on(
    site: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    arguments = ("sleepers", "--threads", "1", "--out", str(folder))
    process = start(site, *arguments, PIDS=str(tmp_path))
    worker = int(wait_for(tmp_path / "asleep"))
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does
    done = finish(process)
    assert time.monotonic() - began < GONE_WITHIN
    assert done.code == 130
    assert done.err.splitlines()[-1] == (
        f"Interrupted: 1 of 2 results are in {str(folder)!r}; the same command goes on from there."
    )
    assert "Traceback" not in done.err
    assert_gone(worker)
    finished = "sleepers/a-quick/tiny-digits-test.json"
    assert files(folder) == {finished}
    kept = read_result(folder / finished)

    again = zoo_bench(site, *arguments, AWAKE="1")
    assert again.code == 0, again.err
    assert again.err.splitlines() == [
        "  kept  sleepers/a-quick on tiny-digits",
        "  done  sleepers/b-slow on tiny-digits",
    ]
    assert read_result(folder / finished) == kept
    assert len(read_results(folder)) == 2


def test_no_worker_outlives_a_benchmark_that_is_killed(site: Path, tmp_path: Path) -> None:
    arguments = ("sleepers/b-slow", "--threads", "1", "--out", str(tmp_path / "results"))
    process = start(site, *arguments, PIDS=str(tmp_path))
    worker = int(wait_for(tmp_path / "asleep"))
    assert is_running(worker)
    process.kill()
    finish(process)
    assert_gone(worker)


# --- results that cannot be written --------------------------------------------------------------


def test_a_full_disk_ends_the_run_in_one_sentence_and_harms_no_result(
    site: Path, tmp_path: Path
) -> None:
    arguments = ("sleepers", "--threads", "1", "--out", str(tmp_path))
    assert zoo_bench(site, *arguments, AWAKE="1").code == 0
    quick, slow = sorted(tmp_path.rglob("*.json"))
    earlier = read_result(quick)
    slow.unlink()
    # A file may not grow beyond a kilobyte, in this process and all that it starts.
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from zoo.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "bench", *arguments],
        env=plugin_package.environment(site) | {"AWAKE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines() == [
        "  kept  sleepers/a-quick on tiny-digits",
        f"Error: {str(slow)!r} cannot be written: File too large.",
    ]
    assert files(tmp_path) == {str(quick.relative_to(tmp_path))}
    assert read_result(quick) == earlier


def test_a_folder_that_cannot_be_made_is_named(installed: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match=r"file' cannot be made: File exists\.$"):
        list(run(plan("toys"), tmp_path / "file", Settings()))


def test_the_memory_of_the_benchmark_itself_is_not_the_models(
    installed: None, tmp_path: Path
) -> None:
    ballast = bytearray(300 * 2**20)  # a child of this process inherits its largest size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > len(ballast)
    (outcome,) = run([Job(info("rogues/good"), "tiny-digits")], tmp_path, Settings(threads=1))
    assert outcome.result is not None, outcome.failure
    assert outcome.result.peak_memory_bytes < 200 * 2**20
    assert outcome.result == read_result(tmp_path / outcome.result.subject.path())


# The last, so that it has waited while the others ran.
def test_a_model_that_hangs_is_stopped(sleeping: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = sleeping
    done = finish(process)
    assert done.code == 1
    assert (
        "sleepers/b-slow on tiny-digits failed: no sign of life for 15 s, so it was stopped"
        in done.err.splitlines()
    )
    assert files(folder / "results") == {"sleepers/a-quick/tiny-digits-test.json"}
    assert_gone(int((folder / "asleep").read_text()))
