"""What sounds look like: planted tones are where they belong, and loud is far from silence."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from zoo.exhibits import Sound
from zoo.page.sounds import COLUMNS, spectrogram, waveform


def _tone(hertz: float, rate: int = 16_000, seconds: float = 0.5) -> NDArray[np.float32]:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(0.5 * np.sin(2 * np.pi * hertz * time), np.float32)


def _shades(sound: Sound) -> NDArray[np.uint8]:
    picture = spectrogram(sound)
    image = Image.open(io.BytesIO(picture.content))
    assert (picture.media_type, picture.width, picture.height) == ("image/png", *image.size)
    return np.asarray(image)


@pytest.mark.parametrize(
    ("rate", "highest"), [(8_000, 4_000), (16_000, 8_000), (44_100, 8_000), (22_050, 8_000)]
)
def test_a_tone_is_a_bright_line_at_its_frequency(rate: int, highest: float) -> None:
    shades = _shades(Sound(_tone(3000, rate), rate))
    height, width = shades.shape
    assert width == pytest.approx(51, abs=3)
    middle = shades[:, width // 2]
    brightest = height - 1 - int(middle.argmax())  # rows go down
    assert brightest == pytest.approx(3000 / highest * (height - 1), abs=1.5)
    assert middle[height - 1 - brightest] >= 60
    assert middle[:2].max() < 15
    assert middle[-2:].max() < 15


def test_time_runs_to_the_right() -> None:
    later = np.concatenate((np.zeros(8000, np.float32), _tone(1000)))
    shades = _shades(Sound(later, 16_000))
    half = shades.shape[1] // 2
    assert shades[:, : half - 5].max() == 0
    assert shades[:, half + 5 :].max() >= 60


def _points(path: str) -> NDArray[np.float64]:
    assert re.fullmatch(r"M[-0-9. L]+Z", path)
    return np.array([one.split() for one in path[1:-1].split("L")], float)


def test_a_waveform_goes_round_what_the_samples_reach() -> None:
    ramp = np.linspace(0, 1, 32_000, dtype=np.float32)
    points = _points(waveform(Sound(ramp * np.where(np.arange(32_000) % 2, 1, -1), 16_000)))
    upper, lower = points[:COLUMNS], points[COLUMNS:][::-1]
    assert upper[[0, -1], 0].tolist() == lower[[0, -1], 0].tolist() == [0, COLUMNS]
    assert upper[:, 1] == pytest.approx(-np.arange(1, COLUMNS + 1) / COLUMNS, abs=2e-3)
    assert lower[:, 1] == pytest.approx(np.arange(1, COLUMNS + 1) / COLUMNS + 0.01, abs=2e-3)


def test_few_samples_and_silence_are_drawn_too() -> None:
    quiet = _points(waveform(Sound(np.zeros(5, np.float32), 8_000)))
    assert quiet.shape == (10, 2)
    assert np.ptp(quiet[:, 1]) == pytest.approx(0.01)
    assert _shades(Sound(np.zeros(5, np.float32), 8_000)).max() == 0
