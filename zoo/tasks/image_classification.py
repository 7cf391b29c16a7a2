"""A picture in, a label out."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from typing import Any

import numpy as np

from zoo.exhibits import Picture, Text
from zoo.images import read_image
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Classification
from zoo.tasks.base import Display, Row, Table, Task, each, mean
from zoo.tasks.failures import SHOWN, examples, filled, share_text


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


def _failures(records: Records) -> tuple[Table, ...]:
    """The classes that are recognised worst, what is taken for what, the surest mistakes."""
    targets, labels = records["target"], records["label"]
    shown = Counter(targets)
    mistaken = Counter((a, b) for a, b in zip(targets, labels, strict=True) if a != b)
    right = {name: count - sum(n for (a, _), n in mistaken.items() if a == name)
             for name, count in shown.items()}  # fmt: skip
    worst = sorted(shown, key=lambda name: (right[name] / shown[name], name))[:SHOWN]
    confusions = sorted(mistaken.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
    wrong = [at for at, (a, b) in enumerate(zip(targets, labels, strict=True)) if a != b]
    wrong.sort(key=lambda at: -records["confidence"][at])
    return filled(
        Table(
            title="The classes that it recognises worst",
            header=("Class", "Images", "Recognised (95 % interval)"),
            rows=tuple(
                (name, f"{shown[name]:,}", share_text(right[name], shown[name])) for name in worst
            ),
        ),
        Table(
            title="What it takes for what",
            header=("Class", "Taken for", "Times", "Of the class"),
            rows=tuple(
                (a, b, f"{count:,}", f"{100 * count / shown[a]:.1f} %")
                for (a, b), count in confusions
            ),
        ),
        examples(
            "The mistakes that it was surest of",
            ("Class", "Taken for", "Probability that it gave", "And to the right one"),
            [
                (
                    str(at),
                    targets[at],
                    labels[at],
                    f"{records['confidence'][at]:.4f}",
                    f"{records['target_probability'][at]:.2g}",
                )
                for at in wrong
            ],
        ),
    )


_WIDEST = 320  # pixels of a picture that is shown
_SMALL = 64  # pixels; such a picture is shown as it is, without loss


def _show_image(x: Any) -> Picture:
    image = read_image(x)
    image.thumbnail((_WIDEST, _WIDEST))
    form = "PNG" if max(image.size) <= _SMALL else "JPEG"
    content = io.BytesIO()
    image.save(content, form, optimize=True)
    return Picture(content.getvalue(), f"image/{form.lower()}", image.width, image.height)


def _show_target(row: Row, x: Any) -> Text:
    return Text(row["target"])


def _show_label(row: Row, x: Any) -> Text:
    return Text(row["label"], note=f"{row['confidence']:.0%} sure")


def _confusion(row: Row) -> tuple[str, ...]:
    target, label = row["target"], row["label"]
    return () if label == target else (f"{target} taken for {label}",)


IMAGE_CLASSIFICATION = Task(
    name="image-classification",
    unit="image",
    sample="picture.png",
    fingerprint=_image_fingerprint,
    record=_classification_record,
    failures=_failures,
    risks="A probability is a share among its classes: of a picture unlike those that it learned "
    "from it says nothing, however high it is. Do not let a label decide anything about a person "
    "unless somebody can look at the picture.",
    display=Display(
        input=_show_image, target=_show_target, answer=_show_label, mistakes=_confusion
    ),
    metrics=(
        Metric(
            name="accuracy",
            description="share of images whose most probable label is the right one",
            higher_is_better=True,
            statistics=_right,
            score=mean,
            percent=True,
            binary=True,
            hub_name="accuracy",
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
