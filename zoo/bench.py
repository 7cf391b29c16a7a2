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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import IO, Any

from zoo import hub, weights
from zoo.data import content_hash, open_data_set
from zoo.entries import ModelInfo
from zoo.errors import BenchmarkError, ResultsError, WeightsError
from zoo.machine import usable_cores, versions
from zoo.options import with_options
from zoo.registry import ENTRY_POINTS, data_set_info, resolve, weights_folder
from zoo.results import Result, Subject, from_json, read_result, write_result
from zoo.worker import reason

SPLIT = "test"
SUITES = ("offline", "full")
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_POLL_SECONDS = 1.0
_PARTING_SECONDS = 5.0  # for a model to clean up after itself


@dataclass(frozen=True, slots=True)
class Job:
    """One model to be measured on one data set.

    options: of `predict`; none means the model's defaults.
    """

    model: ModelInfo
    data: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def title(self) -> str:
        """What is measured on what, for people."""
        return f"{with_options(self.model.name, self.options)} on {self.data}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to measure.

    limit: only the first so many examples of each data set.
    threads: how many threads a model may use; 0 means as many as there are cores.
    device: one that a model can be told to use; not "auto", for a result must say which it was.
    stall_seconds: how long a model may be silent before it counts as hanging.
    """

    limit: int | None = None
    threads: int = 0
    device: str = "cpu"
    stall_seconds: float = 600.0
    fresh: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise BenchmarkError(f"The limit must be at least 1; {self.limit} came.")
        if self.threads < 0:
            raise BenchmarkError(f"The number of threads cannot be {self.threads}.")
        if self.device == "auto":
            raise BenchmarkError("Name the device to measure on, such as cpu or cuda, not auto.")
        if not self.stall_seconds > 0:  # so that NaN is refused too
            raise BenchmarkError(
                f"The seconds of silence must be more than 0; {self.stall_seconds:g} came."
            )
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
    selection: str | None = None,
    *,
    suite: str = "offline",
    data: str | None = None,
    options: Mapping[str, Any] | None = None,
    with_hub: bool = False,
) -> list[Job]:
    """The jobs that a selection of models means, each pair's baseline before its successor.

    Each model is measured with its defaults, then with each of its variants.

    selection: a domain, a model (its baseline comes along), or None for all.
    data: one data set instead of those of the suite.
    options: of `predict`; the selected models are then measured with these and nothing else, and
        a baseline that comes along with its defaults, which is what they are compared with.
    with_hub: also the models whose weights are on the Hub, which can be gigabytes. One that is
        selected by its name is measured in any case.

    Raises UnknownNameError, or BenchmarkError if nothing can be measured.
    """
    if suite not in SUITES:
        raise BenchmarkError(f"There is no suite {suite!r}; there are {' and '.join(SUITES)}.")
    chosen = [
        model
        for model in resolve(selection)
        if with_hub or model.name == selection or not (model.weights or "").startswith(hub.PREFIX)
    ]
    baselines = {name for model in chosen for name in model.all_baselines}
    names = {model.name for model in chosen} | baselines
    wanted = sorted(
        (model for model in resolve(None) if model.name in names),
        key=lambda model: (model.domain, model.generation, model.name),
    )
    if data is not None:
        data_set_info(data)

    def ways(model: ModelInfo) -> Sequence[Mapping[str, Any]]:
        if options:
            return [options if model in chosen else {}]
        return [{}, *model.variants]

    jobs = [
        Job(model, name, way)
        for model in wanted
        for name in model.data
        if (name == data if data else suite == "full" or data_set_info(name).offline)
        for way in ways(model)
    ]
    # A baseline that came along is run only where a chosen model is.
    asked = {job.data for job in jobs if job.model in chosen}
    jobs = [job for job in jobs if job.data in asked]
    if not jobs:
        what = selection or "the installed models"
        where = f"data set {data!r}" if data else f"suite {suite!r}"
        raise BenchmarkError(f"Nothing to measure: {what} and the {where} have no data in common.")
    return jobs


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of a data set's test split: its hash and name, or why it cannot be read."""

    sha256: str
    title: str
    failure: str = ""


