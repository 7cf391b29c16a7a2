"""What an independent recogniser hears: by this it is measured whether speech can be understood.

CMU Sphinx with the models of general US English that its package ships (Huggins-Daines et al.,
"PocketSphinx", ICASSP 2006). It is no human ear: what it makes of a recording of the same words
tells how much of its errors are its own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.errors import MissingDependencyError

Samples = NDArray[np.float32]

RATE = 16_000  # Hz, of the acoustic model
LONGEST = 30.0  # seconds that are decoded at once: the word lattice grows with them
_PAUSE = 0.3  # seconds over which the quietest place for a cut is looked for


def heard(audio: Audio) -> str:
    """The words of a sound, in lower case; none where nothing is understood."""
    decoder = _decoder()
    found = []
    for _, piece in pieces(audio.at(RATE).samples):
        decoder.reinit_feat()  # or what is taken for noise would be that of all sound before
        decoder.start_utt()
        try:
            decoder.process_raw(to_pcm(piece), full_utt=True)
        finally:
            decoder.end_utt()
        hypothesis = decoder.hyp()
        if hypothesis is not None:
            found.append(hypothesis.hypstr)
    return " ".join(" ".join(found).split())


@functools.cache
def _decoder() -> Any:
    try:
        import pocketsphinx
    except ImportError as error:
        raise MissingDependencyError(
            "Scores of speech need pocketsphinx: pip install 'software-zoo[tts]'."
        ) from error
    return pocketsphinx.Decoder(loglevel="FATAL")


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
