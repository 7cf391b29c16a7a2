"""Two models and their data, for cards to tell of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from zoo.cards import card
from zoo.entries import Catalog, DataSetInfo, Generation, ModelInfo, Recipe, Reference
from zoo.evidence import Evidence
from zoo.registry import Registry
from zoo.results import Result
from zoo.sources import PythonPackage
from zoo.studies import Study
from zoo.vision.catalog import CATALOG
from zoo.vision.resnet import ResNetClassifier

_REFERENCE = (Reference("Ann and Bob, “A paper”, Journal 3, 1999", "https://example.org/paper"),)

DATA = DataSetInfo(
    name="tiny-digits",
    title="Tiny digits",
    task="image-classification",
    license="CC0",
    url="https://huggingface.co/datasets/someone/tiny-digits",
    splits=("train", "test"),
    sources=(PythonPackage(package="tests", reader="tests.cards.toys:read"),),
)
WRITTEN = ModelInfo(
    name="toys/written",
    summary="Tells digits by hand.",
    task="image-classification",
    generation=Generation.SOFTWARE_1,
    entry="zoo_elsewhere:Written",
    weights=None,
    license="mit",
    parameters=0,
    references=_REFERENCE,
    data=("tiny-digits",),
)
LEARNED = ModelInfo(
    name="toys/learned",
    summary="HOG is not in it.",
    task="image-classification",
    generation=Generation.SOFTWARE_2,
    entry="zoo.vision.resnet:ResNetClassifier",
    weights="tiny_weights:learned",
    license="apache-2.0",
    parameters=1234,
    references=_REFERENCE,
    baseline="toys/written",
    data=("tiny-digits",),
    recipe=Recipe(
        data="tiny-digits",
        validation=10,
        seed=3,
        options={"size": (28, 28), "mode": "L", **ResNetClassifier.tiny_options()},
    ),
    limits="Knows nothing else.",
)


def read(split: str) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Seventy pictures of two shades."""
    rng = np.random.default_rng(0)
    for i in range(70):
        shade = 60 + 130 * (i % 2)
        yield np.clip(rng.normal(shade, 20, (28, 28)), 0, 255).astype(np.uint8), str(i % 2)


def toy_registry(learned: ModelInfo = LEARNED) -> Registry:
    toys = Catalog(models=(WRITTEN, learned), data_sets=(DATA,))
    return Registry.of({"toys": toys, "vision": CATALOG})


def card_of(entry: ModelInfo, results: Sequence[Result], *studies: Study) -> str:
    return card(entry, Evidence(results, studies))
