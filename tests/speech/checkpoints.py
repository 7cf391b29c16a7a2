"""What the tests of recognisers from the Hub share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import zoo
from tests import tiny_checkpoints

ARCHITECTURES = tiny_checkpoints.SPEECH_ARCHITECTURES
RATE = 16_000


def sound(seed: int, seconds: float = 1.5) -> NDArray[np.float32]:
    """A glide between two pitches with noise, [N], at the rate of the networks."""
    rng = np.random.default_rng(seed)
    pitch = np.linspace(*rng.uniform(150, 1500, 2), round(seconds * RATE))
    tone = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE)
    return (tone + rng.normal(0, 0.02, len(tone))).astype(np.float32)


def edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))


def load(folder: Path) -> Any:
    return zoo.load(folder, device="cpu")
