"""A picture in, a label out."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from zoo.images import read_image
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Classification
from zoo.tasks.base import Task, each, mean


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
    return each(right)


def _log_loss(records: Records) -> Statistics:
    # A label held impossible would cost infinity; the floor bounds one example at 16.1 nats.
    probability = np.maximum(np.asarray(records["target_probability"], float), 1e-7)
    return each(-np.log(probability))


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
            score=mean,
            percent=True,
            binary=True,
        ),
        Metric(
            name="log-loss",
            description="mean negative logarithm of the right label's probability, in nats",
            higher_is_better=False,
            statistics=_log_loss,
            score=mean,
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