def run(
    jobs: Sequence[Job], folder: Path, settings: Settings, listener: Listener | None = None
) -> Iterator[Outcome]:
    """Measure the jobs one after the other; yield each outcome as it comes.

    A result that is in the folder already, of the same subject, is not measured again. A model
    that fails, hangs or is killed yields an Outcome with the reason. KeyboardInterrupt stops the
    model in hand; all results so far are on disk.

    Raises ResultsError if results cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"{str(folder)!r} cannot be made: {error.strerror}.") from error
    contents: dict[str, _Content] = {}
    for job in jobs:
        if job.data not in contents:
            if listener is not None:
                listener(job, {"step": "checking the data"})
            contents[job.data] = _content(job.data)
        content = contents[job.data]
        if content.failure:
            yield Outcome(job, None, content.failure)
            continue
        try:
            subject = _subject(job, settings, content.sha256)
        except Exception as error:  # a third party's entry can be wrong in any way
            yield Outcome(job, None, reason(error))
            continue
        done = None if settings.fresh else _finished(folder / subject.path(), subject)
        if done is not None:
            yield Outcome(job, done, resumed=True)
            continue
        told = _run_worker(job, subject, content.title, settings, listener)
        if isinstance(told, str):
            yield Outcome(job, None, told)
        else:
            write_result(folder, told)
            yield Outcome(job, told)


def _content(name: str) -> _Content:
    try:
        source = open_data_set(data_set_info(name))
        found = content_hash(source.info, list(source.examples(SPLIT)))
    except Exception as error:  # files can be broken in any way
        return _Content("", "", reason(error))
    return _Content(found, source.title({SPLIT: found}))


def _subject(job: Job, settings: Settings, content_sha256: str) -> Subject:
    identity, config = _weights(job.model)
    return Subject(
        model=job.model.name,
        data=job.data,
        split=SPLIT,
        limit=settings.limit,
        content_sha256=content_sha256,
        weights=identity,
        config=config,
        version=_version(job.model),
        threads=settings.threads,
        device=settings.device,
        options=dict(job.options),
    )


def _weights(entry: ModelInfo) -> tuple[str, str | None]:
    """What `Subject.weights` and `Subject.config` say of a model."""
    if entry.weights is None:
        return "none", None
    folder = weights_folder(entry)
    if entry.weights.startswith(hub.PREFIX):
        repo, _ = hub.parse(entry.weights)
        return f"{hub.PREFIX}{repo}@{folder.name}", None  # the cache names a snapshot by its commit
    arrays, config = folder / weights.ARRAYS, folder / weights.CONFIG
    if not (arrays.is_file() and config.is_file()):
        raise WeightsError(f"The weights of {entry.name} are not at {str(folder)!r}.")
    return weights.file_sha256(arrays), weights.file_sha256(config)


def _version(entry: ModelInfo) -> str:
    own = version("software-zoo")
    package = entry.entry.partition(":")[0].partition(".")[0]
    for point in entry_points(group=ENTRY_POINTS):
        if point.module.partition(".")[0] == package != "zoo" and point.dist is not None:
            return f"{own} with {point.dist.name} {point.dist.version}"
    return own


def _finished(path: Path, subject: Subject) -> Result | None:
    """The result at the path, if it is whole and of this very subject."""
    if not path.is_file():
        return None
    with suppress(ResultsError):
        result = read_result(path)
        if result.subject == subject and result.versions == versions():
            return result
    return None


def _run_worker(
    job: Job,
    subject: Subject,
    data_title: str,
    settings: Settings,
    listener: Listener | None,
) -> Result | str:
    """Measure in a process of its own: the result, or the reason why there is none."""
    request = json.dumps({"subject": asdict(subject), "data_title": data_title})
    environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(settings.threads))
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "zoo.worker", request],
            stdin=subprocess.PIPE,  # stays open, and empty, for as long as the result is wanted
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            process_group=0,  # so that what the model starts can be ended with it
        )
        try:
            last = _follow(process, job, settings.stall_seconds, listener)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_PARTING_SECONDS if last is not None else 0)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
        if last is None:
            return f"no sign of life for {settings.stall_seconds:g} s, so it was stopped"
        if "result" in last:
            try:
                return from_json(last["result"])
            except ResultsError as error:
                return str(error)
        log.seek(0)
        return str(last["error"]) if "error" in last else _why(process.returncode, log.read())


def _follow(
    process: subprocess.Popen[str], job: Job, stall_seconds: float, listener: Listener | None
) -> dict[str, Any] | None:
    """Pass events on until the worker ends.

    Returns its last event, which holds the result or the error; {} if it ended without one; None
    if it hangs.
    """
    assert process.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()

    def pump(stream: IO[str]) -> None:
        with stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, args=(process.stdout,), daemon=True).start()
    heard = time.monotonic()
    while True:
        try:
            line = lines.get(timeout=min(stall_seconds, _POLL_SECONDS))
        except queue.Empty:
            if process.poll() is not None:  # what it started still holds the pipe
                return {}
            if time.monotonic() - heard >= stall_seconds:
                return None
            continue
        if line is None:
            return {}
        heard = time.monotonic()
        try:
            event = json.loads(line)
        except ValueError:  # killed within a line
            continue
        if "result" in event or "error" in event:
            return dict(event)
        if listener is not None:
            listener(job, event)


def _why(code: int, log: str) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"killed by {name}{', perhaps for want of memory' if name == 'SIGKILL' else ''}"
    said = [line.strip() for line in log.splitlines() if line.strip()]
    return f"ended with exit code {code} and no result{f': {said[-1]}' if said else ''}"
