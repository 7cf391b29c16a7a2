"""Writing a file as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from zoo.errors import ResultsError


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that at every moment either the old or the new one is there."""
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise ResultsError(
            f"{str(path)!r} cannot be written: {error.strerror or error}."
        ) from error
    finally:  # also when interrupted
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
