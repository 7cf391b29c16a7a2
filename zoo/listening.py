"""What an independent recogniser hears: by this it is measured whether speech can be understood.

CMU Sphinx with the acoustic model of US English that its package ships (Huggins-Daines et al.,
"PocketSphinx", ICASSP 2006). It is no human ear: what it makes of a recording of the same words
tells how much of its errors are its own.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.errors import MissingDependencyError

Samples = NDArray[np.float32]

RATE = 16_000  # Hz, of the acoustic model
LONGEST = 30.0  # seconds that are decoded at once: the word lattice grows with them
_PAUSE = 0.3  # seconds over which the quietest place for a cut is looked for


class Listener:
    """Hears the words of a vocabulary, each as probable as any other whatever came before it.

    words: in lower case; those that the recogniser's dictionary has not it cannot hear.

    Raises MissingDependencyError.
    """

    def __init__(self, words: Iterable[str]) -> None:
        try:
            import pocketsphinx
        except ImportError as error:
            raise MissingDependencyError(
                "Scores of speech need pocketsphinx: pip install 'software-zoo[tts]'."
            ) from error
        self._decoder: Any = pocketsphinx.Decoder(loglevel="FATAL", lm=None)
        known = sorted({word for word in words if self._decoder.lookup_word(word) is not None})
        with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
            path = Path(folder, "words.arpa")
            path.write_text(_unigrams(known), encoding="utf-8")
            self._decoder.add_lm_file("words", str(path))
        self._decoder.activate_search("words")

    def heard(self, audio: Audio) -> str:
        """The words of a sound, in lower case; none where nothing is understood."""
        found = []
        for _, piece in pieces(audio.at(RATE).samples):
            self._decoder.reinit_feat()  # or what is taken for noise would be that of all before
            self._decoder.start_utt()
            try:
                self._decoder.process_raw(to_pcm(piece), full_utt=True)
            finally:
                self._decoder.end_utt()
            hypothesis = self._decoder.hyp()
            if hypothesis is not None:
                found.append(hypothesis.hypstr)
        return " ".join(" ".join(found).split())


def _unigrams(words: Sequence[str]) -> str:
    """An ARPA language model in which every word, and the end, is as probable as any other."""
    each = -math.log10(len(words) + 1)
    lines = [f"{each:.6f} {word}" for word in ("</s>", *words)]
    head = f"\\data\\\nngram 1={len(words) + 2}\n\n\\1-grams:\n-99 <s>\n"
    return head + "\n".join(lines) + "\n\n\\end\\\n"


def pieces(samples: Samples) -> Iterator[tuple[int, Samples]]:
    """Sound cut where it is quietest, to at most `LONGEST` seconds: (first sample, piece)."""
    longest, pause = round(LONGEST * RATE), round(_PAUSE * RATE)
    start = 0
    while len(samples) - start > longest:
        from_here = start + longest // 2
        power = samples[from_here : start + longest].astype(np.float64) ** 2
        energy = np.concatenate(([0.0], np.cumsum(power)))
        cut = from_here + int(np.argmin(energy[pause:] - energy[:-pause])) + pause // 2
        yield start, samples[start:cut]
        start = cut
    yield start, samples[start:]


def to_pcm(samples: Samples) -> bytes:
    """16-bit samples, with a little noise: in digital silence the decoder would hear words."""
    noise = np.random.default_rng(0).integers(-1, 2, len(samples))  # of one step
    pcm = np.clip(np.rint(samples * 32768.0) + noise, -32768, 32767).astype("<i2")
    return bytes(pcm.tobytes())
