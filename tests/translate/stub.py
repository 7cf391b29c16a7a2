"""A translator that is written out: what it answers can be told beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo.predictions import Phrase
from zoo.text import Passage
from zoo.translate.translator import Hypothesis, Translator

DIRECTIONS = frozenset({("en", "de"), ("en", "cs"), ("de", "en"), ("en", "pt-BR")})


class Stub(Translator):
    """Answers with what `way` makes of each piece, upper case if nothing else is said.

    pieces: all that it was given to translate.
    """

    batch_size = 4
    predict_options = Translator.predict_options | {"loud"}

    def __init__(
        self,
        way: Callable[[str], str] = str.upper,
        directions: frozenset[tuple[str, str]] = DIRECTIONS,
        longest: int = 80,
    ) -> None:
        super().__init__()
        self.way = way
        self.pieces: list[Passage] = []
        self._directions = directions
        self.longest_piece = longest  # type: ignore[misc]

    @property
    def directions(self) -> frozenset[tuple[str, str]]:
        return self._directions

    def _translate(self, pieces: Sequence[Passage], **options: Any) -> list[Hypothesis]:
        self.pieces += pieces
        end = "!" if options.get("loud") else ""
        return [
            Hypothesis(
                self.way(one.text) + end, -1.0, (Phrase(one.text, one.text.upper(), {"all": -1.0}),)
            )
            for one in pieces
        ]
