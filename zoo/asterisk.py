"""Prompts of the Asterisk telephone system, spoken by one professional voice, with their texts.

They come with the Debian packages `PACKAGES`: 16 kHz, in raw G.722.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zoo.audio import Audio
from zoo.errors import DataError, MissingDependencyError

PACKAGES = ("asterisk-core-sounds-en", "asterisk-core-sounds-en-g722")
SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"
TEXTS = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
FILES = (TEXTS, f"{SOUNDS}/digits/9.g722")  # by which the packages' presence is known
URL = "https://packages.debian.org/stable/asterisk-core-sounds-en-g722"
RATE = 16000  # Hz, of G.722


def prompts(root: Path) -> Iterator[tuple[str, str, Path]]:
    """The name, text and file of every prompt that is speech, in the order of the texts.

    root: of the file system where the packages are installed or unpacked.
    """
    with gzip.open(root / TEXTS, "rt", encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    for line in lines:
        name, colon, text = line.partition(": ")
        path = root / SOUNDS / f"{name}.g722"
        # Brackets describe a tone or silence.
        if line.startswith(";") or not colon or "[" in text or not path.is_file():
            continue
        yield name, text.strip(), path


def read_g722(path: Path) -> Audio:
    """Decode a file of raw G.722, which has no header. Raises DataError."""
    try:
        import av
    except ImportError as error:
        raise MissingDependencyError(
            "Reading G.722 needs PyAV: pip install 'software-zoo[speech]'."
        ) from error
    try:
        with av.open(io.BytesIO(path.read_bytes()), format="g722") as container:
            parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    except (OSError, av.FFmpegError) as error:
        raise DataError(f"{str(path)!r} cannot be read as G.722: {error}.") from error
    if not parts:
        raise DataError(f"{str(path)!r} cannot be read as G.722: it holds nothing.")
    return Audio(np.concatenate(parts), RATE)
