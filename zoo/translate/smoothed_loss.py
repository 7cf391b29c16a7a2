"""The loss of the next pieces, made a few positions at a time.

The logits of a batch are tens of millions of numbers. Made at once, they go through memory a dozen
times; made by rows, with their gradients in the same pass, they stay near the processor. What every
target has in common, and what only its right piece has, never becomes as wide as they are. For that
narrow gradients are wrong by some percent where the right piece is all but sure.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_ROWS = 512
_LEAST = torch.finfo(torch.float32).tiny


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
        x, rounded_table = vectors.to(dtype), table.to(dtype)
        of_vectors = x.new_empty(x.shape, dtype=torch.float32)
        of_table = torch.zeros_like(table)
        norms = of_vectors.new_empty(count)
        for first in range(0, count, _ROWS):
            rows = slice(first, first + _ROWS)
            logits = x[rows] @ rounded_table.T
            likely = logits.softmax(1)
            # Caps the loss that is told at 87 nats; the gradient does not hang on it.
            own = likely.gather(1, wanted[rows, None]).float().clamp(min=_LEAST).log()
            norms[rows] = (logits.gather(1, wanted[rows, None]).float() - own)[:, 0]
            of_vectors[rows] = (likely @ rounded_table).float()
            of_table += likely.T @ x[rows]
        # softmax - target, where the target is spread (Szegedy et al. 2016, section 7)
        x, right = x.float(), rounded_table[wanted].float()
        aim = (1 - smoothing) * right + smoothing * table.mean(0)
        loss = (norms - (x * aim).sum(1)).sum()
        of_vectors -= aim
        of_table -= smoothing / pieces * x.sum(0)
        of_table.index_add_(0, wanted, x, alpha=smoothing - 1)
        ctx.save_for_backward(of_vectors.div_(count).to(vectors.dtype), of_table.div_(count))
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
    dtype: torch.dtype,
) -> Tensor:
    """Mean cross-entropy in nats of `vectors` @ `table`.T, of which `smoothing` is spread evenly.

    vectors: [N, D]. table: [V, D]. wanted: [N], the right rows of the table. dtype: of the
    products; sums are in float32.
    """
    loss: Tensor = _SmoothedCrossEntropy.apply(vectors, table, wanted, smoothing, dtype)  # type: ignore[no-untyped-call]
    return loss
