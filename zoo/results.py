"""What one model did on one data set, as a JSON file whose path is the key to resume by."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zoo.errors import ResultsError
from zoo.files import write_atomically
from zoo.metrics import Comparison, Metric, Score, Statistics, compare_statistics
from zoo.options import value_text, with_options
from zoo.tasks import task

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is measured, and how; two results with the same subject measure the same thing.

    limit: only the first so many examples; None means all.
    content_sha256: of the whole split, blind to order and encoding.
    weights: the SHA-256 of model.safetensors, "hub:owner/repo@commit", or "none".
    config: the SHA-256 of config.json, which decides answers, too; None where there is none.
    version: of zoo, and of the package that brings the model if that is another.
    options: of `predict`; none means the model's defaults.
    """

    model: str
    data: str
    split: str
    limit: int | None
    content_sha256: str
    weights: str
    config: str | None
    version: str
    threads: int
    device: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def title(self) -> str:
        """The model, and the options that it was measured with."""
        return with_options(self.model, self.options)

    def path(self) -> Path:
        """Where the result is, under the results folder."""
        part = "" if self.limit is None else f"-first{self.limit}"
        for name, value in sorted(self.options.items()):
            part += f"-{quote(name, safe='')}={quote(value_text(value), safe='')}"
        return Path(self.model) / f"{self.data}-{self.split}{part}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. Latency is of `predict` alone, throughput of `predict_batch`, both after a warm-up.

    latency_count: how many single predictions were timed.
    load_seconds: from asking for the model to having it, imports included.
    first_p50: until the first part of an answer is there, where answers come in parts; else None.
    """

    latency_p50: float
    latency_p95: float
    latency_p99: float
    latency_count: int
    batch_size: int
    per_second: float
    load_seconds: float
    first_p50: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One model on one data set, with all that is needed to doubt it.

    data_title: what the data's content is called, by its hash.
    seed: of the bootstrap behind the intervals and tests.
    peak_memory_bytes: the largest resident size of the model's own process, examples included;
        what decoding the data set took for a moment is not.
    weights_bytes: of the files that prediction needs.
    records: one column per recorded fact, one value per example, in the data set's order.
    latencies: seconds of each single prediction that was timed, those of the first examples in
        their order; empty in a result from before they were kept.
    """

    subject: Subject
    task: str
    generation: str
    baseline: str | None
    data_title: str
    count: int
    scores: Mapping[str, Score]
    seed: int
    timing: Timing
    peak_memory_bytes: int
    weights_bytes: int
    parameters: int
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    finished: str
    records: Mapping[str, Sequence[Any]]
    latencies: Sequence[float] = field(default_factory=list)

    @property
    def primary(self) -> Score:
        """The score of the task's primary metric."""
        return self.scores[task(self.task).primary.name]


def to_json(result: Result) -> dict[str, Any]:
    """The result as JSON-able values; `from_json` is the inverse."""
    return {"schema": SCHEMA, **asdict(result)}


def from_json(payload: Any) -> Result:
    """The result that `to_json` described. Raises ResultsError that says what is wrong."""
    if not isinstance(payload, dict) or payload.get("schema") != SCHEMA:
        raise ResultsError(_of_schema(payload.get("schema") if isinstance(payload, dict) else None))
    try:
        result = Result(
            subject=Subject(**payload["subject"]),
            scores={name: Score(**score) for name, score in payload["scores"].items()},
            timing=Timing(**payload["timing"]),
            **{
                one.name: payload[one.name]
                for one in fields(Result)
                if one.name not in ("subject", "scores", "timing")
                and (one.name in payload or one.default_factory is MISSING)
            },
        )
        _check(result)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ResultsError(f"it is incomplete ({error})") from error
    return result


def _of_schema(schema: Any) -> str:
    if not isinstance(schema, int):
        return "it is of no schema that zoo writes"
    whose = "an older zoo wrote" if schema < SCHEMA else "only a newer zoo reads"
    return f"it is of schema {schema}, which {whose}; this one reads schema {SCHEMA}"


