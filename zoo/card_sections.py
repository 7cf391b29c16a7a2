"""The sections of a card that tell what a model is, how it is used and where it comes from.

Each takes an entry and the evidence, and returns Markdown, or nothing where there is nothing to
tell; so do those of `card_results`.
"""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from zoo import hub, weights
from zoo.card_metadata import from_hub
from zoo.card_results import (
    UNVERIFIED_NOTE,
    cost,
    duration_text,
    failures,
    results,
    speed,
    studies,
    table,
)
from zoo.citations import bibtex
from zoo.data import UNVERIFIED
from zoo.entries import DataSetInfo, Generation, ModelInfo
from zoo.errors import WeightsError
from zoo.evidence import Evidence, kin
from zoo.options import options_text, value_text
from zoo.registry import data_set_info, info, weights_folder
from zoo.report import bytes_text
from zoo.tasks import task
from zoo.weights import Weights


def introduction(entry: ModelInfo, evidence: Evidence) -> str:
    """What it is, and what it replaces or what replaces it."""
    parts = [f"# {entry.name}", entry.summary]
    if entry.baseline:
        baseline = info(entry.baseline)
        relation = (
            "It replaces the hand-written"
            if set(entry.data) & set(baseline.data)
            else "It is not measured on the same data as its hand-written counterpart,"
        )
        parts.append(
            f"A learned program (Software 2.0). {relation} "
            f"`{baseline.name}` ({baseline.summary.rstrip('.')})."
        )
    else:
        fitted = ", and examples set the numbers in it" if entry.recipe else ""
        parts.append(f"A hand-written program (Software 1.0): people designed its method{fitted}.")
        if heirs := [name for name in kin(entry) if name != entry.name]:
            listed = ", ".join(f"`{name}`" for name in heirs)
            parts.append(f"Learned programs that are set beside it: {listed}.")
    facts = [
        ("Task", entry.task),
        ("Languages", ", ".join(entry.languages)),
        ("Parameters", f"{entry.parameters:,}" if entry.parameters else ""),
        ("Weights", _weights_text(entry)),
        ("Licence", entry.license),
    ]
    parts.append(table(("", ""), [fact for fact in facts if fact[1]]))
    return "\n\n".join(parts)


def usage(entry: ModelInfo, evidence: Evidence) -> str:
    """How to load it and ask it."""
    if entry.weights is None and entry.recipe is not None:
        return (
            f"## Use\n\nIt comes without weights:\n\n```sh\nzoo train {entry.name}\n```\n\n"
            "makes them and prints the folder; `zoo.load(folder)` loads what was learned."
        )
    job = task(entry.task)
    sample = entry.sample or job.sample
    options = "".join(
        f", {name}={json.dumps(value)}" for name, value in entry.sample_options.items()
    )
    typed = [
        f"--option {shlex.quote(f'{name}={value_text(value)}')}"
        for name, value in entry.sample_options.items()
    ]
    command = " ".join(["zoo predict", entry.name, shlex.quote(sample), *typed])
    text = (
        "## Use\n\nWith the Python package `software-zoo`, which is imported as `zoo`:\n\n"
        "```python\nimport zoo\n\n"
        f'model = zoo.load("{entry.name}")\n'
        f'print(model.predict("{sample}"{options}))\n```\n\n'
        f"or on the command line:\n\n```sh\n{command}\n```"
    )
    if not job.text:
        text += f"\n\n`{sample}` stands for a file of yours."
    if entry.variants:
        listed = ", ".join(f"`{options_text(variant)}`" for variant in entry.variants)
        text += f"\n\nOptions of `predict` that were measured, too: {listed}."
    if _own_weights(entry):
        text += (
            '\n\nA copy of its weights folder is loaded by its path, `zoo.load("./folder")`, or '
            'from the Hub, `zoo.load("hub:owner/repo")`. Loading it runs no code of its maker.'
        )
    return text


def training(entry: ModelInfo, evidence: Evidence) -> str:
    """What it learned from, what was kept out, and how it was trained."""
    if from_hub(entry):
        repo, _ = hub.parse(str(entry.weights))
        return (
            "## Training\n\nNot trained here: the weights and how they were made are at "
            f"https://huggingface.co/{repo}."
        )
    if not _own_weights(entry) or entry.recipe is None:
        return ""
    folder = weights_folder(entry)
    stored = weights.read(folder)
    if not stored.training:  # saved by hand, not by `zoo train`
        return "## Training\n\nHow these weights were made is not on record."
    try:
        return "\n\n".join(
            part
            for part in (
                f"## Training data\n\n{_learned_from(entry, stored.training)}",
                f"## Training\n\n{_provenance(entry, stored)}",
                _curve(stored.training),
            )
            if part
        )
    except (LookupError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{str(folder)!r} tells only in part how it was made ({type(error).__name__}: {error})."
        ) from error


def _learned_from(entry: ModelInfo, facts: Mapping[str, Any]) -> str:
    lines = []
    if facts["data"] is None:
        lines.append("None: it learned by itself.")
    else:
        source = data_set_info(facts["data"])
        count = facts["examples"]
        held_out = entry.recipe.validation if entry.recipe is not None else 0
        lines.append(
            f"- [{facts['data_title']}]({source.url}): {count['train']:,} examples of its split "
            "`train` to learn from, and "
            + (
                f"{count['validation']:,} of its split `{held_out}`"
                if isinstance(held_out, str)
                else f"{count['validation']:,} that were held out of it at random"
            )
            + " to choose and calibrate by."
        )
        every = (one["options"].get("also", ()) for one in _rounds(facts))
        for name in dict.fromkeys(itertools.chain(*every)):
            also = data_set_info(name)
            lines.append(f"- [{also.title}]({also.url}): {_sentence(also.note)}")
        if UNVERIFIED in facts["data_title"]:
            lines.append(f"\n{UNVERIFIED_NOTE}.")
    for name in facts["excluded_by_content"]:
        lines.append(
            f"\nKept out by content: every example of {data_set_info(name).title}, "
            "because the benchmark scores on it."
        )
    if facts["data"] is not None:
        content = facts["content_sha256"]["train"]
        lines.append(f"\nContent of the training examples (SHA-256): `{content}`.")
    return "\n".join(lines)


