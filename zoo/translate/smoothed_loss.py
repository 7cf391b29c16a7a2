"""The loss of the next pieces, made a few positions at a time.

The logits of a batch are tens of millions of numbers. Made at once, they go through memory a dozen
times; made by rows, with their gradients in the same pass, they stay in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_ROWS = 256


class _SmoothedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        vectors: Tensor,
        table: Tensor,
        wanted: Tensor,
        smoothing: float,
        dtype: torch.dtype,
    ) -> Tensor:
        count, pieces = len(vectors), len(table)
        narrow_vectors, narrow_table = vectors.to(dtype), table.to(dtype)
        of_vectors, of_table = torch.empty_like(vectors), torch.zeros_like(table)
        loss = vectors.new_zeros(())
        for first in range(0, count, _ROWS):
            rows = slice(first, first + _ROWS)
            x, right = narrow_vectors[rows], wanted[rows, None]
            logits = (x @ narrow_table.T).float()
            norm = logits.logsumexp(1, keepdim=True)
            given = (1 - smoothing) * logits.gather(1, right) + smoothing * logits.mean(1, True)
            loss += (norm - given).sum()
            # softmax - target, where the target is spread (Szegedy et al. 2016, section 7)
            gradient = (logits - norm).exp_().sub_(smoothing / pieces)
            gradient.scatter_add_(1, right, gradient.new_full(right.shape, smoothing - 1))
            narrow_gradient = gradient.mul_(1 / count).to(dtype)
            of_vectors[rows] = (narrow_gradient @ narrow_table).to(vectors.dtype)
            of_table += narrow_gradient.T @ x
        ctx.save_for_backward(of_vectors, of_table)
        return loss / count

    @staticmethod
    def backward(ctx: Any, *outer: Any) -> Any:
        of_vectors, of_table = ctx.saved_tensors
        return of_vectors * outer[0], of_table * outer[0], None, None, None


def smoothed_cross_entropy(
    vectors: Tensor,
    table: Tensor,
    wanted: Tensor,
    smoothing: float,
    *,
    dtype: torch.dtype = torch.bfloat16,
) -> Tensor:
    """Mean cross-entropy in nats of `vectors` @ `table`.T, of which `smoothing` is spread evenly.

    vectors: [N, D]. table: [V, D]. wanted: [N], the right rows of the table. dtype: of the
    products; sums are in float32.
    """
    loss: Tensor = _SmoothedCrossEntropy.apply(vectors, table, wanted, smoothing, dtype)  # type: ignore[no-untyped-call]
    return loss
