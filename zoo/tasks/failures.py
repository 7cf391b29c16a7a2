"""What the tasks' tables of failures have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.metrics import wilson
from zoo.tasks.base import Table

# Of classes, confusions, examples: more would bury the worst.
SHOWN = 5
_LONGEST = 160  # characters of a text that is quoted


def share_text(part: int, whole: int) -> str:
    """A share with its 95 % interval, as 97.5 % (95.3 to 98.7)."""
    low, high = wilson(part, whole)
    return f"{100 * part / whole:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def quoted(text: str) -> str:
    """A text on one line, and not longer than a table has room for."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"


def by_size(sizes: Sequence[float], *, parts: int = 4) -> list[tuple[str, list[int]]]:
    """Examples by a size of theirs, smallest first, in parts of about the same number.

    Of each part: from which size to which, and the positions of its examples. What has the same
    size is in the same part, so that there can be fewer.
    """
    values = np.asarray(sizes, float)
    edges = np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1], method="lower")
    found = []
    for part in np.unique(np.searchsorted(edges, values)):
        chosen = np.flatnonzero(np.searchsorted(edges, values) == part)
        low, high = values[chosen].min(), values[chosen].max()
        found.append((f"{low:g}" if low == high else f"{low:g} to {high:g}", chosen.tolist()))
    return found


def examples(title: str, header: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    """Single examples, told apart by where they stand in their data set; the first few of `rows`.

    rows: the position first, counted from 0.
    """
    return Table(
        title=title,
        header=("Example", *header),
        rows=tuple((f"no. {int(at) + 1}", *rest) for at, *rest in rows[:SHOWN]),
        text="Examples are numbered from 1, in the order of the data set.",
    )


def filled(*tables: Table) -> tuple[Table, ...]:
    """Those that have rows: a model that never fails has none to show."""
    return tuple(table for table in tables if table.rows)
