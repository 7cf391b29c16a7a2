"""Files of Debian packages for who may not install them: fetched by apt, unpacked in a cache.

Works on Debian, Ubuntu and what descends from them, without being root and without touching what
is installed there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from zoo.errors import DataNotFoundError

_TOOLS = ("apt-get", "dpkg-deb")
_SECONDS = 600  # for one command


def unpacked(packages: Sequence[str]) -> Path:
    """The folder that stands for the root of the file system, where these were fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "zoo" / "debian" / "+".join(packages)


def fetch(packages: Sequence[str]) -> bool:
    """Bring the packages' files where `unpacked` says, whole or not at all.

    False where there is no apt, or where the variable ZOO_OFFLINE is set. apt checks what it
    fetches against the distribution's signatures. Raises DataNotFoundError if that fails.
    """
    if os.environ.get("ZOO_OFFLINE") or not all(map(shutil.which, _TOOLS)):
        return False
    root = unpacked(packages)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".debian-") as there:
        folder = Path(there)
        # A container may come without package lists, and only root may write the system's own.
        own = folder / "lists"
        (own / "partial").mkdir(parents=True)
        lists = ["-o", f"Dir::State::Lists={own}"]
        if _run(["apt-get", "download", *packages], folder):
            again = _run(["apt-get", *lists, "update"], folder) or _run(
                ["apt-get", *lists, "download", *packages], folder
            )
            if again:
                raise DataNotFoundError(f"apt-get cannot fetch {' '.join(packages)}: {again}")
        new = folder / "new"
        for package in sorted(folder.glob("*.deb")):
            failed = _run(["dpkg-deb", "--extract", str(package), str(new)], folder)
            if failed:
                raise DataNotFoundError(f"{package.name} cannot be unpacked: {failed}")
        shutil.rmtree(root, ignore_errors=True)
        new.rename(root)
    return True


def _run(command: list[str], folder: Path) -> str:
    """Why the command failed, or nothing if it did not."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"},
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
