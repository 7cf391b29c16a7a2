"""The network: what it may see, and that piece by piece is the same as at once."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from zoo.translate.pieces import PADDING, START
from zoo.translate.transformer_network import (
    Dropout,
    Shape,
    TransformerNetwork,
    drawing_from,
    positions,
)


@pytest.fixture(scope="module")
def network() -> TransformerNetwork:
    torch.manual_seed(0)
    shape = Shape(
        vocabulary=50, width=16, heads=4, hidden=32, encoder_layers=2, decoder_layers=2, dropout=0.3
    )
    return TransformerNetwork(shape).eval()


def _inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    source = torch.randint(5, 50, (3, 7))
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[1, 5:] = False
    source[1, 5:] = PADDING
    target = torch.cat((torch.full((3, 1), START), torch.randint(5, 50, (3, 5))), dim=1)
    return source, mask, target


def test_positions_are_the_papers() -> None:
    table = positions(3, 2, 8)
    assert table.shape == (2, 8)
    for row, place in enumerate((3, 4)):
        for pair in range(4):
            angle = place / 10_000 ** (2 * pair / 8)
            assert float(table[row, 2 * pair]) == pytest.approx(math.sin(angle), abs=1e-6)
            assert float(table[row, 2 * pair + 1]) == pytest.approx(math.cos(angle), abs=1e-6)


@torch.no_grad()
def test_padding_changes_nothing(network: TransformerNetwork) -> None:
    source, mask, target = _inputs()
    whole = network(source, mask, target)
    alone = network(source[1:2, :5], mask[1:2, :5], target[1:2])
    assert torch.allclose(whole[1:2], alone, atol=1e-6)
    other = source.clone()
    other[1, 5:] = 7
    assert torch.allclose(network(other, mask, target), whole, atol=1e-6)


@torch.no_grad()
def test_a_position_does_not_see_those_after_it(network: TransformerNetwork) -> None:
    source, mask, target = _inputs()
    whole = network(source, mask, target)
    other = target.clone()
    other[:, 3:] = 9
    changed = network(source, mask, other)
    assert torch.allclose(changed[:, :3], whole[:, :3], atol=1e-6)
    assert not torch.allclose(changed[:, 3], whole[:, 3], atol=1e-3)


@torch.no_grad()
def test_every_source_position_counts(network: TransformerNetwork) -> None:
    source, mask, target = _inputs()
    whole = network(source, mask, target)
    for place in range(7):
        other = source.clone()
        other[0, place] = (other[0, place] - 5 + 1) % 45 + 5
        assert not torch.allclose(network(other, mask, target)[0], whole[0], atol=1e-4)


@torch.no_grad()
def test_piece_by_piece_is_the_same_as_at_once(network: TransformerNetwork) -> None:
    source, mask, target = _inputs()
    whole = network(source, mask, target)
    cache = network.start(network.encode(source, mask), mask)
    steps = [network.decode(target[:, i : i + 1], cache) for i in range(target.shape[1])]
    assert torch.allclose(torch.cat(steps, dim=1), whole, atol=1e-5)


@torch.no_grad()
def test_a_cache_can_be_repeated_and_reordered(network: TransformerNetwork) -> None:
    source, mask, target = _inputs()
    cache = network.start(network.encode(source, mask), mask)
    network.decode(target[:, :1], cache)
    network.decode(target[:, 1:2], cache)
    rows = torch.tensor([2, 2, 0])
    chosen = cache.select(rows)
    after = network.decode(target[rows, 2:3], chosen)
    whole = network(source, mask, target)
    assert torch.allclose(after[:, 0], whole[rows, 2], atol=1e-5)
    # Two rows of one sentence change places: each goes on from the other's past.
    twice = network.start(network.encode(source[:1], mask[:1]), mask[:1]).select(
        torch.tensor([0, 0])
    )
    first = torch.tensor([[START], [START]])
    second = torch.tensor([[11], [12]])
    network.decode(first, twice)
    network.decode(second, twice)
    twice.reorder(torch.tensor([1, 0]))
    third = torch.tensor([[13], [13]])
    got = network.decode(third, twice)[:, 0]
    texts = torch.cat((first, second.flip(0), third), dim=1)
    wanted = network(source[[0, 0]], mask[[0, 0]], texts)[:, -1]
    assert torch.allclose(got, wanted, atol=1e-5)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer = Dropout(0.25)
    x = torch.ones(1000, 37)
    y = layer(x)
    assert float((y == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(y.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(x), x)
    assert not torch.equal(layer.train()(x), y)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_keeps_the_mean_of_narrow_numbers_too(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    x = torch.rand(2000, 300).to(dtype)
    y = Dropout(0.1)(x)
    assert y.dtype == dtype
    assert float(y.double().mean() / x.double().mean()) == pytest.approx(1, abs=2e-3)


def test_dropout_draws_from_its_thread_alone_where_it_is_told_to() -> None:
    layer, x = Dropout(0.5), torch.ones(300, 7)

    def drawn(seed: int) -> torch.Tensor:
        with drawing_from(seed, "cpu"):
            dropped: torch.Tensor = layer(x)
        return dropped

    before = torch.get_rng_state()
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(drawn, [1, 2, 1, 2] * 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one, at_once[i % 2]) for i, one in enumerate(at_once))
    assert not torch.equal(at_once[0], at_once[1])


@torch.no_grad()
def test_numbers_between_layers_are_as_narrow_as_matrices(network: TransformerNetwork) -> None:
    seen: list[torch.dtype] = []
    hook = network.encoder[-1].register_forward_hook(lambda *one: seen.append(one[-1].dtype))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        narrow = network(*_inputs())
    wide = network(*_inputs())
    hook.remove()
    assert seen == [torch.bfloat16, torch.float32]
    assert torch.allclose(narrow.float(), wide, atol=0.1)
