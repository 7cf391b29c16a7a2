"""Packages to be measured, and benchmarks of them that several files look at."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import plugin_package
from tests.bench.command import (
    Done,
    start,
    zoo_bench,
)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = plugin_package.install(tmp_path_factory.mktemp("site packages"))
    return plugin_package.install_rogues(folder)


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch, fresh_registry: None) -> None:
    """The packages are seen by this very process."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.delenv("ZOO_DATA", raising=False)


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def toys(site: Path, tmp_path_factory: pytest.TempPathFactory, sleeping: Any) -> tuple[Done, Path]:
    """`zoo bench toys` on a narrow terminal, and its results."""
    folder = tmp_path_factory.mktemp("toys") / "results"
    arguments = ("toys", "--limit", "40", "--threads", "1", "--out", str(folder))
    return zoo_bench(site, *arguments), folder


@pytest.fixture(scope="package")
def rogues(
    site: Path, tmp_path_factory: pytest.TempPathFactory, sleeping: Any
) -> tuple[Done, Path]:
    folder = tmp_path_factory.mktemp("rogues")
    arguments = ("rogues", "--limit", "20", "--threads", "1", "--out", str(folder / "results"))
    return zoo_bench(site, *arguments, PIDS=str(folder)), folder