def _check(result: Result) -> None:
    """Raise ValueError or LookupError if a table, card or comparison could not use the result."""
    if not isinstance(result.subject.options, dict):
        raise ValueError("its options are no options by name")
    lacking = {metric.name for metric in task(result.task).metrics} - set(result.scores)
    if lacking:
        raise ValueError(f"no score for {', '.join(sorted(lacking))}")
    parts = [asdict(result.timing), *(asdict(score) for score in result.scores.values())]
    if parts[0]["first_p50"] is None:
        del parts[0]["first_p50"]
    figures = [figure for part in parts for figure in part.values()]
    if not all(isinstance(x, int | float) for x in (*figures, *result.latencies)):
        raise ValueError("a figure is no number")
    if not result.records or {len(column) for column in result.records.values()} != {result.count}:
        raise ValueError(f"not {result.count} records")
    if len(result.latencies) not in (0, result.timing.latency_count):
        raise ValueError(f"not {result.timing.latency_count} latencies")
    for part, needed in (
        (result.machine, ("cpu", "cores", "memory_bytes")),
        (result.versions, ("python",)),
    ):
        if not set(needed) <= set(part):
            raise ValueError(f"not all of {', '.join(needed)}")


def write_result(folder: Path, result: Result) -> Path:
    """Write a result under `folder`, as a whole or not at all. Raises ResultsError."""
    path = folder / result.subject.path()
    payload = to_json(result)
    records, latencies = payload.pop("records"), payload.pop("latencies")
    # Columns are written one a line: a diff then shows which facts changed.
    columns = ",\n".join(
        f"    {json.dumps(name)}: {_compact(column)}" for name, column in records.items()
    )
    head = json.dumps(payload, indent=2, allow_nan=False)
    tail = f'  "latencies": {_compact(latencies)},\n  "records": {{\n{columns}\n  }}\n}}\n'
    write_atomically(path, f"{head[:-2]},\n{tail}")
    return path


def _compact(column: Sequence[Any]) -> str:
    return json.dumps(list(column), separators=(",", ":"), allow_nan=False)


def read_result(path: Path) -> Result:
    """Read one result. Raises ResultsError if it is no result or of another schema."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except ResultsError as error:
        why = str(error)
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
    except (ValueError, RecursionError) as error:
        why = f"it is no JSON ({error})"
    raise ResultsError(f"{str(path)!r} is no result: {why}; delete it and run the benchmark again.")


def read_results(folder: Path) -> list[Result]:
    """All results under a folder, in the order of their paths. Raises ResultsError."""
    if not folder.is_dir():
        raise ResultsError(f"There is no results folder at {str(folder)!r}.")
    return [read_result(path) for path in sorted(folder.rglob("*.json"))]


@dataclass(frozen=True, slots=True)
class Pair:
    """A 2.0 model beside the 1.0 model that it replaces, on the same examples.

    comparisons: by metric, the 2.0 model's score minus the baseline's.
    statistics: of the primary metric, [N, S], of the 2.0 model and of the baseline.
    """

    learned: Result
    written: Result
    comparisons: Mapping[str, Comparison]
    statistics: tuple[Statistics, Statistics] = field(compare=False, repr=False)


def pairs(results: Sequence[Result], *, primary_only: bool = False) -> list[Pair]:
    """Every 2.0 result whose baseline was measured on the same examples in the same order.

    The 2.0 model counts with any options, its baseline with its defaults only.

    primary_only: compare by the primary metric alone, for the others can take seconds.
    """
    counted: dict[tuple[int, str], Statistics] = {}  # a baseline can be of several pairs

    def statistics(metric: Metric, position: int) -> Statistics:
        key = position, metric.name
        if key not in counted:
            counted[key] = metric.statistics(results[position].records)
        return counted[key]

    found = []
    for i, learned in enumerate(results):
        for j, written in enumerate(results):
            if (
                written.subject.model == learned.baseline
                and not written.subject.options
                and same_examples(learned, written)
            ):
                job = task(learned.task)
                comparisons = {
                    metric.name: compare_statistics(
                        metric, statistics(metric, i), statistics(metric, j), seed=learned.seed
                    )
                    for metric in ((job.primary,) if primary_only else job.metrics)
                }
                both = statistics(job.primary, i), statistics(job.primary, j)
                found.append(Pair(learned, written, comparisons, both))
    return found


def same_examples(a: Result, b: Result) -> bool:
    """Whether two results are of the same examples in the same order."""

    def examples(result: Result) -> tuple[Any, ...]:
        subject = result.subject
        whole = subject.data, subject.split, subject.content_sha256
        # The hash is blind to order, and comparing is not.
        return *whole, subject.limit, result.count, result.records.get("target")

    return examples(a) == examples(b)
