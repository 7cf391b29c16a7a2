"""The contract of image-classification: good input, bad input, and what an answer must be."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.contract.case import Case
from zoo.data import Example
from zoo.model import Model
from zoo.predictions import Classification


def picture(seed: int, height: int, width: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _good_images(_: Model) -> list[Any]:
    return [
        picture(0, 28, 28).convert("L"),
        picture(1, 32, 32),
        np.asarray(picture(2, 28, 28).convert("L")),
        np.asarray(picture(3, 45, 30)).astype(np.float32) / 255,
        png(picture(4, 64, 20)),
        picture(5, 33, 31).convert("P"),
        picture(6, 32, 32).convert("RGBA"),
    ]


def _bad_images(_: Model) -> list[Any]:
    return [
        [picture(0, 28, 28)],
        None,
        7,
        b"this is no picture",
        "no-such-file.png",
        np.zeros((0, 0), np.uint8),
        np.full((28, 28), np.nan),
        np.zeros((28, 28), np.int64),
        np.zeros((1, 1), np.uint8),
        np.broadcast_to(np.uint8(0), (20_000, 20_000)),
        png(picture(0, 64, 64))[:200],
    ]


def _check_classification(prediction: Any) -> None:
    assert isinstance(prediction, Classification)
    assert prediction.label in prediction.labels
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
    assert str(prediction).startswith(prediction.label)


def _fit_classifier(model_class: type[Model]) -> None:
    """Two classes that differ in brightness are learned from forty examples, the same each time."""
    rng = np.random.default_rng(0)
    examples = [
        Example(
            np.clip(rng.normal(60 + 130 * (i % 2), 20, (28, 28)), 0, 255).astype(np.uint8),
            ("dark", "light")[i % 2],
        )
        for i in range(40)
    ]
    answers = CASE.learned(model_class, examples, examples, size=(28, 28), mode="L")
    if answers is None:
        return
    right = sum(p.label == e.target for p, e in zip(answers, examples, strict=True))
    assert right >= 36


CASE = Case(
    good=_good_images,
    bad=_bad_images,
    numbers=lambda prediction: list(prediction.probabilities),
    check=_check_classification,
    fit=_fit_classifier,
)
