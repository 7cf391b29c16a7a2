"""Muon, an optimiser of matrices (Jordan et al. 2024), in a precision that the machine is good at.

torch.optim.Muon makes its steps orthogonal in bfloat16 on every machine. A processor without
instructions for it is many times as fast in float32, and may spend more time on these steps than on
all else that a small network does to learn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from zoo.errors import InputError

_MOMENTUM = 0.95
# Of the polynomial a x + b x^3 + c x^5 that brings singular values near 1 (Jordan et al. 2024).
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5
_LEAST = 1e-7
_ADAM_RMS = 0.2  # of Adam's usual steps, which Muon's are made as large as (Liu et al. 2025, eq. 4)


def orthogonalised(x: Tensor, precision: torch.dtype) -> Tensor:
    """U V' of the singular value decomposition U S V' of a matrix, roughly: S is from 0.6 to 1.2.

    By five Newton-Schulz iterations, computed in `precision`, in which the answer is as well.
    What was below about 0.0013 of the matrix's Frobenius norm stays smaller.
    """
    tall = x.shape[0] > x.shape[1]
    y = (x.T if tall else x).to(precision)
    y = y / y.norm().clamp(min=_LEAST)
    for _ in range(_ITERATIONS):
        gram = y @ y.T
        y = torch.addmm(y, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), y, beta=_A)
    return y.T if tall else y


class Muon(torch.optim.Optimizer):
    """Gradient descent with momentum, by Nesterov's rule, whose steps are made orthogonal.

    Weights decay as in AdamW. Steps are as large as Adam's, so that its learning rates serve.
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        *,
        learning_rate: float,
        weight_decay: float,
        precision: torch.dtype,
    ) -> None:
        """Raises InputError for what is no matrix."""
        matrices = list(matrices)
        for one in matrices:
            if one.dim() != 2:
                raise InputError(f"Muon learns matrices; an array of {one.dim()} dimensions came.")
        defaults = {"lr": learning_rate, "weight_decay": weight_decay, "precision": precision}
        super().__init__(matrices, defaults)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take a step along the gradients that the matrices have."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is not None:
                    self._move(matrix, matrix.grad, group)

    def _move(self, matrix: Tensor, slope: Tensor, options: dict[str, Any]) -> None:
        state = self.state[matrix]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        mean = state["momentum_buffer"].lerp_(slope, 1 - _MOMENTUM)
        direction = orthogonalised(slope.lerp(mean, _MOMENTUM), options["precision"])
        matrix.mul_(1 - options["lr"] * options["weight_decay"])
        size = _ADAM_RMS * max(matrix.shape) ** 0.5
        matrix.add_(direction, alpha=-options["lr"] * size)
