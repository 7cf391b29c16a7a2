"""The vocoder: chunks are the whole, and the seed decides."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zoo.tts.mel import CODES, MelSpectrum, companded, emphasised, expanded
from zoo.tts.vocoder import Vocoder
from zoo.tts.wavenet_kernel import Kernel
from zoo.tts.wavenet_network import Shape, WaveNet

SHAPE = Shape(
    mels=5, hop=10, width=8, gates=8, skip=8, hidden=8, context=8, margin=1, cycles=1, largest=4
)
SPECTRUM = MelSpectrum(mels=5, hop=10)
FRAMES = np.random.default_rng(0).normal(size=(23, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def vocoder() -> Vocoder:
    torch.manual_seed(0)
    network = WaveNet(SHAPE)
    torch.nn.init.normal_(network.out.weight)
    arrays = {name: value.numpy() for name, value in network.state_dict().items()}
    return Vocoder(Kernel(SHAPE, arrays), SPECTRUM, emphasis=0.7)


def test_chunks_are_the_whole(vocoder: Vocoder) -> None:
    whole = vocoder.sound(FRAMES, seed=1)
    assert whole.shape == (230,)
    assert whole.dtype == np.float32
    for size in (1, 7, 23, 100):
        chunks = list(vocoder.chunks(FRAMES, seed=1, size=size))
        assert [len(one) for one in chunks[:-1]] == [10 * size] * (len(chunks) - 1)
        assert np.array_equal(np.concatenate(chunks), whole)


def test_the_seed_decides(vocoder: Vocoder) -> None:
    assert np.array_equal(vocoder.sound(FRAMES, seed=1), vocoder.sound(FRAMES, seed=1))
    assert not np.array_equal(vocoder.sound(FRAMES, seed=1), vocoder.sound(FRAMES, seed=2))


def test_emphasis_is_undone(vocoder: Vocoder) -> None:
    plain = Vocoder(vocoder.kernel, SPECTRUM).sound(FRAMES, seed=1)
    assert set(plain.tolist()) <= set(expanded(np.arange(CODES)).tolist())
    again = emphasised(vocoder.sound(FRAMES, seed=1), 0.7)
    assert (companded(again) == companded(plain)).all()
