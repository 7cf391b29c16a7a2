"""What was measured beside the benchmark: tables, of which each row is about certain models."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ResultsError
from zoo.files import write_atomically
from zoo.tasks.base import Table

TABLES = "tables.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a study, and the models that it is about."""

    models: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What a script measured.

    text: how it was measured, and what a reader has to know.
    """

    title: str
    text: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def table(self, model: str, beside: Collection[str] = ()) -> Table | None:
        """What is told of a model, with the rows about models beside it; None if nothing is."""
        if not any(model in row.models for row in self.rows):
            return None
        told = {model, *beside}
        rows = tuple(row.cells for row in self.rows if told.issuperset(row.models))
        return Table(title=self.title, text=self.text, header=self.header, rows=rows)


def write_studies(folder: Path, studies: Sequence[Study]) -> None:
    """Write `tables.json` in the folder, whole or not at all. Raises ResultsError."""
    text = json.dumps([asdict(study) for study in studies], indent=1, ensure_ascii=False)
    write_atomically(folder / TABLES, f"{text}\n")


def read_studies(folder: Path) -> list[Study]:
    """The studies of a folder. Raises ResultsError if they cannot be read or are incomplete."""
    path = folder / TABLES
    try:
        return [_study(payload) for payload in json.loads(path.read_text(encoding="utf-8"))]
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
    raise ResultsError(
        f"{str(path)!r} holds no studies: {why}; python benchmarks/studies.py makes it anew."
    )


def _study(payload: dict[str, Any]) -> Study:
    rows = tuple(Row(tuple(row["models"]), tuple(row["cells"])) for row in payload["rows"])
    header = tuple(payload["header"])
    if not rows or any(len(row.cells) != len(header) for row in rows):
        raise ValueError("its rows are not as wide as its header")
    return Study(title=payload["title"], text=payload["text"], header=header, rows=rows)
