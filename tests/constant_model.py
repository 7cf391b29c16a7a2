"""A model whose weights are one number: the smallest weights folder there is."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from zoo.entries import Catalog, Generation, ModelInfo
from zoo.model import Model
from zoo.predictions import Classification
from zoo.registry import Registry


class Constant(Model):
    """Answers every input with the number that it stores."""

    task: ClassVar[str] = "image-classification"

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def _prepare(self, x: Any) -> Any:
        return x

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        return [Classification(("a", "b"), (self.probability, 1 - self.probability))] * len(batch)

    def _to_weights(self) -> Any:
        return {}, {"probability": np.array([self.probability], np.float32)}

    @classmethod
    def _from_weights(cls, settings: Any, arrays: Any, device: str) -> Constant:
        return cls(float(arrays["probability"][0]))


def registry_with(weights: str | None) -> Registry:
    """A registry in which nothing is but this model, with its weights at that place."""
    info = ModelInfo(
        name="tests/constant",
        summary="Always the same.",
        task=Constant.task,
        generation=Generation.SOFTWARE_1,
        entry=f"{Constant.__module__}:Constant",
        weights=weights,
        license="apache-2.0",
        parameters=1,
        references=(),
    )
    return Registry.of({"tests": Catalog(models=(info,))})
