"""A benchmark that ends well, and one whose results cannot be written."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests import plugin_package
from tests.bench.command import (
    Done,
    assert_gone,
    files,
    finish,
    zoo_bench,
)
from zoo import metrics
from zoo.bench import Job, Settings, plan, run
from zoo.errors import ResultsError
from zoo.registry import data_set_info, info
from zoo.report import conditions, ordered, pair_sentence, row
from zoo.results import pairs, read_result, read_results
from zoo.tasks import task

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
