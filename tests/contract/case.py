"""What the contract asks of every model of one task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.model import Model


@dataclass(frozen=True)
class Case:
    """What the contract asks of every model of one task.

    good, bad: inputs that a model must take or refuse; the first good one is the shortest to tell.
    numbers: what two predictions have in common if they are the same.
    check: fails if a prediction contradicts itself.
    fit: fails if a class neither learns nor says that it does not; None where a class learns
        otherwise than from examples, which its own tests must cover.
    """

    good: Callable[[Model], list[Any]]
    bad: Callable[[Model], list[Any]]
    numbers: Callable[[Any], list[float]]
    check: Callable[[Any], None]
    fit: Callable[[type[Model]], None] | None

    def same(self, a: Any, b: Any) -> bool:
        """Whether two predictions are the same, but for rounding."""
        one, other = self.numbers(a), self.numbers(b)
        return len(one) == len(other) and np.allclose(one, other, rtol=1e-4, atol=1e-5)
