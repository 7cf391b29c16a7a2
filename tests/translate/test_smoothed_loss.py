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
    narrow = smoothed_cross_entropy(vectors, table, wanted, 0.1)
    assert float(narrow) == pytest.approx(float(exact), rel=1e-3)
    assert narrow.dtype == torch.float32
