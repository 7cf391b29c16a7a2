"""The network that hears in chunks: whole recordings and live sound are the same to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from zoo.speech.conformer_network import SUBSAMPLING, ConformerNetwork, Size

SIZE = Size(mels=20, outputs=5, width=24, layers=2, heads=3, kernel=5, channels=4, left=6)


@pytest.fixture(autouse=True)
def one_thread(threads: Callable[[int], None]) -> None:
    threads(1)


def network(size: Size = SIZE, seed: int = 0) -> ConformerNetwork:
    """With weights large enough that everything matters."""
    torch.manual_seed(seed)
    made = ConformerNetwork(size).eval().requires_grad_(False)
    for block in made.blocks:
        torch.nn.init.normal_(block.attention.bias, std=0.5)  # type: ignore[union-attr]
        torch.nn.init.normal_(block.attention.queries_keys_values.weight, std=0.3)  # type: ignore[union-attr]
    return made


def features(frames: int, seed: int = 1) -> Tensor:
    return torch.randn(1, frames, SIZE.mels, generator=torch.Generator().manual_seed(seed))


def whole(made: ConformerNetwork, x: Tensor, chunk: int) -> Tensor:
    """Both logits [T / 4, 2, outputs] of one recording."""
    words, speaking = made(x, torch.tensor([x.shape[1]]), chunk)
    return torch.stack((words[0], speaking[0]), dim=1)


def in_steps(made: ConformerNetwork, x: Tensor, chunk: int) -> Tensor:
    """The same by `step`, chunk by chunk."""
    state = None
    found = []
    for part in x.split(SUBSAMPLING * chunk, dim=1):
        words, speaking, state = made.step(part, state)
        found.append(torch.stack((words[0], speaking[0]), dim=1))
    return torch.cat(found)


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 6, 64])
@pytest.mark.parametrize("frames", [4, 20, 28, 76, 160])
def test_chunk_by_chunk_is_as_the_whole(chunk: int, frames: int) -> None:
    made, x = network(), features(frames)
    expected = whole(made, x, chunk)
    assert expected.shape == (frames // SUBSAMPLING, 2, SIZE.outputs)
    assert torch.allclose(in_steps(made, x, chunk), expected, atol=1e-5)


@pytest.mark.parametrize("chunk", [1, 3, 8])
def test_a_padded_batch_is_as_one_by_one(chunk: int) -> None:
    made = network()
    lengths = [7, 52, 4, 30, 33]  # the last frames of the encoder are of padding in part
    rows = [features(length, seed=length) for length in lengths]
    longest = 4 * SUBSAMPLING * 4
    batch = torch.zeros(len(rows), longest, SIZE.mels)
    for row, x in zip(batch, rows, strict=True):
        row[: x.shape[1]] = x[0]
    words, speaking = made(batch, torch.tensor(lengths), chunk)
    for number, (x, length) in enumerate(zip(rows, lengths, strict=True)):
        lacking = -length % SUBSAMPLING
        alone = in_steps(made, torch.nn.functional.pad(x, (0, 0, 0, lacking)), chunk)
        count = len(alone)
        together = torch.stack((words[number, :count], speaking[number, :count]), dim=1)
        assert torch.allclose(together, alone, atol=1e-5)
    assert words.isfinite().all()
    assert speaking.isfinite().all()


@pytest.mark.parametrize("chunk", [1, 3, 8])
def test_nothing_before_the_end_of_a_chunk_depends_on_later_sound(chunk: int) -> None:
    made, x = network(), features(96)
    other = x.clone()
    cut = 12 // chunk * chunk  # frames of the encoder: so many whole chunks
    other[:, SUBSAMPLING * cut :] = features(96, seed=9)[:, SUBSAMPLING * cut :]
    before, after = whole(made, x, chunk), whole(made, other, chunk)
    assert torch.equal(before[:cut], after[:cut])
    assert not torch.allclose(before[cut], after[cut], atol=1e-2)


def test_within_a_chunk_the_network_looks_ahead() -> None:
    made, x = network(), features(96)
    other = x.clone()
    other[:, 28:32] += 1  # the last frame of the first chunk of eight
    before, after = whole(made, x, 8), whole(made, other, 8)
    assert not torch.allclose(before[0], after[0], atol=1e-4)


def test_attention_reaches_back_so_far_and_no_further() -> None:
    # Without convolutions, one layer sees its own chunk and `left` frames before it.
    made = network(replace(SIZE, layers=1, kernel=1))
    x = features(96)
    for frame, sees in ((2, False), (3, False), (6, True), (11, True)):
        other = x.clone()
        other[:, SUBSAMPLING * frame + 1 : SUBSAMPLING * (frame + 1)] += 1
        changed = (whole(made, x, 4) - whole(made, other, 4)).abs().amax(dim=(1, 2))
        # The chunk from 12 to 15 looks back to 6; what the frames' own convolutions see is apart.
        assert bool((changed[12:16] > 1e-6).any()) is sees


def test_outputs_are_apart() -> None:
    made, x = network(), features(40)
    words, speaking = whole(made, x, 4).unbind(1)
    assert not torch.allclose(words, speaking, atol=0.1)


def test_every_weight_learns() -> None:
    made = network(replace(SIZE, left=3)).train().requires_grad_(True)
    words, speaking = made(torch.cat((features(40), features(40, 2))), torch.tensor([40, 31]), 3)
    (words.square().sum() + speaking.square().sum()).backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name
