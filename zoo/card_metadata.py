"""The metadata of a card, as the Hub reads them.

What the Hub's own client knows of their form: https://huggingface.co/docs/hub/model-cards and
https://huggingface.co/docs/hub/eval-results.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from huggingface_hub import (
    EvalResult,
    EvalResultEntry,
    ModelCard,
    ModelCardData,
    eval_result_entries_to_yaml,
)

from zoo import hub
from zoo.entries import DataSetInfo, ModelInfo
from zoo.errors import InputError
from zoo.registry import data_set_info
from zoo.results import Result
from zoo.tasks import TASKS, task

_DATA_SETS = "https://huggingface.co/datasets/"


def metadata(entry: ModelInfo, own: Sequence[Result]) -> ModelCardData:
    """What stands at the top of a card. own: the results of this model."""
    job = task(entry.task)
    ours = not from_hub(entry)
    measured = {metric.hub_name for metric in job.metrics} - {""} if own else set()
    evaluations = _evaluations(entry, own)
    return ModelCardData(
        model_name=entry.name if evaluations else None,
        language=list(entry.languages) or None,
        license=entry.license,
        library_name="zoo" if ours else "transformers",
        pipeline_tag=job.pipeline_tag or job.name,
        tags=["zoo", f"software-{entry.generation}", entry.domain, entry.task],
        base_model=None if ours else hub.parse(str(entry.weights))[0],
        datasets=_learned_from(entry) or None,
        metrics=sorted(measured) or None,
        eval_results=evaluations or None,
        # The Hub has no word of its own for this relation; it keeps those that it does not know.
        replaces=list(entry.all_baselines) or None,
    )


def from_hub(entry: ModelInfo) -> bool:
    """Whether others made the weights and keep them on the Hub."""
    return entry.weights is not None and entry.weights.startswith(hub.PREFIX)


def evaluation_file(card: str) -> str:
    """What a card's figures say to leaderboards: the YAML of `.eval_results/zoo.yaml`, or "".

    The Hub takes one figure a data set, the primary metric's, and shows it where the data set is
    a benchmark there. Left out are data sets that are not on the Hub, and copies of other content.
    Raises InputError if the card's metadata cannot be read.
    """
    try:
        told = ModelCard(card).data.eval_results or ()
    except (ValueError, yaml.YAMLError) as error:
        why = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"The metadata of the card cannot be read: {why}.") from error
    entries = [
        EvalResultEntry(
            dataset_id=result.dataset_type,
            task_id="default",
            value=result.metric_value,
            notes=f"{result.metric_name} on the split {result.dataset_split}, by zoo bench",
        )
        for result in told
        if "/" in result.dataset_type
        and result.dataset_config is None
        and result.task_name in TASKS
        and result.metric_name == task(result.task_name).primary.name
    ]
    written = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False)
    return written if entries else ""


def _learned_from(entry: ModelInfo) -> list[str]:
    """Those of the data sets that are on the Hub."""
    names = entry.recipe.all_data if entry.recipe is not None else ()
    return [found for name in names if (found := _hub_id(data_set_info(name)))]


def _hub_id(info: DataSetInfo) -> str:
    return info.url.removeprefix(_DATA_SETS) if info.url.startswith(_DATA_SETS) else ""


def _evaluations(entry: ModelInfo, own: Sequence[Result]) -> list[EvalResult]:
    """The figures, one of each metric for each data set.

    The Hub's client puts what has the same data set, configuration and split under one heading,
    whatever it is called; content that is not the data set's own is therefore a configuration.
    """
    job = task(entry.task)
    return [
        EvalResult(
            task_type=job.pipeline_tag or job.name,
            task_name=job.name,
            dataset_type=_hub_id(info) or info.name,
            dataset_name=result.data_title,
            dataset_config=None if result.data_title == info.title else result.data_title,
            dataset_split=result.subject.split,
            metric_type=metric.hub_name or metric.name,
            metric_name=metric.name,
            metric_value=round(result.scores[metric.name].value, 6),
        )
        for result in own
        # Nobody else would know that it was a part only, or with which options.
        if result.subject.limit is None and not result.subject.options
        for info in [data_set_info(result.subject.data)]
        for metric in job.metrics
    ]
