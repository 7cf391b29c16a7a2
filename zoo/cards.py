"""Model cards for the Hub, rendered from entries, training records and results alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from huggingface_hub import ModelCard

from zoo import weights
from zoo.card_metadata import evaluation_file, from_hub, metadata
from zoo.card_sections import SECTIONS
from zoo.entries import ModelInfo
from zoo.errors import ResultsError
from zoo.evidence import Evidence
from zoo.files import write_atomically
from zoo.registry import weights_folder


def card(entry: ModelInfo, evidence: Evidence) -> str:
    """The card of a model: metadata block and Markdown body.

    Raises WeightsError if it should say how weights were made that are not there.
    """
    parts = [section(entry, evidence) for section in SECTIONS]
    body = "\n\n".join(part for part in parts if part)
    head = metadata(entry, evidence.of(entry)).to_yaml()
    return str(ModelCard(f"---\n{head}\n---\n\n{body}\n"))


def write_cards(
    entries: Sequence[ModelInfo],
    evidence: Evidence,
    folder: Path,
    *,
    beside_weights: bool = False,
) -> list[Path]:
    """Write the files of `rendered`; their paths."""
    files = rendered(entries, evidence, folder, beside_weights=beside_weights)
    for path, text in files.items():
        write_atomically(path, text)
    return list(files)


def check_cards(
    entries: Sequence[ModelInfo],
    evidence: Evidence,
    folder: Path,
    *,
    beside_weights: bool = False,
) -> None:
    """Raise ResultsError unless the files of `rendered` are there and say the same."""
    files = rendered(entries, evidence, folder, beside_weights=beside_weights)
    for path, text in files.items():
        try:
            there = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            there = ""
        if there != text:
            raise ResultsError(
                f"{str(path)!r} is not what its entry and results say: it was edited by hand, or "
                "they have changed since; say it in the entry and write the cards anew, with "
                "zoo card --write."
            )


def rendered(
    entries: Sequence[ModelInfo],
    evidence: Evidence,
    folder: Path,
    *,
    beside_weights: bool = False,
) -> Mapping[Path, str]:
    """What stands where: each entry's card at `folder/<domain>/<model>.md`.

    Beside it `<model>.eval_results.yaml`, what the Hub's leaderboards take of its figures, if they
    take any.

    beside_weights: the card also as README.md in the weights folder, where that is in a package.
    """
    files = {}
    for entry in entries:
        text = card(entry, evidence)
        files[folder / f"{entry.name}.md"] = text
        if figures := evaluation_file(text):
            files[folder / f"{entry.name}.eval_results.yaml"] = figures
        if beside_weights and entry.weights is not None and not from_hub(entry):
            files[weights_folder(entry) / weights.README] = text
    return files
