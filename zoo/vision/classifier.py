"""What all image classifiers of our own share: input handling, calibration, weights."""

from __future__ import annotations

import inspect
import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from zoo.data import Example
from zoo.errors import InputError, UnknownNameError
from zoo.images import MIN_SIDE, image_array
from zoo.model import Model
from zoo.predictions import Classification
from zoo.progress import Progress


@dataclass(frozen=True)
class Arrays:
    """Decoded examples.

    images: [N, height, width, channels]. targets: [N] indices into the labels.
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class Interface:
    """What goes into a classifier and what comes out.

    size: (height, width) that every image is brought to. mode: "L" (grey) or "RGB".
    labels: the name of each class, in the order of the logits.
    """

    size: tuple[int, int]
    mode: str
    labels: tuple[str, ...]


class ImageClassifier(Model):
    """An image in, a `Classification` out.

    Every image is brought to the interface's size and mode and answered with
    softmax(logits / temperature); the temperature is the one that makes held-out examples most
    likely (Guo et al. 2017, section 4.2), so that a support vector machine's margins and a
    network's logits both become probabilities that can be compared.
    """

    task: ClassVar[str] = "image-classification"

    def __init__(self, interface: Interface) -> None:
        super().__init__()
        self.interface = interface
        self.temperature = 1.0

    def predict(self, x: Any, **options: Any) -> Classification:
        """Classify one image: a path, bytes, a PIL image or an array (see `zoo.images`)."""
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Classification)
        return prediction

    def _prepare(self, x: Any) -> NDArray[np.uint8]:
        return image_array(x, self.interface.size, self.interface.mode)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        logits = self._logits(np.stack(batch)) / self.temperature
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        return [Classification(self.interface.labels, tuple(row)) for row in probabilities.tolist()]

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        size: tuple[int, int] = (32, 32),
        mode: str = "RGB",
        **options: Any,
    ) -> Self:
        """Learn a classifier from labelled images of any size and mode.

        size, mode: what every image is brought to, in training and in prediction.
        options: the method's own; see its class.
        """
        if mode not in ("L", "RGB"):
            raise InputError(f"mode is 'L' (grey) or 'RGB'; {mode!r} came.")
        for name in set(options) - cls.fit_options():
            raise UnknownNameError.of(f"option of {cls.__name__}.fit", name, cls.fit_options())
        height, width = size
        learn, labels = _decode(train, (height, width), mode, None)
        held_out = None
        if validation is not None:
            held_out, _ = _decode(validation, (height, width), mode, labels)
        if len(labels) < 2:
            raise InputError(f"A classifier needs at least two classes; {len(labels)} came.")
        model = cls._train(
            learn,
            held_out,
            Interface((height, width), mode, labels),
            seed=seed,
            report=Progress.kept_in(workspace, show=progress),
            workspace=workspace,
            **options,
        )
        if held_out is not None:
            model.temperature = model._calibrated_temperature(held_out)
        return model

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options of `fit` that are the method's own."""
        common = {"train", "validation", "interface", "seed", "report", "workspace"}
        return set(inspect.signature(cls._train).parameters) - common

    def _calibrated_temperature(self, held_out: Arrays) -> float:
        """The temperature of the least negative log-likelihood, found between 1/100 and 100."""
        logits = np.concatenate(
            [
                self._logits(held_out.images[start : start + self.batch_size])
                for start in range(0, len(held_out.images), self.batch_size)
            ]
        ).astype(np.float64)
        rows = np.arange(len(logits))

        def loss(log_temperature: float) -> float:
            scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
            return -float(scaled[rows, held_out.targets].mean())

        best = minimize_scalar(loss, bounds=(np.log(0.01), np.log(100)), method="bounded")
        return float(np.exp(best.x))

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        settings = {
            "size": list(self.interface.size),
            "mode": self.interface.mode,
            "labels": list(self.interface.labels),
            "temperature": self.temperature,
            **self._settings(),
        }
        return settings, self._arrays()

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str
    ) -> Self:
        height, width = settings["size"]
        interface = Interface((height, width), settings["mode"], tuple(settings["labels"]))
        if interface.mode not in ("L", "RGB") or min(height, width) < MIN_SIDE:
            raise ValueError(f"images of mode {interface.mode!r} and size {width}x{height}")
        model = cls._restore(arrays, settings, interface, device)
        model.temperature = float(settings["temperature"])
        if not 0 < model.temperature < math.inf:
            raise ValueError(f"a temperature of {model.temperature}")
        blank = np.zeros((1, height, width, 1 if interface.mode == "L" else 3), np.uint8)
        outputs = model._logits(blank).shape[1]
        if outputs != len(interface.labels):
            raise ValueError(f"{len(interface.labels)} labels for {outputs} outputs")
        return model

    # --- what a method supplies ---

    @classmethod
    @abstractmethod
    def _train(
        cls,
        train: Arrays,
        validation: Arrays | None,
        interface: Interface,
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        **options: Any,
    ) -> Self:
        """Learn from decoded examples; the weights must already be what `_arrays` stores."""

    @abstractmethod
    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """[B, height, width, channels] -> [B, classes], each row blind to the others."""

    @abstractmethod
    def _arrays(self) -> dict[str, NDArray[Any]]:
        """The learned numbers."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """The method's own JSON-able settings."""

    @classmethod
    @abstractmethod
    def _restore(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        settings: Mapping[str, Any],
        interface: Interface,
        device: str,
    ) -> Self:
        """The inverse of `_arrays` and `_settings`."""

    @classmethod
    @abstractmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options of `fit` with which some dozens of small images train in a second."""


def _decode(
    examples: Iterable[Example],
    size: tuple[int, int],
    mode: str,
    labels: tuple[str, ...] | None,
) -> tuple[Arrays, tuple[str, ...]]:
    images, targets = [], []
    for position, example in enumerate(examples):
        try:
            images.append(image_array(example.input, size, mode))
        except InputError as error:
            raise InputError(f"Example {position}: {error}") from error
        targets.append(example.label)
    if not images:
        raise InputError("There are no examples to learn from.")
    if labels is None:
        labels = tuple(sorted(set(targets)))
    index = {label: i for i, label in enumerate(labels)}
    unknown = sorted(set(targets) - set(index))
    if unknown:
        raise InputError(f"Validation examples have labels that training has not: {unknown}.")
    return Arrays(np.stack(images), np.array([index[t] for t in targets], np.int64)), labels
