"""model x data set -> Result, each in a process of its own. Prints nothing."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zoo import hub, weights
from zoo.data import content_hash, open_data_set
from zoo.entries import ModelInfo
from zoo.errors import BenchmarkError, ResultsError, WeightsError, ZooError
from zoo.machine import usable_cores
from zoo.registry import data_set_info, resolve, weights_folder
from zoo.results import Result, Subject, read_result

SPLIT = "test"
SUITES = ("offline", "full")
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Job:
    """One model to be measured on one data set."""

    model: ModelInfo
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to measure.

    limit: only the first so many examples of each data set.
    threads: how many threads a model may use.
    stall_seconds: how long a model may be silent before it counts as hanging.
    """

    limit: int | None = None
    threads: int = 0
    device: str = "cpu"
    stall_seconds: float = 600.0

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise BenchmarkError(f"The limit must be at least 1; {self.limit} came.")
        if self.threads < 0:
            raise BenchmarkError(f"The number of threads cannot be {self.threads}.")
        if self.threads == 0:
            object.__setattr__(self, "threads", usable_cores())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: a result, or the reason why there is none.

    resumed: whether the result was there already.
    """

    job: Job
    result: Result | None
    failure: str = ""
    resumed: bool = False


Listener = Callable[[Job, dict[str, Any]], None]


def plan(
    selection: str | None = None, *, suite: str = "offline", data: str | None = None
) -> list[Job]:
    """The jobs that a selection of models means, each pair's baseline before its successor.

    selection: a domain, a model (its baseline comes along), or None for all.
    data: one data set instead of those of the suite.

    Raises UnknownNameError, or BenchmarkError if nothing can be measured.
    """
    if suite not in SUITES:
        raise BenchmarkError(f"There is no suite {suite!r}; there are {' and '.join(SUITES)}.")
    chosen = list(resolve(selection))
    baselines = {model.baseline for model in chosen if model.baseline}
    names = {model.name for model in chosen} | baselines
    wanted = sorted(
        (model for model in resolve(None) if model.name in names),
        key=lambda model: (model.domain, model.generation, model.name),
    )
    if data is not None:
        data_set_info(data)
    jobs = [
        Job(model, name)
        for model in wanted
        for name in model.data
        if (name == data if data else suite == "full" or data_set_info(name).offline)
    ]
    # A baseline that came along is run only where a chosen model is.
    asked = {job.data for job in jobs if job.model in chosen}
    jobs = [job for job in jobs if job.data in asked]
    if not jobs:
        what = selection or "the installed models"
        where = f"data set {data!r}" if data else f"suite {suite!r}"
        raise BenchmarkError(f"Nothing to measure: {what} and the {where} have no data in common.")
    return jobs


def run(
    jobs: Sequence[Job], folder: Path, settings: Settings, listener: Listener | None = None
) -> Iterator[Outcome]:
    """Measure the jobs one after the other; yield each outcome as it comes.

    A result that is in the folder already, of the same subject, is not measured again. A model
    that fails, hangs or is killed yields an Outcome with the reason. KeyboardInterrupt stops the
    model in hand; all results so far are on disk.

    Raises ResultsError if results cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents: dict[str, tuple[str, str]] = {}
    for job in jobs:
        try:
            if job.data not in contents:
                contents[job.data] = _content(job.data)
            content_sha256, title = contents[job.data]
            subject = _subject(job, settings, content_sha256)
        except ZooError as error:
            yield Outcome(job, None, str(error))
            continue
        path = folder / subject.path()
        done = _finished(path, subject)
        if done is not None:
            yield Outcome(job, done, resumed=True)
            continue
        failure = _run_worker(job, subject, title, folder, settings, listener)
        if failure:
            yield Outcome(job, None, failure)
        else:
            yield Outcome(job, read_result(path))


def _content(name: str) -> tuple[str, str]:
    """The content hash of a data set's test split, and what that content is called."""
    source = open_data_set(data_set_info(name))
    found = content_hash(source.info, list(source.examples(SPLIT)))
    return found, source.title({SPLIT: found})


def _subject(job: Job, settings: Settings, content_sha256: str) -> Subject:
    entry = job.model
    if entry.weights is None or entry.weights.startswith(hub.PREFIX):
        identity = entry.weights or "none"
    else:
        path = weights_folder(entry) / weights.ARRAYS
        if not path.is_file():
            raise WeightsError(f"The weights of {entry.name} are not at {str(path)!r}.")
        identity = weights.file_sha256(path)
    return Subject(
        model=entry.name,
        data=job.data,
        split=SPLIT,
        limit=settings.limit,
        content_sha256=content_sha256,
        weights=identity,
        version=version("software-zoo"),
        threads=settings.threads,
        device=settings.device,
    )


def _finished(path: Path, subject: Subject) -> Result | None:
    """The result at the path, if it is whole and of this very subject."""
    if not path.is_file():
        return None
    with suppress(ResultsError):
        result = read_result(path)
        if result.subject == subject:
            return result
    return None


def _run_worker(
    job: Job,
    subject: Subject,
    data_title: str,
    folder: Path,
    settings: Settings,
    listener: Listener | None,
) -> str:
    """Measure in a process of its own; the reason of a failure, or "" for none."""
    request = json.dumps(
        {"subject": asdict(subject), "data_title": data_title, "folder": str(folder)}
    )
    environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(settings.threads))
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "zoo.worker", request],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        )
        try:
            error = _follow(process, job, settings.stall_seconds, listener)
        finally:
            process.kill()
            process.wait()
        if error or process.returncode == 0:
            return error
        log.seek(0)
        return _why(process.returncode, log.read())


def _follow(
    process: subprocess.Popen[str], job: Job, stall_seconds: float, listener: Listener | None
) -> str:
    """Pass events on until the worker ends; the error it told, or that it hung."""
    assert process.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()

    def pump(stream: Iterator[str]) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, args=(process.stdout,), daemon=True).start()
    error = ""
    while True:
        try:
            line = lines.get(timeout=stall_seconds)
        except queue.Empty:
            return f"no sign of life for {stall_seconds:g} s, so it was stopped"
        if line is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=stall_seconds)
            return error
        try:
            event = json.loads(line)
        except ValueError:
            continue  # a library that prints to standard output says nothing to us
        if isinstance(event, dict):
            error = event.get("error", error)
            if listener is not None:
                listener(job, event)


def _why(code: int, log: str) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        hint = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
        return f"killed by {name}{hint}"
    last = [line for line in log.splitlines() if line.strip()]
    return last[-1] if last else f"ended with exit code {code}"
