"""Writing a file as a whole or not at all, and parts of a page between their marker lines."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from zoo.errors import ResultsError


def write_atomically(path: Path, content: str | bytes, *, encoding: str = "utf-8") -> None:
    """Write a file so that at every moment either the old or the new one is there.

    encoding: of text. Raises ResultsError.
    """
    data = content.encode(encoding) if isinstance(content, str) else content
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}-", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(data)
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


def markers(part: str) -> tuple[str, str]:
    """The lines that stand before and after a part of a page that is written by a command."""
    return f"<!-- {part}: begin -->", f"<!-- {part}: end -->"


def insert_between_markers(text: str, part: str, content: str) -> str:
    """Replace what stands between the marker lines of a part. Raises ResultsError without them."""
    begin, end = markers(part)
    head, found, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found or not found_end:
        raise ResultsError(f"There are no marker lines {begin!r} and {end!r} to write between.")
    return f"{head}{begin}\n{content}\n{end}{tail}"


def write_between_markers(page: Path, part: str, content: str) -> None:
    """Put content between the marker lines of a part of a page. Raises ResultsError."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ResultsError(f"{str(page)!r} cannot be read: {error}.") from error
    write_atomically(page, insert_between_markers(text, part, content))
