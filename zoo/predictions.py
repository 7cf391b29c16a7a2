"""What `predict` returns: one small frozen class a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape
from typing import Any


class Prediction(ABC):
    """Base of all predictions."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The facts of the prediction as JSON-able values, for scripts."""


@dataclass(frozen=True, slots=True)
class Classification(Prediction):
    """The answer of an `image-classification` model.

    labels: every class that the model knows, in the model's own order.
    probabilities: one per label, in the same order; they sum to 1.
    """

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def label(self) -> str:
        """The most probable label; of equals, the first in the model's order."""
        return self.labels[self.probabilities.index(max(self.probabilities))]

    @property
    def confidence(self) -> float:
        """The probability of `label`."""
        return max(self.probabilities)

    @property
    def scores(self) -> dict[str, float]:
        """Label to probability, the most probable first.

        Of classes with the same name (ImageNet has two cranes) the probabilities are summed.
        """
        scores: dict[str, float] = {}
        for label, probability in self.top(len(self.labels)):
            scores[label] = scores.get(label, 0.0) + probability
        return scores

    def top(self, k: int = 5) -> list[tuple[str, float]]:
        """The `k` most probable labels with their probabilities."""
        pairs = zip(self.labels, self.probabilities, strict=True)
        return sorted(pairs, key=lambda pair: -pair[1])[:k]

    def to_dict(self) -> dict[str, Any]:
        return {"label": self.label, "confidence": self.confidence, "scores": self.scores}

    def __str__(self) -> str:
        first, *rest = (f"{label} {probability:.1%}" for label, probability in self.top(3))
        return first + (f"  (then {', '.join(rest)})" if rest else "")

    def __repr__(self) -> str:
        # Not the generated one: 1,000 probabilities would hide the answer.
        return f"Classification(label={self.label!r}, confidence={self.confidence:.4f})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(label)}</td>"
            f"<td><meter min='0' max='1' value='{probability:.4f}'></meter></td>"
            f"<td>{probability:.1%}</td></tr>"
            for label, probability in self.top()
        )
        return f"<table>{rows}</table>"
