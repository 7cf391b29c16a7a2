"""Wheels: what pip is asked for, what is kept of its answer, and how files are read out of one."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from zoo import wheels
from zoo.errors import DataError, DataNotFoundError
from zoo.wheels import Members, Wheel


def _zip(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


CONTENT = _zip({"b/two.txt": b"2", "a/one.txt": b"1", "a/": b""})
TINY = Wheel(
    project="tiny",
    version="1.0",
    file="tiny-1.0-py3-none-any.whl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


class FakePip:
    """In pip's place: brings `files`, or fails with `error`; keeps what it was asked."""

    def __init__(self, files: dict[str, bytes], error: str = "") -> None:
        self.files = files
        self.error = error
        self.commands: list[list[str]] = []
        self.requirements = ""

    def __call__(self, command: list[str], *, cwd: Path, **_: Any) -> Any:
        self.commands.append(command)
        self.requirements = Path(command[command.index("--requirement") + 1]).read_text()
        for name, data in self.files.items():
            (cwd / name).write_bytes(data)
        return subprocess.CompletedProcess(command, 1 if self.error else 0, "", self.error)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("ZOO_OFFLINE", raising=False)
    return tmp_path / "zoo"


def _pip(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], error: str = "") -> FakePip:
    pip = FakePip(files, error)
    monkeypatch.setattr(subprocess, "run", pip)
    return pip


def test_pip_is_asked_for_the_pinned_file_and_to_run_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pip = _pip(monkeypatch, {TINY.file: CONTENT})
    assert wheels.fetch(TINY)
    (command,) = pip.commands
    assert command[:3] == [sys.executable, "-m", "pip"]
    assert {"download", "--no-deps", "--only-binary=:all:", "--require-hashes"} <= set(command)
    assert pip.requirements == f"tiny==1.0 --hash=sha256:{TINY.sha256}\n"
    assert TINY.path().read_bytes() == CONTENT


def test_what_is_here_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pip = _pip(monkeypatch, {TINY.file: CONTENT})
    assert wheels.fetch(TINY)
    assert wheels.fetch(TINY)
    assert len(pip.commands) == 1


def test_nothing_is_fetched_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    pip = _pip(monkeypatch, {TINY.file: CONTENT})
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    assert not wheels.fetch(TINY)
    assert not pip.commands


@pytest.mark.parametrize(
    ("files", "error", "said"),
    [
        ({TINY.file: CONTENT}, "WARNING: slow\nERROR: no network\n", "ERROR: no network"),
        ({TINY.file: CONTENT[:-9]}, "", "is not the file that was pinned"),
        ({"other.whl": CONTENT}, "", f"it brought no {TINY.file}"),
    ],
)
def test_a_failure_is_told_and_leaves_nothing(
    files: dict[str, bytes], error: str, said: str, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    _pip(monkeypatch, files, error)
    with pytest.raises(DataNotFoundError, match=f"tiny 1.0: .*{said}"):
        wheels.fetch(TINY)
    assert list((own_cache / "wheels").iterdir()) == []


def test_a_pip_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], **options: Any) -> Any:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(DataNotFoundError, match="no end after"):
        wheels.fetch(TINY)


def test_members_are_read_by_name() -> None:
    TINY.path().parent.mkdir(parents=True)
    TINY.path().write_bytes(CONTENT)
    with Members(TINY) as files:
        assert files.names == ["a/one.txt", "b/two.txt"]
        assert files.read("b/two.txt") == b"2"
        with pytest.raises(DataError, match="three"):
            files.read("three")


def test_a_missing_or_broken_wheel_is_told() -> None:
    with pytest.raises(DataNotFoundError, match=r"tiny 1\.0"):
        Members(TINY)
    TINY.path().parent.mkdir(parents=True)
    TINY.path().write_bytes(b"no zip")
    with pytest.raises(DataError, match="cannot be read"):
        Members(TINY)
