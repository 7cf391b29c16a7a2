from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from zoo.translate.smoothed_loss import smoothed_cross_entropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("rows", [3, 700])
def test_loss_and_gradients_are_those_of_the_whole(rows: int, smoothing: float) -> None:
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(rows, 16, generator=random, requires_grad=True)
    table = torch.randn(50, 16, generator=random, requires_grad=True)
    wanted = torch.randint(50, (rows,), generator=random)
    expected = functional.cross_entropy(vectors @ table.T, wanted, label_smoothing=smoothing)
    gradients = torch.autograd.grad(3 * expected, (vectors, table))
    loss = smoothed_cross_entropy(vectors, table, wanted, smoothing, dtype=torch.float32)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    for ours, theirs in zip(
        torch.autograd.grad(3 * loss, (vectors, table)), gradients, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_narrow_products_change_little() -> None:
    random = torch.Generator().manual_seed(1)
    vectors = torch.randn(300, 64, generator=random)
    table = torch.randn(200, 64, generator=random) / 8
    wanted = torch.randint(200, (300,), generator=random)
    exact = smoothed_cross_entropy(vectors, table, wanted, 0.1, dtype=torch.float32)
    narrow = smoothed_cross_entropy(vectors, table, wanted, 0.1, dtype=torch.bfloat16)
    assert float(narrow) == pytest.approx(float(exact), rel=1e-3)
    assert narrow.dtype == torch.float32


def test_narrow_gradients_of_confident_rows_are_nearly_right() -> None:
    random = torch.Generator().manual_seed(1)
    table = torch.randn(200, 64, generator=random, requires_grad=True)
    wanted = torch.randint(200, (300,), generator=random)
    vectors = (0.12 * table.detach()[wanted]).requires_grad_()
    likely = (vectors @ table.T).softmax(1).gather(1, wanted[:, None])
    assert 0.8 < float(likely.detach().mean()) < 0.98
    exact = smoothed_cross_entropy(vectors, table, wanted, 0.1, dtype=torch.float32)
    narrow = smoothed_cross_entropy(vectors, table, wanted, 0.1, dtype=torch.bfloat16)
    for one, other in zip(
        torch.autograd.grad(narrow, (vectors, table)),
        torch.autograd.grad(exact, (vectors, table)),
        strict=True,
    ):
        assert float((one - other).norm() / other.norm()) < 0.05


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_piece_that_seems_impossible_is_still_learned_from(dtype: torch.dtype) -> None:
    table = torch.tensor([[1.0], [0.0]], requires_grad=True)
    vectors = torch.tensor([[1000.0]], requires_grad=True)
    loss = smoothed_cross_entropy(vectors, table, torch.tensor([1]), 0.0, dtype=dtype)
    assert 80 < float(loss.detach()) < 2000
    of_vectors, of_table = torch.autograd.grad(loss, (vectors, table))
    assert of_vectors.tolist() == [[1.0]]
    assert of_table.tolist() == [[1000.0], [-1000.0]]
