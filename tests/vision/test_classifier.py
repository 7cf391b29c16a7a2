"""What all image classifiers of our own share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo.data import Example
from zoo.errors import InputError, UnknownNameError, WeightsError
from zoo.vision.hog_svm import HogSvmClassifier
from zoo.vision.resnet import ResNetClassifier


def examples(count: int = 40) -> list[Example]:
    """Pictures of one brightness each: "a" is dark, "b" light; noise makes some ambiguous."""
    rng = np.random.default_rng(0)
    return [
        Example(
            np.clip(rng.normal(100 + 40 * (i % 2), 60, (16, 16)), 0, 255).astype(np.uint8),
            "ab"[i % 2],
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def fitted() -> HogSvmClassifier:
    options = {**HogSvmClassifier.tiny_options(), "cells": (4,)}
    return HogSvmClassifier.fit(
        examples(), examples(20), size=(16, 16), mode="L", progress=False, **options
    )


@pytest.mark.parametrize("model_class", [HogSvmClassifier, ResNetClassifier])
def test_a_misspelt_option_is_met_with_the_nearest(model_class: type[HogSvmClassifier]) -> None:
    wrong, right = (
        ("landmark", "landmarks") if model_class is HogSvmClassifier else ("epoch", "epochs")
    )
    with pytest.raises(UnknownNameError, match=f"named '{wrong}'; did you mean .*{right}"):
        model_class.fit(examples(), progress=False, **{wrong: 3})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "no examples"),
        (examples()[::2], "at least two classes; 1"),
        ([Example("no such file.png", "a")], r"Example 0: The image file"),
    ],
)
def test_unfit_examples_are_refused(given: list[Example], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        HogSvmClassifier.fit(given, progress=False)


def test_a_validation_label_that_training_lacks_is_refused() -> None:
    with pytest.raises(InputError, match=r"labels that training has not: \['c'\]"):
        HogSvmClassifier.fit(examples(), [Example(examples()[0].input, "c")], progress=False)


def test_the_temperature_is_the_one_of_least_loss(fitted: HogSvmClassifier) -> None:
    def loss(temperature: float) -> float:
        logits = fitted._logits(np.stack([e.input[:, :, None] for e in examples(20)])) / temperature
        log_probability = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return -float(np.mean([log_probability[i, i % 2] for i in range(20)]))

    at = loss(fitted.temperature)
    assert at <= loss(fitted.temperature * 1.1) + 1e-9
    assert at <= loss(fitted.temperature * 0.9) + 1e-9


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: s.update(temperature=0), "temperature of 0"),
        (lambda s: s.update(temperature=-1), "temperature of -1"),
        (lambda s: s.update(labels=["a", "b", "c"]), "3 labels for 2 outputs"),
        (lambda s: s.update(mode="CMYK"), "mode 'CMYK'"),
        (lambda s: s.update(size=[1, 1]), "size 1x1"),
        (lambda s: s.pop("labels"), "labels"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    fitted: HogSvmClassifier,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], object],
    sentence: str,
) -> None:
    fitted.save(tmp_path / "model")
    path = tmp_path / "model" / "config.json"
    config = json.loads(path.read_text())
    change(config["settings"])
    path.write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=sentence):
        HogSvmClassifier.load(tmp_path / "model")
