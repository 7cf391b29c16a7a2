"""One model on one data set, measured in a process of its own.

Run as `python -m zoo.worker JOB` by `zoo.bench`, so that peak memory and load time are the
model's own, and so that a crash costs nothing else. JOB is a JSON object; each line on standard
output is a JSON object that tells how far it is; the last one holds the result or the error.
"""

from __future__ import annotations

import json
import math
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from zoo import machine, metrics, weights
from zoo.data import Example
from zoo.errors import BenchmarkError, ZooError
from zoo.model import Model
from zoo.registry import data_set, info, load, weights_folder
from zoo.results import Result, Subject, Timing, to_json
from zoo.tasks import Task, task

LATENCY_SAMPLES = 300
LATENCY_SECONDS = 20.0
FIRST_SAMPLES = 20
WARM_UP = 5
SEED = 0
_LONGEST_REASON = 300

Say = Callable[..., None]


def measure(subject: Subject, data_title: str, say: Say) -> Result:
    """Load the model, time it, score it. Raises whatever the model raises."""
    entry = info(subject.model)
    job = task(entry.task)
    here = machine.describe(subject.device)
    say(step="loading")
    # Before the examples are read: their reader may import what the model needs, and take more
    # memory for a moment than the model ever does.
    began = time.perf_counter()
    model = load(subject.model, device=subject.device)
    load_seconds = time.perf_counter() - began
    peak_of_loading = machine.peak_memory_bytes()
    say(step="reading data")
    examples = list(data_set(subject.data).examples(subject.split, limit=subject.limit))
    if not examples:
        raise BenchmarkError(f"The split {subject.split!r} of {subject.data} has no examples.")
    machine.forget_peak_memory()
    latencies = _latencies(model, examples, subject.options, say)
    first_p50 = _first_p50(model, job, examples, subject.options, say)
    records, batch_seconds = _answers(model, job, examples, subject.options, say)
    peak = max(peak_of_loading, machine.peak_memory_bytes())
    say(step="scoring")
    scores = {metric.name: metrics.score(metric, records, seed=SEED) for metric in job.metrics}
    for name, score in scores.items():
        if not all(map(math.isfinite, (score.value, score.low, score.high))):
            raise BenchmarkError(f"Its {name} is not a number.")
    p50, p95, p99 = np.quantile(latencies, (0.5, 0.95, 0.99)).tolist()
    return Result(
        subject=subject,
        task=entry.task,
        generation=str(entry.generation),
        baseline=entry.baseline_on(subject.data),
        data_title=data_title,
        count=len(examples),
        scores=scores,
        seed=SEED,
        timing=Timing(
            latency_p50=p50,
            latency_p95=p95,
            latency_p99=p99,
            latency_count=len(latencies),
            batch_size=model.batch_size,
            per_second=len(examples) / batch_seconds,
            load_seconds=load_seconds,
            first_p50=first_p50,
        ),
        peak_memory_bytes=peak,
        weights_bytes=weights.folder_bytes(weights_folder(entry)) if entry.weights else 0,
        parameters=entry.parameters,
        machine=here,
        versions=machine.versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        records=records,
        latencies=[float(f"{seconds:.4g}") for seconds in latencies],
    )


def _latencies(
    model: Model, examples: list[Example], options: Mapping[str, Any], say: Say
) -> list[float]:
    for done, example in enumerate(examples[:WARM_UP]):
        say(step="warming up", done=done, total=min(WARM_UP, len(examples)))
        model.predict(example.input, **options)
    say(step="timing")
    latencies: list[float] = []
    told = time.perf_counter()
    deadline = told + LATENCY_SECONDS
    for example in examples[:LATENCY_SAMPLES]:
        began = time.perf_counter()
        model.predict(example.input, **options)
        ended = time.perf_counter()
        latencies.append(ended - began)
        if ended > deadline:
            break
        if ended > told + 1:  # seldom, so that telling does not cool the caches of a fast model
            say(step="timing", done=len(latencies), total=min(LATENCY_SAMPLES, len(examples)))
            told = ended
    return latencies


def _first_p50(
    model: Model, job: Task, examples: list[Example], options: Mapping[str, Any], say: Say
) -> float | None:
    """The median of the seconds until the first part of an answer; None if it has no parts."""
    if job.first is None:
        return None
    seconds: list[float] = []
    for example in examples[:FIRST_SAMPLES]:
        say(step="timing", done=len(seconds), total=min(FIRST_SAMPLES, len(examples)))
        began = time.perf_counter()
        if job.first(model, example.input, options) is None:
            return None
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def _answers(
    model: Model, job: Task, examples: list[Example], options: Mapping[str, Any], say: Say
) -> tuple[dict[str, list[Any]], float]:
    """What the model answers to all examples, by column, and the seconds that it took."""
    size = model.batch_size
    first = [example.input for example in examples[:size]]
    model.predict_batch(first, **options)  # warm-up of this shape
    inputs = [example.input for example in examples]
    record = job.record if job.recorder is None else job.recorder(inputs)
    columns: dict[str, list[Any]] = {}
    seconds = 0.0
    for start in range(0, len(examples), size):
        batch = examples[start : start + size]
        began = time.perf_counter()
        predictions = model.predict_batch([example.input for example in batch], **options)
        seconds += time.perf_counter() - began
        if len(predictions) != len(batch):
            raise BenchmarkError(f"It gave {len(predictions)} answers to {len(batch)} inputs.")
        for position, (example, prediction) in enumerate(zip(batch, predictions, strict=True)):
            for name, value in record(prediction, example.target).items():
                if isinstance(value, float) and not math.isfinite(value):
                    raise BenchmarkError(
                        f"Its answer to example {start + position} has {value} for {name}."
                    )
                columns.setdefault(name, []).append(value)
        say(step="answering", done=start + len(batch), total=len(examples))
    return columns, seconds


def reason(error: BaseException) -> str:
    """Why something failed, in one line: our own sentence, or the kind, text and place."""
    if isinstance(error, ZooError):
        return str(error)
    text = " ".join(str(error).split())
    if len(text) > _LONGEST_REASON:
        text = f"{text[:_LONGEST_REASON]}…"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{place}"


def _take_streams() -> Say:
    """Keep standard output for events alone, and end when the benchmark does; how to tell events.

    What a model prints goes to standard error, and it finds nothing to read. The benchmark holds
    the other end of standard input: when that closes, nobody waits for this process any more.
    """
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    lifeline = os.dup(0)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

    def say(**event: Any) -> None:
        print(json.dumps(event), file=events, flush=True)

    return say


def main() -> None:
    job = json.loads(sys.argv[1])
    say = _take_streams()
    try:
        result = measure(Subject(**job["subject"]), job["data_title"], say)
        say(result=to_json(result))
    except BaseException as error:  # a model may raise anything, SystemExit included
        say(error=reason(error))


if __name__ == "__main__":
    main()
