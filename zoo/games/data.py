"""How the positions that come with the package are read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from zoo.exhibits import Grid

_POSITIONS = "connect4_positions.txt"
_COLUMNS, _ROWS = "1234567", 6


def connect4_positions(split: str) -> Iterator[tuple[str, str]]:
    """Positions as columns from 1 in order of play, and the scores of columns 1 to 7.

    Scores are separated by commas; a full column has none.
    """
    text = resources.files(__package__).joinpath(_POSITIONS).read_text(encoding="ascii")
    for line in text.splitlines():
        moves, _, scores = line.partition(" ")
        yield moves, scores


def connect4_grid(moves: str) -> Grid:
    """The board after columns from 1 in order of play; x moves first."""
    columns: dict[str, list[str]] = {column: [] for column in _COLUMNS}
    for number, column in enumerate(moves):
        columns[column].append("xo"[number % 2])
    rows = tuple(
        tuple(stones[row] if row < len(stones) else "" for stones in columns.values())
        for row in reversed(range(_ROWS))
    )
    return Grid(rows, tuple(_COLUMNS), f"{'xo'[len(moves) % 2]} moves next")
