"""`zoo bench` as a process of its own, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests import plugin_package

GONE_WITHIN = 10.0  # seconds; generous, for a machine that is busy


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


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
