"""The base class of every model: predict, predict_batch, fit, save, load."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from zoo import weights
from zoo.errors import InputError, WeightsError, ZooError
from zoo.options import check_known
from zoo.predictions import Prediction

if TYPE_CHECKING:
    from zoo.data import Example
    from zoo.entries import ModelInfo


class Model(ABC):
    """A program that answers `predict`, whether it was written or learned.

    A subclass supplies `_prepare` and `_predict`; one that learns from examples also `fit`;
    one that is stored also `_to_weights` and `_from_weights`.

    batch_size: how many inputs `predict_batch` computes at once if not told otherwise.
    devices: the kinds of device that it can compute on.
    predict_options: the options that `predict` takes.
    info: the registry entry it was loaded as, if any.
    training: where its weights come from; kept through save and load.
    """

    task: ClassVar[str]
    batch_size: int = 64
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    predict_options: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.info: ModelInfo | None = None
        self.training: Mapping[str, Any] = {}

    def predict(self, x: Any, **options: Any) -> Prediction:
        """Answer one input.

        Raises InputError, before any computation, if x is broken or not what the task takes.
        """
        self._check_options(options)
        prediction: Prediction = self._predict([self._prepare(x)], **options)[0]
        return prediction

    def predict_batch(
        self, xs: Iterable[Any], *, batch_size: int | None = None, **options: Any
    ) -> list[Prediction]:
        """Answer several inputs in order; the same answers as `predict`, to float rounding.

        All inputs are checked before the first is computed; an InputError names the position.
        """
        self._check_options(options)
        one = (str, bytes, bytearray, memoryview, os.PathLike, Mapping)
        if isinstance(xs, one) or not isinstance(xs, Iterable):
            raise InputError(f"predict_batch takes a list of inputs; {type(xs).__name__} came.")
        if batch_size is None:
            batch_size = self.batch_size
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
            raise InputError(f"batch_size is a positive whole number; {batch_size!r} came.")
        prepared = []
        for position, x in enumerate(xs):
            try:
                prepared.append(self._prepare(x))
            except InputError as error:
                raise InputError(f"Input {position}: {error}") from error
        return [
            prediction
            for start in range(0, len(prepared), batch_size)
            for prediction in self._predict(prepared[start : start + batch_size], **options)
        ]

    def _check_options(self, options: Mapping[str, Any]) -> None:
        check_known(f"{type(self).__name__} predicts with", options, self.predict_options)

    @abstractmethod
    def _prepare(self, x: Any) -> Any:
        """Check one input and bring it to what `_predict` takes. Raises InputError."""

    @abstractmethod
    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        """Answer a batch of prepared inputs, one prediction each, in order."""

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        **options: Any,
    ) -> Self:
        """Learn a new model from examples; the same seed and examples give the same model.

        validation: examples on which hyperparameters and calibration are chosen.
        workspace: a folder for the log, and for checkpoints if the method keeps any: training then
        goes on from there.
        options: the method's own, named in its class.
        """
        raise ZooError(f"{cls.__name__} comes as it is and does not learn from examples.")

    def save(self, folder: str | Path) -> None:
        """Write a weights folder, whole or not at all. Raises WeightsError."""
        settings, arrays = self._to_weights()
        weights.write(
            Path(folder),
            weights.Weights(
                entry=f"{type(self).__module__}:{type(self).__qualname__}",
                task=self.task,
                settings=settings,
                arrays=arrays,
                training=self.training,
            ),
        )

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> Self:
        """Read a weights folder that `save` wrote. Raises WeightsError."""
        stored = weights.read(Path(folder))
        if stored.task != cls.task:
            raise WeightsError(
                f"{str(folder)!r} holds weights for {stored.task}, not for {cls.task}."
            )
        if stored.entry != f"{cls.__module__}:{cls.__qualname__}":
            raise WeightsError(
                f"{str(folder)!r} holds weights of {stored.entry}, not of {cls.__name__}."
            )
        try:
            model = cls._from_weights(stored.settings, stored.arrays, cls.pick_device(device))
        except (LookupError, AttributeError, TypeError, ValueError, RuntimeError) as error:
            if isinstance(error, ZooError):
                raise
            raise WeightsError(
                f"{str(folder)!r} does not fit {cls.__name__}: {type(error).__name__}: "
                f"{' '.join(str(error).split())[:300]}"
            ) from error
        model.training = stored.training
        return model

    def count_parameters(self) -> int:
        """How many numbers it predicts with: all that is stored, if a class says nothing else."""
        _, arrays = self._to_weights()
        return sum(array.size for array in arrays.values())

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        """Settings (JSON-able) and arrays: together everything that prediction needs."""
        raise ZooError(f"{type(self).__name__} has no weights of its own to save.")

    @classmethod
    def _from_weights(
        cls,
        settings: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray[Any, Any]],
        device: str,
    ) -> Self:
        raise ZooError(f"{cls.__name__} has no weights of its own to load.")

    @classmethod
    def pick_device(cls, device: str) -> str:
        """The device to compute on: "auto" takes an accelerator where the method can use one."""
        if device == "cpu":
            return device
        if cls.devices == ("cpu",):
            if device == "auto":
                return "cpu"
            raise InputError(f"{cls.__name__} runs on the CPU only; device={device!r} was asked.")
        import torch

        found = torch.accelerator.current_accelerator(check_available=True)
        if found is None or found.type not in cls.devices:
            here, auto = ["cpu"], "cpu"
        else:
            each = range(torch.accelerator.device_count())
            here, auto = ["cpu", found.type, *(f"{found.type}:{i}" for i in each)], found.type
        if device == "auto":
            return auto
        if device not in here:
            raise InputError(
                f"{cls.__name__} finds no device {device!r} here; there is {', '.join(here)}."
            )
        return device
