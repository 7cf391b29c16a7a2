"""The kernel makes what the network says, sample for sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zoo.tts.wavenet_kernel import Kernel, _tanh
from zoo.tts.wavenet_network import Shape, WaveNet, before

SHAPE = Shape(
    mels=5, hop=10, width=16, gates=8, skip=24, hidden=40, context=8, margin=2, cycles=2, largest=8
)
FRAMES = 60


@pytest.fixture(scope="module")
def network() -> WaveNet:
    torch.manual_seed(0)
    network = WaveNet(SHAPE).eval()
    network.normalise(torch.arange(5.0), torch.arange(1.0, 6.0))
    torch.nn.init.normal_(network.out.weight, std=0.5)
    return network


@pytest.fixture(scope="module")
def kernel(network: WaveNet) -> Kernel:
    return Kernel(SHAPE, {name: value.numpy() for name, value in network.state_dict().items()})


def _frames() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (FRAMES, SHAPE.mels)).astype(np.float32)


def _uniforms(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(FRAMES * SHAPE.hop)


@torch.no_grad()
def _plain(network: WaveNet, codes: np.ndarray, temperatures: np.ndarray) -> np.ndarray:
    """The probabilities [N, 256] of each code after those before it, all at once."""
    margin = ((SHAPE.margin, SHAPE.margin), (0, 0))
    frames = torch.from_numpy(np.pad(_frames(), margin, mode="edge"))[None]
    inputs = before(torch.from_numpy(codes.astype(np.int64))[None])
    logits = network.logits(network(inputs, frames))[0].double().numpy()
    scaled = logits / np.repeat(temperatures, SHAPE.hop)[:, None]
    return torch.from_numpy(scaled).softmax(-1).numpy()


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_it_draws_what_the_network_would(
    network: WaveNet, kernel: Kernel, temperature: float
) -> None:
    # One after the other, each draw is what the network draws after the same codes: so the first
    # that differed would be seen, and nothing but rounding can make one differ.
    uniforms = _uniforms()
    codes = kernel.codes(kernel.told(_frames()), uniforms, kernel.start(), temperature)
    shares = _plain(network, codes, np.full(FRAMES, temperature))
    above = shares.cumsum(axis=1)
    below = above - shares
    row = np.arange(len(codes))
    assert (below[row, codes] <= uniforms + 1e-5).all()
    assert (uniforms <= above[row, codes] + 1e-5).all()
    assert (codes == (above > uniforms[:, None]).argmax(axis=1)).mean() > 0.995
    assert len(set(codes.tolist())) > 30


def test_chunks_together_are_the_whole(kernel: Kernel) -> None:
    told, uniforms, state = kernel.told(_frames()), _uniforms(), kernel.start()
    whole = kernel.codes(told, uniforms, kernel.start())
    parts = [
        kernel.codes(told[a:b], uniforms[a * SHAPE.hop : b * SHAPE.hop], state)
        for a, b in ((0, 1), (1, 1), (1, 24), (24, FRAMES))
    ]
    assert np.concatenate(parts).tolist() == whole.tolist()
    assert (state.made, state.last) == (len(whole), whole[-1])


def test_other_draws_are_another_sound(kernel: Kernel) -> None:
    told = kernel.told(_frames())
    first, again, other = (
        kernel.codes(told, _uniforms(seed), kernel.start()).tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_each_frame_can_have_its_temperature(network: WaveNet, kernel: Kernel) -> None:
    temperatures = np.where(np.arange(FRAMES) < 30, 1e-3, 1.0)
    codes = kernel.codes(kernel.told(_frames()), _uniforms(), kernel.start(), temperatures)
    shares = _plain(network, codes, np.ones(FRAMES))
    best = codes == shares.argmax(axis=1)
    assert best[: 30 * SHAPE.hop].mean() > 0.99
    assert best[30 * SHAPE.hop :].mean() < 0.5


def test_draws_and_frames_must_agree(kernel: Kernel) -> None:
    with pytest.raises(ValueError, match="7 draws for 60 frames"):
        kernel.codes(kernel.told(_frames()), np.zeros(7), kernel.start())


def test_the_hyperbolic_tangent_is_one() -> None:
    x = np.linspace(-20, 20, 4001, dtype=np.float32)
    ours = np.array([_tanh(one) for one in x])
    assert np.abs(ours - np.tanh(x.astype(np.float64))).max() < 1e-6
