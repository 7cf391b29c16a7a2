"""What a model that fails, hangs or is interrupted costs: its own row."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench.command import (
    GONE_WITHIN,
    Done,
    assert_gone,
    files,
    finish,
    is_running,
    start,
    wait_for,
    zoo_bench,
)
from zoo import bench
from zoo.bench import Settings, plan, run
from zoo.results import read_result, read_results

ROGUES = (
    "chatters doubts good hoards killed leaves needy raises segfaults skips vanishes weightless"
)


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
