"""Model cards for the Hub, rendered from entries and results and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from zoo import hub, weights
from zoo.data import UNVERIFIED
from zoo.entries import Generation, ModelInfo
from zoo.errors import WeightsError
from zoo.files import write_atomically
from zoo.options import options_text
from zoo.registry import data_set_info, info, weights_folder
from zoo.report import (
    bytes_text,
    conditions,
    count_text,
    data_text,
    difference_text,
    markdown_row,
    ordered,
    score_text,
    seconds_text,
    three_digits,
)
from zoo.results import Result, pairs
from zoo.tasks import task

_UNVERIFIED_NOTE = (
    f"“{UNVERIFIED.capitalize()}” means that the data are none of the known versions of that data "
    "set, so these figures do not compare with others on it."
)


def card(entry: ModelInfo, results: Sequence[Result]) -> str:
    """The card of a model: metadata block and Markdown body, from its entry and results.

    Raises WeightsError if it should say how weights were made that are not there.
    """
    own = ordered([result for result in results if result.subject.model == entry.name])
    body = "\n\n".join(
        section
        for section in (
            _introduction(entry),
            _usage(entry),
            _training(entry),
            _results(entry, own, results),
            _limits(entry),
            _references(entry),
        )
        if section
    )
    return str(ModelCard(f"---\n{_metadata(entry, own).to_yaml()}\n---\n\n{body}\n"))


def _metadata(entry: ModelInfo, own: Sequence[Result]) -> ModelCardData:
    data_sets = _trained_on(entry)
    evaluations = [
        EvalResult(
            task_type=entry.task,
            dataset_type=result.subject.data,
            dataset_name=result.data_title,
            dataset_split=result.subject.split,
            metric_type=metric.name,
            metric_name=metric.name,
            metric_value=round(result.scores[metric.name].value, 6),
        )
        for result in own
        # Nobody else would know that it was a part only, or with which options.
        if result.subject.limit is None and not result.subject.options
        for metric in task(entry.task).metrics
    ]
    return ModelCardData(
        model_name=entry.name,
        pipeline_tag=entry.task,
        library_name="zoo" if not _from_hub(entry) else "transformers",
        license=entry.license,
        datasets=data_sets or None,
        tags=["zoo", f"software-{entry.generation}", entry.domain],
        eval_results=evaluations or None,
    )


def _trained_on(entry: ModelInfo) -> list[str]:
    if entry.recipe is None or entry.recipe.data is None:
        return []
    url = data_set_info(entry.recipe.data).url
    prefix = "https://huggingface.co/datasets/"
    return [url.removeprefix(prefix)] if url.startswith(prefix) else []


def _from_hub(entry: ModelInfo) -> bool:
    return entry.weights is not None and entry.weights.startswith(hub.PREFIX)


def _introduction(entry: ModelInfo) -> str:
    lines = [f"# {entry.name}", "", f"{entry.summary}"]
    if entry.baseline:
        baseline = info(entry.baseline)
        relation = (
            "It replaces the hand-written"
            if set(entry.data) & set(baseline.data)
            else "It is not measured on the same data as its hand-written counterpart,"
        )
        lines += [
            "",
            f"A learned program (Software 2.0). {relation} "
            f"`{baseline.name}` ({baseline.summary.rstrip('.')}).",
        ]
    else:
        lines += ["", "A hand-written program (Software 1.0): its method was designed by people."]
    if entry.parameters:
        lines += ["", f"{count_text(entry.parameters, 'parameter')}."]
    return "\n".join(lines)


def _usage(entry: ModelInfo) -> str:
    if entry.weights is None and entry.recipe is not None:
        return (
            f"## Use\n\nIt comes without weights. `zoo train {entry.name}` makes them and prints "
            "the folder; `zoo.load(folder)` loads what was learned."
        )
    sample = entry.sample or task(entry.task).sample
    return (
        "## Use\n\n"
        "```python\nimport zoo\n\n"
        f'model = zoo.load("{entry.name}")\n'
        f'print(model.predict("{sample}"))\n```\n\n'
        f"or on the command line: `zoo predict {entry.name} {sample}`."
    )


def _training(entry: ModelInfo) -> str:
    if entry.recipe is None or entry.weights is None:
        if _from_hub(entry):
            repo, _ = hub.parse(str(entry.weights))
            return (
                "## Training\n\nNot trained here: the weights and how they were made are at "
                f"https://huggingface.co/{repo}."
            )
        return ""
    folder = weights_folder(entry)
    facts = weights.read(folder).training
    lines = ["## Training", ""]
    if not facts:  # saved by hand, not by `zoo train`
        return "\n".join([*lines, "How these weights were made is not on record."])
    try:
        lines += _provenance(entry, facts)
    except (LookupError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{str(folder)!r} tells only in part how it was made ({type(error).__name__}: {error})."
        ) from error
    return "\n".join(lines)


def _provenance(entry: ModelInfo, facts: Mapping[str, Any]) -> list[str]:
    lines = [f"`zoo train {entry.name}` makes these weights again.", ""]
    if facts["data"] is None:
        lines.append("- Data: none; it learned by itself.")
    else:
        lines.append(
            f"- Data: {facts['data_title']}, {facts['examples']['train']:,} examples to learn from "
            f"and {facts['examples']['validation']:,} held out for hyperparameters and calibration."
        )
        if UNVERIFIED in facts["data_title"]:
            lines.append(f"- {_UNVERIFIED_NOTE}")
    for name in facts["excluded_by_content"]:
        lines.append(
            f"- Kept out by content: every example of {data_set_info(name).title}, "
            "because the benchmark scores on it."
        )
    minutes, seconds = divmod(int(facts["seconds"]), 60)
    took = count_text(minutes, "minute") if minutes else count_text(seconds, "second")
    if facts["data"] is not None:
        content = facts["content_sha256"]["train"]
        lines.append(f"- Content of the training examples (SHA-256): `{content}`.")
    lines += [
        f"- Seed {facts['seed']}; options `{json.dumps(facts['options'])}`.",
        f"- Time: {took} on {facts['machine']}; finished {facts['finished'][:10]}.",
    ]
    return lines


def _results(entry: ModelInfo, own: Sequence[Result], results: Sequence[Result]) -> str:
    if not own:
        return ""
    metrics = task(entry.task).metrics
    varied = any(result.subject.options for result in own)
    header = [
        "Data",
        *(["Options"] if varied else []),
        *(metric.name for metric in metrics),
        *("Latency p50", "Per second", "Memory"),
    ]
    lines = ["## Results", "", markdown_row(header), "|" + " --- |" * len(header)]
    for result in own:
        lines.append(
            markdown_row(
                [
                    data_text(result),
                    *([options_text(result.subject.options) or "default"] if varied else []),
                    *(score_text(metric, result.scores[metric.name]) for metric in metrics),
                    seconds_text(result.timing.latency_p50),
                    three_digits(result.timing.per_second),
                    bytes_text(result.peak_memory_bytes),
                ]
            )
        )
    lines += ["", "In parentheses: 95 % intervals.", ""]
    for metric in metrics:
        better = "higher" if metric.higher_is_better else "lower"
        lines.append(f"- {metric.name}: {metric.description}; {better} is better.")
    for name in dict.fromkeys(result.subject.data for result in own):
        lines.append(f"- {data_set_info(name).title}: {data_set_info(name).note}")
    if any(UNVERIFIED in result.data_title for result in own):
        lines += ["", _UNVERIFIED_NOTE]
    # Comparing takes seconds, so only this model is compared.
    kin = [
        result
        for result in ordered(results)
        if entry.name in (result.subject.model, result.baseline)
        or result.subject.model in entry.all_baselines
    ]
    for pair in pairs(kin):
        lines += [
            "",
            f"`{pair.learned.subject.title}` minus `{pair.written.subject.title}` on "
            f"{data_text(pair.learned)}:",
            "",
            *(
                f"- {metric.name}: {difference_text(metric, pair.comparisons[metric.name])}"
                for metric in metrics
            ),
        ]
    if entry.published:
        lines += ["", f"Published figures: {entry.published}"]
    size = f"{bytes_text(own[0].weights_bytes)} of weights. " if entry.weights else ""
    lines += ["", f"{size}Measured on: {conditions(own)}."]
    return "\n".join(lines)


def _limits(entry: ModelInfo) -> str:
    if not entry.limits:
        return ""
    return f"## Limits\n\n{entry.limits}"


def _references(entry: ModelInfo) -> str:
    licence = f"Weights: {entry.license}." if entry.weights else f"Model: {entry.license}."
    if entry.entry.startswith("zoo."):  # a third party's code is its own
        licence = f"Code: Apache-2.0. {licence}"
    if entry.recipe is not None and entry.recipe.data is not None:
        data = data_set_info(entry.recipe.data)
        licence += f" Training data, {data.title}: {data.license}."
    generation = "hand-written" if entry.generation is Generation.SOFTWARE_1 else "learned"
    lines = [f"- [{reference.text}]({reference.url})" for reference in entry.references]
    return "\n".join(
        [
            "## References and licences",
            "",
            f"This {generation} model follows:",
            "",
            *lines,
            "",
            licence,
        ]
    )


def write_cards(
    entries: Sequence[ModelInfo],
    results: Sequence[Result],
    folder: Path,
    *,
    beside_weights: bool = False,
) -> list[Path]:
    """Write each entry's card to `folder/<domain>/<model>.md`; the paths written.

    beside_weights: also as README.md into the weights folder, where that is in a package.
    """
    paths = []
    for entry in entries:
        text = card(entry, results)
        targets = [folder / f"{entry.name}.md"]
        if beside_weights and entry.weights is not None and not _from_hub(entry):
            targets.append(weights_folder(entry) / weights.README)
        for path in targets:
            write_atomically(path, text)
        paths += targets
    return paths
