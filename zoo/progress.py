"""How long work tells where it is: a bar on stderr, and one JSON line per event in a log."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterable, Iterator, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zoo.terminal import console, watched

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

LOG = "log.jsonl"


@functools.cache
def _console() -> Console:
    """One for all: a line that is logged and a bar that is drawn make room for each other."""
    return console(stderr=True)


class Progress:
    """Handed to every `fit`.

    show: whether bars and log lines are drawn on stderr.
    log_file: where `log` appends; None keeps nothing.
    """

    def __init__(self, *, show: bool = False, log_file: Path | None = None) -> None:
        self.show = show
        self.log_file = log_file
        self._began = time.monotonic()

    @classmethod
    def kept_in(cls, workspace: Path | None, *, show: bool) -> Progress:
        """One whose log is in a folder, which is made if it is not there; None keeps none."""
        if workspace is None:
            return cls(show=show)
        workspace.mkdir(parents=True, exist_ok=True)
        return cls(show=show, log_file=workspace / LOG)

    def track(
        self, iterable: Iterable[T], description: str, *, total: int | None = None
    ) -> Iterator[T]:
        """Yield from `iterable` under a progress bar, where there is somebody to look at it."""
        if not self.show or not (watched(_console()) or _console().is_jupyter):
            yield from iterable
            return
        from rich.progress import track

        if total is None and isinstance(iterable, Sized):
            total = len(iterable)
        yield from track(iterable, description, total=total, console=_console(), transient=True)

    def log(self, **values: Any) -> None:
        """Record one event: appended to the log file as JSON, and shown."""
        seconds = round(time.monotonic() - self._began, 1)
        if self.log_file is not None:
            with self.log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"at_seconds": seconds, **values}) + "\n")
        if self.show:
            facts = "  ".join(
                f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                for name, value in values.items()
            )
            _console().print(f"{seconds:7.0f} s  {facts}", soft_wrap=not watched(_console()))
