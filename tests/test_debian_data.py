"""Data sets that Debian packages bring."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_entries import data_set
from zoo.data import Example, open_data_set
from zoo.errors import DataNotFoundError
from zoo.sources import SystemPackage


def read_toys(root: Path, split: str) -> Iterator[tuple[str, str]]:
    """The reader that the Debian packages below name."""
    for line in (root / f"usr/share/toys/{split}.txt").read_text().splitlines():
        text, _, label = line.partition(" ")
        yield text, label


TOYS = SystemPackage(
    packages=("toys", "toys-doc"),
    files=("usr/share/toys/test.txt", "usr/share/doc/toys"),
    reader=f"{__name__}:read_toys",
)

# What stands for apt-get here: its packages are files in a folder, its lists a file beside them.
APT = """#!/bin/sh
echo "$@" >> {folder}/calls
case "$*" in
  *update*) touch {folder}/listed ;;
  *)
    [ -e {folder}/listed ] || {{ echo "E: Unable to locate package" >&2; exit 100; }}
    cp {folder}/*.deb . || exit 100 ;;
esac
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for an archive of packages, with an apt-get that knows it."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg-deb, as on Debian")
    folder = tmp_path / "archive"
    folder.mkdir()
    command = tmp_path / "bin" / "apt-get"
    command.parent.mkdir()
    command.write_text(APT.format(folder=folder))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ZOO_OFFLINE")
    for name, path, text in (
        ("toys", "usr/share/toys/test.txt", "one 1\ntwo 2\n"),
        ("toys-doc", "usr/share/doc/toys/README", "Toys."),
    ):
        tree = tmp_path / name
        (tree / path).parent.mkdir(parents=True)
        (tree / path).write_text(text)
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(
            f"Package: {name}\nVersion: 1\nArchitecture: all\n"
            "Maintainer: Nobody <nobody@example.org>\nDescription: toys\n"
        )
        built = ["dpkg-deb", "--build", "--root-owner-group", tree, folder / f"{name}.deb"]
        subprocess.run(built, check=True, capture_output=True)
    return folder


def test_debian_packages_are_fetched_without_installing_them(apt: Path) -> None:
    assert not TOYS.present()
    found = open_data_set(data_set(sources=(TOYS,)))
    assert list(found.examples("test")) == [Example("one", "1"), Example("two", "2")]
    # The lists were wanting: they were fetched into a folder of our own, then used.
    first, update, again = (apt / "calls").read_text().splitlines()
    assert first == "download toys toys-doc"
    assert update.startswith("-o Dir::State::Lists=")
    assert update.endswith(" update")
    assert again == update.replace("update", first)
    # Once there, nobody is asked again.
    shutil.rmtree(apt)
    assert TOYS.present()


def test_a_debian_package_that_cannot_be_had_says_why(apt: Path, tmp_path: Path) -> None:
    for package in apt.glob("*.deb"):
        package.write_bytes(b"no package")
    with pytest.raises(DataNotFoundError, match=r"apt-get install toys toys-doc.*unpacked"):
        open_data_set(data_set(sources=(TOYS,)))
    for package in apt.glob("*.deb"):
        package.unlink()
    with pytest.raises(DataNotFoundError, match="apt-get cannot fetch toys toys-doc: cp"):
        open_data_set(data_set(sources=(TOYS,)))
    assert not TOYS.present()
    assert not any(path.is_file() for path in (tmp_path / "cache").rglob("*"))


@pytest.mark.usefixtures("apt")
def test_without_apt_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as offline:
        offline.setenv("ZOO_OFFLINE", "1")
        assert not TOYS.fetch()
    monkeypatch.setenv("PATH", "/no/such/folder")
    assert not TOYS.fetch()
    with pytest.raises(DataNotFoundError, match=r"To get it: apt-get install toys toys-doc\.$"):
        open_data_set(data_set(sources=(TOYS,)))
