"""Files in wheels of the Python package index: fetched by pip, kept in a cache, never installed.

A wheel is pinned by its SHA-256, so that what is read here is what was read when it was pinned. A
source distribution has no place here: pip runs its build script merely to look at it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import DataError, DataNotFoundError

_SECONDS = 600  # for one wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """One file on the package index.

    sha256: of the file, in hexadecimal.
    """

    project: str
    version: str
    file: str
    sha256: str

    def path(self) -> Path:
        """Where the file lies once it is fetched."""
        return cache() / "wheels" / self.file


def cache() -> Path:
    """The folder for what can be fetched or made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoo"


def fetch(wheel: Wheel) -> bool:
    """Bring a wheel into the cache, whole or not at all; whether it is there now.

    Nothing is fetched where the variable ZOO_OFFLINE is set. Raises DataNotFoundError if pip
    cannot fetch it, or if it is not the file that was pinned.
    """
    path = wheel.path()
    if path.is_file():
        return True
    if os.environ.get("ZOO_OFFLINE"):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".wheel-") as there:
        folder = Path(there)
        failed = _download(wheel, folder)
        new = folder / wheel.file
        if not failed and not new.is_file():
            failed = f"it brought no {wheel.file}"
        if not failed and _sha256(new) != wheel.sha256:
            failed = f"{wheel.file} is not the file that was pinned"
        if failed:
            raise DataNotFoundError(f"pip cannot fetch {wheel.project} {wheel.version}: {failed}")
        new.replace(path)
    return True


class Members:
    """The files inside a wheel in the cache, read one by one; a context manager.

    names: sorted, without folders. Raises DataNotFoundError if the wheel is not in the cache,
    DataError if it is broken.
    """

    def __init__(self, wheel: Wheel) -> None:
        self._path = wheel.path()
        try:
            self._archive = zipfile.ZipFile(self._path)
        except FileNotFoundError:
            raise DataNotFoundError(
                f"There is no {str(self._path)!r}; it is {wheel.project} {wheel.version}."
            ) from None
        except (zipfile.BadZipFile, OSError) as error:
            raise DataError(f"{str(self._path)!r} cannot be read: {error}.") from error
        self.names = sorted(name for name in self._archive.namelist() if not name.endswith("/"))

    def read(self, name: str) -> bytes:
        """The content of one file. Raises DataError."""
        try:
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise DataError(f"{name} in {str(self._path)!r} cannot be read: {error}.") from error

    def __enter__(self) -> Members:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(wheel: Wheel, folder: Path) -> str:
    """Why pip could not bring the wheel into the folder, or nothing if it did not fail."""
    pinned = folder / "requirements.txt"
    pinned.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--ignore-requires-python"]  # it is only read: it need not run on this Python
    command += ["--require-hashes", "--requirement", str(pinned), "--dest", str(folder)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {_SECONDS} s"
    if done.returncode == 0:
        return ""
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return said[-1] if said else f"exit code {done.returncode}"
