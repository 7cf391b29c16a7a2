"""What WaveNet sees: the samples of its field before it, its frames, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from zoo.tts.wavenet_network import SILENCE, Shape, WaveNet, before

SHAPE = Shape(
    mels=5, hop=4, width=8, gates=16, skip=24, hidden=8, context=8, margin=1, cycles=2, largest=4
)
FRAMES = 20


def _network(seed: int = 0) -> WaveNet:
    torch.manual_seed(seed)
    network = WaveNet(SHAPE).eval()
    torch.nn.init.normal_(network.out.weight)
    for layer in network.layers:  # so large that no influence drowns in rounding
        torch.nn.init.normal_(layer.taps.weight, std=0.5)
    return network.double()


def _inputs() -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(0)
    codes = torch.from_numpy(random.integers(0, 256, (1, FRAMES * SHAPE.hop)))
    return codes, torch.from_numpy(random.normal(size=(1, FRAMES + 2, SHAPE.mels)))


@torch.no_grad()
def _logits(network: WaveNet, codes: Tensor, frames: Tensor) -> Tensor:
    return network.logits(network(before(codes), frames))[0]


def test_the_field_is_what_it_says() -> None:
    assert SHAPE.dilations == (1, 2, 4, 1, 2, 4)
    assert SHAPE.field == 15
    network = _network()
    codes, frames = _inputs()
    usual = _logits(network, codes, frames)
    for changed in (0, 7, 30):
        other = codes.clone()
        other[0, changed] = (other[0, changed] + 100) % 256
        differs = (_logits(network, other, frames) != usual).any(dim=1)
        # Not the sample itself: the `field` samples after it, and no other.
        wanted = range(changed + 1, changed + 1 + SHAPE.field)
        assert torch.nonzero(differs)[:, 0].tolist() == list(wanted)


def test_a_frame_is_known_to_its_samples_and_its_neighbours() -> None:
    network = _network()
    codes, frames = _inputs()
    usual = _logits(network, codes, frames)
    other = frames.clone()
    other[0, 1 + 10] += 1
    differs = torch.nonzero((_logits(network, codes, other) != usual).any(dim=1))[:, 0]
    first, last = (10 - SHAPE.margin) * SHAPE.hop, (10 + 1 + SHAPE.margin) * SHAPE.hop
    # What the first layer was told goes through all taps but its own.
    assert (differs.min(), differs.max()) == (first, last - 1 + sum(SHAPE.dilations[1:]))


def test_what_comes_before_is_one_sample_late() -> None:
    assert before(torch.tensor([[5, 6, 7]])).tolist() == [[SILENCE, 5, 6]]


def test_frames_are_normalised() -> None:
    network = _network()
    codes, frames = _inputs()
    usual = _logits(network, codes, frames)
    mean, deviation = torch.arange(5.0), torch.arange(1.0, 6.0)
    network.normalise(mean, deviation)
    assert torch.allclose(_logits(network, codes, frames * deviation + mean), usual)


def test_it_begins_knowing_nothing() -> None:
    network = WaveNet(SHAPE)
    codes, frames = _inputs()
    assert not _logits(network, codes, frames.float()).any()


def test_shapes_travel_and_are_checked() -> None:
    assert Shape.of(SHAPE.to_settings()) == SHAPE
    assert len(Shape().dilations) == 21
    with pytest.raises(ValueError, match="multiples of 8"):
        Shape(width=20)
    with pytest.raises(ValueError, match="power of two"):
        Shape(largest=3)
    with pytest.raises(ValueError, match="cycles"):
        Shape(cycles=0)
