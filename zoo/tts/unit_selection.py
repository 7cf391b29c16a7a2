"""Concatenative synthesis: speech put together from pieces of recordings of one voice.

Hunt and Black, "Unit Selection in a Concatenative Speech Synthesis System Using a Large Speech
Database", ICASSP 1996, with units and search in `zoo.tts.units` and `zoo.tts.unit_search`, and
pitch-synchronous overlap-add in `zoo.tts.overlap_add`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.data import Example
from zoo.options import check_known
from zoo.progress import Progress
from zoo.tts.alignment import RATE, ROUNDS
from zoo.tts.contexts import contexts
from zoo.tts.overlap_add import Samples, join
from zoo.tts.recordings import aligned
from zoo.tts.synthesizer import PAUSES, EnglishSynthesizer, Sentence
from zoo.tts.unit_search import UnitSearch
from zoo.tts.units import Inventory


class UnitSelectionSynthesizer(EnglishSynthesizer):
    """US English in the voice of its recordings."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__()
        self.inventory = inventory
        self._search = UnitSearch(inventory)

    @property
    def rate(self) -> int:
        return RATE

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        rounds: Sequence[int] = ROUNDS,
        **options: Any,
    ) -> Self:
        """From texts with recordings of one voice; there is no chance in it.

        validation: is aligned, too, and otherwise left alone. rounds: by which the models that
        align the recordings are learned, see `Aligner.learn`.

        Raises InputError if an example is no text with a recording.
        """
        check_known(f"{cls.__name__} learns with", options, cls.fit_options())
        report = Progress.kept_in(workspace, show=progress)
        recordings, _ = aligned(
            train, validation or (), rounds=rounds, workspace=workspace, report=report
        )
        report.log(event="cutting units", recordings=len(recordings))
        # Rounded as it is stored: what is learned speaks as what is loaded.
        return cls(Inventory.of(Inventory.of_recordings(recordings).arrays()))

    @classmethod
    def fit_options(cls) -> set[str]:
        """The options that `fit` has besides those of every model."""
        return {"rounds"}

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options of `fit` for tests."""
        return {"rounds": (4,)}

    def _speak(self, sentence: Sentence, **options: Any) -> Samples:
        parts: list[Samples] = []
        for number, group in enumerate(sentence.groups, 1):
            wanted = contexts([word.phones for word in group.words])
            parts.append(join(self.inventory.recorded, self._search.pieces(wanted)))
            if number < len(sentence.groups):
                parts.append(np.zeros(round(PAUSES[group.mark] * RATE), np.float32))
        return np.concatenate(parts)

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"rate": RATE}, self.inventory.arrays()

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str
    ) -> Self:
        if settings["rate"] != RATE:
            raise ValueError(f"recordings at {settings['rate']} Hz, not {RATE}")
        return cls(Inventory.of(arrays))
