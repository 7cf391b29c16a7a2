"""What can be put on a page: how an input, a target and an answer are shown to people.

These say what is shown, never how: pages bring the markup, so that a task knows none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Text:
    """Words. language: a BCP 47 code where they are not the page's. note: what is said of them."""

    text: str
    language: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture. width, height: in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One channel of sound.

    samples: [N] float32, full scale being -1..1. rate: in Hz. note: what is said of it.
    """

    samples: NDArray[np.float32]
    rate: int
    note: str = ""

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class Grid:
    """Squares of a board, from the top row down; a square without a piece is empty text.

    columns: what moves call the columns, where they name any. caption: what a board cannot show,
    such as whose turn it is.
    """

    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    caption: str


Exhibit = Text | Picture | Sound | Grid