def _provenance(entry: ModelInfo, stored: Weights) -> str:
    facts = stored.training
    lines = [
        f"```sh\nzoo train {entry.name}\n```",
        "",
        "makes these weights again, from the recipe in its entry.",
        "",
        f"- Seed: {facts['seed']}.",
        *_rounds_told(_rounds(facts)),
    ]
    if choices := stored.settings.get("choices"):
        lines.append(f"- Chosen and scored on the held-out examples: `{options_text(choices)}`.")
    libraries = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    lines.append(f"- Made with Python {facts['python']}, {libraries}.")
    # What was different from the recipe's own run, if anything was.
    if note := facts.get("note"):
        lines.append(f"- {note}")
    return "\n".join(lines)


def _rounds_told(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    """With what options each round learned, how long and when."""
    lines = []
    for number, one in enumerate(rounds, 1):
        options = f"`{options_text(one['options'])}`" if one["options"] else ""
        took = (
            f"{duration_text(one['seconds'])} on {_machine(one)}; finished {one['finished'][:10]}"
        )
        if len(rounds) == 1:
            lines += [f"- Options: {options}."] if options else []
            lines.append(f"- Time: {took}.")
            continue
        begin = f", from the weights of round {number - 1}, its seed one more" if number > 1 else ""
        note = one.get("note") if number < len(rounds) else None
        told = "; ".join(filter(None, (options, took, note)))
        lines.append(f"- Round {number}{begin}: {told}.")
    return lines


def _rounds(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The record of each round of the training, the last one's being all of it."""
    return [*facts.get("earlier_rounds", ()), facts]


def _curve(facts: Mapping[str, Any]) -> str:
    """How the training went, if that is on record."""
    curve = facts.get("curve")
    if not curve:
        return ""
    header = [name.replace("_", " ") for name in curve["columns"]]
    rows = [[f"{x:,}" if isinstance(x, int) else f"{x:.4g}" for x in row] for row in curve["rows"]]
    which = "Learning curve of the last round" if facts.get("earlier_rounds") else "Learning curve"
    return f"### {which}\n\n{table(header, rows)}"


def limits(entry: ModelInfo, evidence: Evidence) -> str:
    """What a person should know before trusting it."""
    told = [text for text in (entry.limits, task(entry.task).risks) if text]
    return "\n\n".join(["## Limits and risks", *told]) if told else ""


def environment(entry: ModelInfo, evidence: Evidence) -> str:
    """What training and predicting cost, in time of a machine."""
    lines = []
    if _own_weights(entry) and (facts := weights.read(weights_folder(entry)).training):
        took = [f"{duration_text(one['seconds'])} of {_machine(one)}" for one in _rounds(facts)]
        lines.append(f"- Training: {'; '.join(took)}.")
    if predicting := cost(entry, evidence):
        lines.append(predicting)
    parts = ["Energy was not measured; time was.", "\n".join(lines)] if lines else []
    if from_hub(entry):
        parts.append("What its training took is not on record here.")
    return "\n\n".join(["## Environmental cost", *parts]) if parts else ""


def licences(entry: ModelInfo, evidence: Evidence) -> str:
    """Under which licences code, weights and data are."""
    rows = []
    if entry.entry.startswith("zoo."):  # a third party's code is its own
        rows.append(("Code", "apache-2.0"))
    rows.append(("Weights" if entry.weights else "Model", entry.license))
    learned = entry.recipe.all_data if entry.recipe is not None else ()
    rows += [(f"Learned from: {_linked(name)}", data_set_info(name).license) for name in learned]
    measured = dict.fromkeys(one.subject.data for one in evidence.of(entry))
    rows += [
        (f"Measured on: {_linked(name)}", data_set_info(name).license)
        for name in measured
        if name not in learned
    ]
    return f"## Licences\n\n{table(('What', 'Licence'), rows)}"


def references(entry: ModelInfo, evidence: Evidence) -> str:
    """What it follows, to read and to cite."""
    generation = "hand-written" if entry.generation is Generation.SOFTWARE_1 else "learned"
    lines = [f"- [{reference.text}]({reference.url})" for reference in entry.references]
    return "\n".join(
        [
            f"## References\n\nThis {generation} model follows:\n",
            *lines,
            f"\n```bibtex\n{bibtex(entry.references)}\n```",
        ]
    )


def _own_weights(entry: ModelInfo) -> bool:
    return entry.weights is not None and not from_hub(entry)


def _weights_text(entry: ModelInfo) -> str:
    if from_hub(entry):
        repo, _ = hub.parse(str(entry.weights))
        return f"[{repo}](https://huggingface.co/{repo})"
    return bytes_text(weights.folder_bytes(weights_folder(entry))) if entry.weights else ""


def _machine(facts: Mapping[str, Any]) -> str:
    device = facts.get("device", "cpu")
    return facts["machine"] if device == "cpu" else f"{facts['machine']}, device: {device}"


def _linked(name: str) -> str:
    data: DataSetInfo = data_set_info(name)
    return f"[{data.title}]({data.url})"


def _sentence(note: str) -> str:
    return f"{note.rstrip('.')}."


SECTIONS = (
    introduction,
    usage,
    training,
    results,
    speed,
    failures,
    studies,
    limits,
    environment,
    licences,
    references,
)
