"""What is asked of a model: the input, the prediction, and how answers are scored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.errors import UnknownNameError
from zoo.images import read_image
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One job that several models do.

    name: the Hub's pipeline tag where one exists.
    unit: what one input is called.
    sample: an input as a person would type it, for examples in cards.
    fingerprint: a digest of one input's content, the same for every encoding of it.
    record: what a benchmark keeps of one prediction and its target: JSON-able values, from
        which every metric can be computed, now or later.
    metrics: the first is the primary one.
    """

    name: str
    unit: str
    sample: str
    fingerprint: Callable[[Any], bytes]
    record: Callable[[Any, str], dict[str, Any]]
    metrics: tuple[Metric, ...]

    @property
    def primary(self) -> Metric:
        return self.metrics[0]


def task(name: str) -> Task:
    """The task of that name. Raises UnknownNameError."""
    try:
        return TASKS[name]
    except KeyError:
        raise UnknownNameError.of("task", name, TASKS) from None


# --- image-classification ------------------------------------------------------------------------


def _image_fingerprint(x: Any) -> bytes:
    image = read_image(x)
    if image.mode == "RGB":  # a grey picture stored in colour is the same picture
        red, green, blue = (channel.tobytes() for channel in image.split())
        if red == green == blue:
            image = image.getchannel(0)
    digest = hashlib.sha256(f"{image.mode} {image.width}x{image.height} ".encode())
    digest.update(image.tobytes())
    return digest.digest()


def _classification_record(prediction: Classification, target: str) -> dict[str, Any]:
    scores = dict(zip(prediction.labels, prediction.probabilities, strict=True))
    return {
        "target": target,
        "label": prediction.label,
        "confidence": round(prediction.confidence, 4),
        "target_probability": float(f"{scores.get(target, 0.0):.3g}"),
    }


def _right(records: Records) -> Statistics:
    right = [a == b for a, b in zip(records["label"], records["target"], strict=True)]
    return np.stack((np.asarray(right, float), np.ones(len(right))), axis=1)


def _log_loss(records: Records) -> Statistics:
    # A label held impossible would cost infinity; the floor bounds one example at 16.1 nats.
    probability = np.maximum(np.asarray(records["target_probability"], float), 1e-7)
    return np.stack((-np.log(probability), np.ones(len(probability))), axis=1)


_BINS = 10


def _calibration(records: Records) -> Statistics:
    """[N, 1 + BINS]: a one for the count, and confidence minus correctness in its bin."""
    confidence = np.asarray(records["confidence"], float)
    right = _right(records)[:, 0]
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    statistics = np.zeros((len(bins), 1 + _BINS))
    statistics[:, 0] = 1
    statistics[np.arange(len(bins)), 1 + bins] = confidence - right
    return statistics


def _mean(totals: Statistics) -> Statistics:
    mean: Statistics = totals[..., 0] / totals[..., 1]
    return mean


def _calibration_error(totals: Statistics) -> Statistics:
    error: Statistics = np.abs(totals[..., 1:]).sum(axis=-1) / totals[..., 0]
    return error


IMAGE_CLASSIFICATION = Task(
    name="image-classification",
    unit="image",
    sample="picture.png",
    fingerprint=_image_fingerprint,
    record=_classification_record,
    metrics=(
        Metric(
            name="accuracy",
            description="share of images whose most probable label is the right one",
            higher_is_better=True,
            statistics=_right,
            score=_mean,
            percent=True,
            binary=True,
        ),
        Metric(
            name="log-loss",
            description="mean negative logarithm of the right label's probability, in nats",
            higher_is_better=False,
            statistics=_log_loss,
            score=_mean,
        ),
        Metric(
            name="calibration-error",
            description="expected calibration error in ten bins of confidence (Naeini et al. 2015)",
            higher_is_better=False,
            statistics=_calibration,
            score=_calibration_error,
            percent=True,
        ),
    ),
)

TASKS = {one.name: one for one in (IMAGE_CLASSIFICATION,)}
