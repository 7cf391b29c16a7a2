"""What is asked of a model: the input, the prediction, and how answers are scored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.errors import BenchmarkError, InputError, UnknownNameError
from zoo.images import read_image
from zoo.metrics import Metric, Records, Statistics
from zoo.predictions import Classification, Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One job that several models do.

    name: the Hub's pipeline tag where one exists.
    unit: what one input is called.
    sample: an input as a person would type it, for examples in cards.
    text: whether text is an input itself; else it is the path of a file.
    fingerprint: a digest of one input's content, the same for every encoding of it; of a text,
        of what is written.
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
    text: bool = False

    @property
    def primary(self) -> Metric:
        return self.metrics[0]


def task(name: str) -> Task:
    """The task of that name. Raises UnknownNameError."""
    try:
        return TASKS[name]
    except KeyError:
        raise UnknownNameError.of("task", name, TASKS) from None


def _each(values: Any) -> Statistics:
    """[N, 2]: each example's value and a one for the count; `_mean` is their score."""
    column = np.asarray(values, float)
    return np.stack((column, np.ones(len(column))), axis=1)


def _mean(totals: Statistics) -> Statistics:
    mean: Statistics = totals[..., 0] / totals[..., 1]
    return mean


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
    return _each(right)


def _log_loss(records: Records) -> Statistics:
    # A label held impossible would cost infinity; the floor bounds one example at 16.1 nats.
    probability = np.maximum(np.asarray(records["target_probability"], float), 1e-7)
    return _each(-np.log(probability))


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


# --- board-game ----------------------------------------------------------------------------------


def _position_fingerprint(x: Any) -> bytes:
    moves = x.history() if hasattr(x, "history") else x
    moves = moves.tolist() if hasattr(moves, "tolist") else moves
    if isinstance(moves, str):
        text = moves.strip()
    elif isinstance(moves, list | tuple):
        text = " ".join(str(int(move)) for move in moves)
    else:
        raise InputError(
            f"A position is text, a list of moves or a state; {type(x).__name__} came."
        )
    return hashlib.sha256(text.encode()).digest()


def _move_record(prediction: Move, target: str) -> dict[str, Any]:
    """The target is the exact score of each action for the side to move, empty if illegal.

    As "0,2,2,-7,,2,-12": above 0 wins, 0 draws, below 0 loses, and more of it sooner.
    """
    scores = [int(part) if part.strip() else None for part in target.split(",")]
    index = prediction.index
    score = scores[index] if 0 <= index < len(scores) else None
    if score is None:
        raise BenchmarkError(
            f"Its move {prediction.action!r} (action {index}) has no score in {target!r}."
        )
    return {
        "target": target,
        "action": prediction.action,
        "score": score,
        "best": max(known for known in scores if known is not None),
        "value": round(prediction.value, 4),
        "proven": prediction.proven,
    }


def _outcome_kept(records: Records) -> Statistics:
    return _each(np.sign(records["score"]) == np.sign(records["best"]))


def _optimal(records: Records) -> Statistics:
    return _each(np.asarray(records["score"]) == np.asarray(records["best"]))


def _value_error(records: Records) -> Statistics:
    return _each(np.abs(np.asarray(records["value"], float) - np.sign(records["best"])))


BOARD_GAME = Task(
    name="board-game",
    unit="position",
    sample="44352",
    text=True,
    fingerprint=_position_fingerprint,
    record=_move_record,
    metrics=(
        Metric(
            name="outcome-keeping",
            description="share of positions whose move keeps the outcome of the best one: "
            "a win won, a draw not lost",
            higher_is_better=True,
            statistics=_outcome_kept,
            score=_mean,
            percent=True,
            binary=True,
        ),
        Metric(
            name="optimal",
            description="share of positions whose move is one of the best: the soonest win, "
            "the latest loss",
            higher_is_better=True,
            statistics=_optimal,
            score=_mean,
            percent=True,
            binary=True,
        ),
        Metric(
            name="value-error",
            description="mean distance of the expected result from the exact one, "
            "where a loss is -1, a draw 0 and a win 1",
            higher_is_better=False,
            statistics=_value_error,
            score=_mean,
        ),
    ),
)

TASKS = {one.name: one for one in (IMAGE_CLASSIFICATION, BOARD_GAME)}
