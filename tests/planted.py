"""Results made by hand, whose scores and comparisons are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zoo import metrics
from zoo.results import Result, Subject, Timing
from zoo.tasks import task

VERSIONS = {"python": "3.11.7", "torch": "2.6.0", "software-zoo": "0.1.0"}
MACHINE = {
    "cpu": "Test CPU",
    "cores": 2,
    "memory_bytes": 8 * 2**30,
    "system": "Linux 6",
    "load_average": 0.1,
}


def right_on(*good: range, count: int = 100) -> list[bool]:
    """Right on the examples of the given ranges, wrong on the others of `count`."""
    return [any(i in some for some in good) for i in range(count)]


def records(right: Sequence[bool], probability: float = 0.75) -> dict[str, list[Any]]:
    return {
        "target": [str(i % 10) for i in range(len(right))],
        "label": [str(i % 10 if good else (i + 1) % 10) for i, good in enumerate(right)],
        "confidence": [probability] * len(right),
        "target_probability": [probability if good else 1 - probability for good in right],
    }


def subject(model: str = "toys/written", **changes: Any) -> Subject:
    one = Subject(
        model=model,
        data="tiny-digits",
        split="test",
        limit=None,
        content_sha256="c0ffee",
        weights="beef",
        config="feed",
        version="0.1.0",
        threads=2,
        device="cpu",
    )
    return replace(one, **changes)


def result(
    model: str = "toys/written",
    right: Sequence[bool] | None = None,
    *,
    baseline: str | None = None,
    latency: float = 0.002,
    about: dict[str, Any] | None = None,
    **changes: Any,
) -> Result:
    """A whole result; `about` changes its subject, `changes` the rest."""
    columns = records(right_on(range(80)) if right is None else right)
    one = Result(
        subject=subject(model, **(about or {})),
        task="image-classification",
        generation="2.0" if baseline else "1.0",
        baseline=baseline,
        data_title="Tiny digits",
        count=len(columns["target"]),
        scores={
            metric.name: metrics.score(metric, columns)
            for metric in task("image-classification").metrics
        },
        seed=0,
        timing=Timing(
            latency_p50=latency,
            latency_p95=latency * 1.5,
            latency_p99=latency * 10,
            latency_count=100,
            batch_size=64,
            per_second=1234.5,
            load_seconds=0.5,
        ),
        peak_memory_bytes=300 * 2**20,
        weights_bytes=3 * 2**20 // 2,
        parameters=1000,
        machine=MACHINE,
        versions=VERSIONS,
        finished="2026-01-02T03:04:05+00:00",
        records=columns,
    )
    return replace(one, **changes)


def pair(
    learned: Sequence[bool],
    written: Sequence[bool],
    *,
    latencies: tuple[float, float] = (1e-3,) * 2,
) -> list[Result]:
    """A learned model and its baseline on the same examples."""
    return [
        result("toys/learned", learned, baseline="toys/written", latency=latencies[0]),
        result("toys/written", written, latency=latencies[1]),
    ]
