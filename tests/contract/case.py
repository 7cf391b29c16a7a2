"""What the contract asks of every model of one task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from zoo.data import Example
from zoo.errors import ZooError
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

    def learned(
        self,
        model_class: type[Model],
        examples: list[Example],
        held_out: list[Example],
        **options: Any,
    ) -> list[Any] | None:
        """What a class answers that learned the examples, which must be the same each time.

        None if it does not learn, which it must say.
        """
        if not hasattr(model_class, "tiny_options"):
            with pytest.raises(ZooError, match="does not learn"):
                model_class.fit(examples)
            return None
        options |= {"progress": False, **model_class.tiny_options()}
        inputs = [example.input for example in examples]
        answers: list[list[Any]] = [
            list(model_class.fit(examples, held_out, seed=3, **options).predict_batch(inputs))
            for _ in range(2)
        ]
        assert all(self.same(a, b) for a, b in zip(*answers, strict=True))
        return answers[0]
