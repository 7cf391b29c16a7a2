"""Muon takes torch's steps, in the precision that it is told."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from zoo.errors import InputError
from zoo.muon import Muon, orthogonalised

SHAPES = [(16, 40), (40, 16), (12, 12)]


def after_steps(shape: tuple[int, int], precision: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """A matrix, what torch's optimiser makes of it in five steps, and what ours does."""
    random = torch.Generator().manual_seed(3)
    first = torch.randn(shape, generator=random)
    theirs, ours = (first.clone().requires_grad_() for _ in range(2))
    optimisers: list[torch.optim.Optimizer] = [
        torch.optim.Muon([theirs], lr=0.01, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        Muon([ours], learning_rate=0.01, weight_decay=0.05, precision=precision),
    ]
    for _ in range(5):
        slope = torch.randn(shape, generator=random)
        for matrix, optimiser in zip((theirs, ours), optimisers, strict=True):
            matrix.grad = slope.clone()
            optimiser.step()
    return first, theirs.detach(), ours.detach()


@pytest.mark.parametrize("shape", SHAPES)
def test_in_bfloat16_steps_are_torchs(shape: tuple[int, int]) -> None:
    first, theirs, ours = after_steps(shape, torch.bfloat16)
    assert (theirs - first).abs().mean() > 0.004
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_in_float32_they_differ_by_its_rounding_only(shape: tuple[int, int]) -> None:
    first, theirs, ours = after_steps(shape, torch.float32)
    assert 0 < (ours - theirs).norm() < 0.02 * (theirs - first).norm()


@pytest.mark.parametrize("shape", [*SHAPES, (1, 7), (7, 1)])
@pytest.mark.parametrize("size", [1e-5, 1.0, 1e5])
def test_what_is_made_orthogonal_turns_alike_however_large_it_was(
    shape: tuple[int, int], size: float
) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(5))
    found = orthogonalised(x * size, torch.float32)
    left, _, right = torch.linalg.svd(x, full_matrices=False)
    turned = left.T @ found @ right.T
    assert 0.6 < turned.diagonal().min() <= turned.diagonal().max() < 1.21
    torch.testing.assert_close(turned, turned.diagonal().diag(), rtol=0, atol=1e-4)


def test_a_step_against_nothing_is_none_but_for_decay() -> None:
    matrix = torch.ones(2, 3, requires_grad=True)
    optimiser = Muon([matrix], learning_rate=0.1, weight_decay=0.5, precision=torch.float32)
    optimiser.step()
    assert torch.equal(matrix, torch.ones(2, 3))
    matrix.grad = torch.zeros(2, 3)
    optimiser.step()
    torch.testing.assert_close(matrix.detach(), torch.full((2, 3), 0.95))


def test_it_learns_matrices_only() -> None:
    with pytest.raises(
        InputError, match=r"^Muon learns matrices; an array of 1 dimensions came\.$"
    ):
        Muon([torch.ones(3)], learning_rate=0.1, weight_decay=0.0, precision=torch.float32)
