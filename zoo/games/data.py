"""How the positions that come with the package are read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

_POSITIONS = "connect4_positions.txt"


def connect4_positions(split: str) -> Iterator[tuple[str, str]]:
    """Positions as columns from 1 in order of play, and the scores of columns 1 to 7.

    Scores are separated by commas; a full column has none.
    """
    text = resources.files(__package__).joinpath(_POSITIONS).read_text(encoding="ascii")
    for line in text.splitlines():
        moves, _, scores = line.partition(" ")
        yield moves, scores
