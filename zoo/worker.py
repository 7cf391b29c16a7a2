"""One model on one data set, measured in a process of its own.

Run as `python -m zoo.worker JOB` by `zoo.bench`, so that peak memory and load time are the
model's own, and so that a crash costs nothing else. JOB is a JSON object; each line on standard
output is a JSON object that tells how far it is; the result goes to the file that JOB names.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from zoo import machine, metrics, weights
from zoo.data import Example
from zoo.errors import ZooError
from zoo.model import Model
from zoo.registry import data_set, info, load, weights_folder
from zoo.results import Result, Subject, Timing, write_result
from zoo.tasks import Task, task

LATENCY_SAMPLES = 300
LATENCY_SECONDS = 20.0
WARM_UP = 5
_VERSIONED = (
    "software-zoo",
    "numpy",
    "pillow",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "torch",
    "transformers",
)


def measure(subject: Subject, data_title: str) -> Result:
    """Load the model, time it, score it. Raises whatever the model raises."""
    entry = info(subject.model)
    job = task(entry.task)
    _say(step="reading data")
    examples = list(data_set(subject.data).examples(subject.split, limit=subject.limit))
    _say(step="loading")
    began = time.perf_counter()
    model = load(subject.model, device=subject.device)
    load_seconds = time.perf_counter() - began
    _say(step="timing")
    latencies = _latencies(model, examples)
    records, batch_seconds = _answers(model, job, examples)
    p50, p95, p99 = np.quantile(latencies, (0.5, 0.95, 0.99)).tolist()
    return Result(
        subject=subject,
        task=entry.task,
        generation=str(entry.generation),
        baseline=entry.baseline,
        data_title=data_title,
        count=len(examples),
        scores={metric.name: metrics.score(metric, records) for metric in job.metrics},
        timing=Timing(
            latency_p50=p50,
            latency_p95=p95,
            latency_p99=p99,
            latency_count=len(latencies),
            batch_size=model.batch_size,
            per_second=len(examples) / batch_seconds,
            load_seconds=load_seconds,
        ),
        peak_memory_bytes=_peak_memory_bytes(),
        weights_bytes=weights.folder_bytes(weights_folder(entry)) if entry.weights else 0,
        parameters=entry.parameters,
        machine=machine.describe(),
        versions=_versions(),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        records=records,
    )


def _latencies(model: Model, examples: list[Example]) -> list[float]:
    for example in examples[:WARM_UP]:
        model.predict(example.input)
    latencies: list[float] = []
    deadline = time.perf_counter() + LATENCY_SECONDS
    for example in examples[:LATENCY_SAMPLES]:
        began = time.perf_counter()
        model.predict(example.input)
        ended = time.perf_counter()
        latencies.append(ended - began)
        if ended > deadline:
            break
    return latencies


def _answers(
    model: Model, job: Task, examples: list[Example]
) -> tuple[dict[str, list[Any]], float]:
    """What the model answers to all examples, by column, and the seconds that it took."""
    size = model.batch_size
    model.predict_batch([example.input for example in examples[:size]])  # warm-up of this shape
    columns: dict[str, list[Any]] = {}
    seconds = 0.0
    for start in range(0, len(examples), size):
        batch = examples[start : start + size]
        began = time.perf_counter()
        predictions = model.predict_batch([example.input for example in batch])
        seconds += time.perf_counter() - began
        for example, prediction in zip(batch, predictions, strict=True):
            for name, value in job.record(prediction, example.target).items():
                columns.setdefault(name, []).append(value)
        _say(step="answering", done=start + len(batch), total=len(examples))
    return columns, seconds


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024  # Linux counts in KiB


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _say(**event: Any) -> None:
    print(json.dumps(event), flush=True)


def main() -> int:
    job = json.loads(sys.argv[1])
    try:
        result = measure(Subject(**job["subject"]), job["data_title"])
    except ZooError as error:
        _say(error=str(error))
        return 1
    write_result(Path(job["folder"]), result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
