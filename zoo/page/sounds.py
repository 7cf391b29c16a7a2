"""What a sound looks like: its waveform, which takes its colour from the page, and spectrogram."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from zoo.exhibits import Picture, Sound

COLUMNS = 320  # of the waveform: more could not be told apart on a phone
_HOP, _WINDOW = 0.01, 0.025  # seconds
_HEIGHT = 96  # rows of the spectrogram, from 0 Hz at the bottom
_HIGHEST = 8000.0  # Hz, or what the rate allows
_RANGE = 70.0  # dB below the loudest point that are told apart
_SILENT = -60.0  # dB below a tone at full scale; what is nowhere louder looks silent
_COLOURS = 64


def waveform(sound: Sound) -> str:
    """The outline of a sound as the `d` of an SVG path: COLUMNS wide, from -1 to 1 downwards."""
    edges = np.linspace(0, len(sound.samples), COLUMNS + 1).astype(int)[:-1]
    short = len(sound.samples) < COLUMNS
    starts = np.arange(len(sound.samples)) if short else edges
    high = np.maximum.reduceat(sound.samples, starts)
    low = np.minimum.reduceat(sound.samples, starts)
    at = np.linspace(0, COLUMNS, len(starts))
    upper = [f"{x:.1f} {-y:.3f}" for x, y in zip(at, high, strict=True)]
    # Silence is a line that can be seen.
    lower = [f"{x:.1f} {0.01 - y:.3f}" for x, y in zip(at, low, strict=True)]
    return "M" + "L".join((*upper, *reversed(lower))) + "Z"


def spectrogram(sound: Sound) -> Picture:
    """Time from left to right, frequency upwards, louder is brighter, in colours of equal steps."""
    from matplotlib import colormaps
    from PIL import Image

    level = _decibels(sound)
    loudest = max(float(level.max()), _SILENT)
    shade = np.clip((level - loudest) / _RANGE + 1, 0, 1) * (_COLOURS - 1)
    image = Image.fromarray(np.ascontiguousarray(shade.round().astype(np.uint8)[::-1]), "P")
    palette = colormaps["viridis"](np.linspace(0, 1, _COLOURS), bytes=True)[:, :3]
    image.putpalette(palette.tobytes())
    content = io.BytesIO()
    image.save(content, format="PNG", optimize=True)
    return Picture(content.getvalue(), "image/png", image.width, image.height)


def _decibels(sound: Sound) -> NDArray[np.float32]:
    """[_HEIGHT, T]: the level of each band in each frame; of a tone at full scale it is 0."""
    window, hop = (max(2, round(seconds * sound.rate)) for seconds in (_WINDOW, _HOP))
    # As many points as bands of equal width up to the highest frequency need.
    highest = min(_HIGHEST, sound.rate / 2)
    points = max(window, 2 * round(_HEIGHT * sound.rate / 2 / highest))
    padded = np.pad(sound.samples, (window // 2, window))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    hann = np.hanning(window)
    power = np.abs(np.fft.rfft(frames * (2 * hann / hann.sum()), points, axis=1)) ** 2
    wanted = np.linspace(0, highest / (sound.rate / 2) * (power.shape[1] - 1), _HEIGHT)
    bands = power[:, wanted.round().astype(int)].T
    return np.asarray(10 * np.log10(bands + 1e-20), np.float32)
