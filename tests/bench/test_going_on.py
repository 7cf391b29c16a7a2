"""The same command again: what is kept and what is measured anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import planted
from tests.bench.command import (
    Done,
    zoo_bench,
)
from zoo import bench
from zoo.bench import Job, Outcome, Settings, run
from zoo.entries import ModelInfo
from zoo.errors import ResultsError
from zoo.registry import info
from zoo.results import Result, Subject, read_result, read_results, to_json


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
