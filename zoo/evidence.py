"""What was measured, as cards quote it: results, their comparisons, and studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoo.entries import ModelInfo
from zoo.registry import models
from zoo.report import ordered
from zoo.results import Pair, Result, pairs, read_results
from zoo.studies import TABLES, Study, read_studies


@dataclass(frozen=True)
class Evidence:
    """Results and studies; each pair of results is compared once, for that takes seconds."""

    results: Sequence[Result]
    studies: Sequence[Study] = ()
    _compared: dict[tuple[Path, Path], list[Pair]] = field(default_factory=dict)

    def of(self, entry: ModelInfo) -> list[Result]:
        """The model's own results, in the order of reports."""
        return ordered([one for one in self.results if one.subject.model == entry.name])

    def pairs_of(self, entry: ModelInfo) -> list[Pair]:
        """Comparisons of the model with what it replaces, or with what replaces it."""
        found = []
        for learned in ordered(self.results):
            if entry.name not in (learned.subject.model, learned.baseline):
                continue
            for written in self.results:
                if written.subject.model == learned.baseline:
                    key = learned.subject.path(), written.subject.path()
                    if key not in self._compared:
                        self._compared[key] = pairs((learned, written))
                    found += self._compared[key]
        return found


def read_evidence(results: Path | None) -> Evidence:
    """The results of a folder, or else what the folders `results` and `studies` hold.

    A folder that was named has to be there; without one there may be nothing, or a folder
    `studies` of something else, which is passed over. Raises ResultsError.
    """
    if results is not None:
        return Evidence(read_results(results))
    measured, beside = Path("results"), Path("studies")
    return Evidence(
        read_results(measured) if measured.is_dir() else [],
        read_studies(beside) if (beside / TABLES).is_file() else [],
    )


def kin(entry: ModelInfo) -> list[str]:
    """The models that it replaces and those that replace it."""
    heirs = [other.name for other in models() if entry.name in other.all_baselines]
    return [*entry.all_baselines, *heirs]
