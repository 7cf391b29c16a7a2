"""Histograms of oriented gradients and a kernel support vector machine.

Features: Dalal & Triggs, "Histograms of Oriented Gradients for Human Detection" (CVPR 2005), at
several cell sizes, and for colour images the mean and deviation of opponent colours in each cell;
reduced to their principal components. Classifier: a one-vs-rest L2-SVM with the RBF kernel,
approximated by the Nyström method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from skimage.feature import hog

from zoo.errors import InputError
from zoo.progress import Progress
from zoo.vision.classifier import Arrays, ImageClassifier, Interface
from zoo.vision.kernel_svm import KernelMachine, fit_kernel_machine
from zoo.weights import half

_COLOUR_CELL = 8  # pixels; finer cells gained nothing on CIFAR-10
_BATCH = 1000  # images described at a time in training
_SAMPLE = 10_000  # images from which the principal components are taken


@dataclass(frozen=True)
class Describer:
    """Which features are taken of an image.

    cells: sides of the square HOG cells in pixels, one grid of histograms each; blocks are 2 x 2
    cells. orientations: bins over 180 degrees.
    """

    cells: tuple[int, ...]
    orientations: int

    def check(self, height: int, width: int) -> None:
        """Raises InputError where the images have fewer than 2 x 2 cells."""
        largest = max(self.cells)
        if min(height, width) < 2 * largest:
            raise InputError(
                f"HOG needs at least 2 x 2 cells of {largest} pixels; the images are "
                f"{height} x {width}."
            )

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """[N, H, W, C] -> [N, D]: the histograms of each cell size and, if C is 3, the colours."""
        return np.concatenate(self._groups(images), axis=1)

    def scale(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Factors [D] by which the groups of features of these images get a total variance of 1.

        Histograms keep the proportions of their variances, which tell edges from flat places;
        the colour statistics differ in unit and are first brought to the same variance each.
        """
        scales = []
        for position, group in enumerate(self._groups(images)):
            variance = group.var(axis=0) + 1e-12
            is_colour = position == len(self.cells)
            total = (
                variance * len(variance) if is_colour else np.full_like(variance, variance.sum())
            )
            scales.append(1 / np.sqrt(total))
        return np.concatenate(scales)

    def _groups(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        groups = [self._histograms(images, cell) for cell in self.cells]
        if images.shape[-1] == 3:
            groups.append(colour_statistics(images, _COLOUR_CELL))
        return groups

    def _histograms(self, images: NDArray[np.uint8], cell: int) -> NDArray[np.float32]:
        grey = images.shape[-1] == 1
        return np.stack(
            [
                hog(
                    image[..., 0] if grey else image,
                    orientations=self.orientations,
                    pixels_per_cell=(cell, cell),
                    cells_per_block=(2, 2),
                    block_norm="L2-Hys",
                    channel_axis=None if grey else -1,  # each pixel's strongest channel
                ).astype(np.float32)
                for image in images
            ]
        )


def colour_statistics(images: NDArray[np.uint8], cell: int) -> NDArray[np.float32]:
    """Mean and standard deviation of three opponent colours in each cell.

    images: [N, H, W, 3]; answers [N, (H // cell) * (W // cell) * 6]. Rows and columns left over
    are ignored, as by HOG.
    """
    count, height, width, _ = images.shape
    rows, columns = height // cell, width // cell
    red, green, blue = np.moveaxis(images.astype(np.float32) / 255, -1, 0)
    opponent = np.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue], axis=-1)
    whole = opponent[:, : rows * cell, : columns * cell]
    grid = whole.reshape(count, rows, cell, columns, cell, 3)
    statistics = np.stack([grid.mean(axis=(2, 4)), grid.std(axis=(2, 4))], axis=-1)
    return statistics.reshape(count, -1)


@dataclass(frozen=True)
class Projection:
    """(features - mean) @ basis; mean: [D], basis: [D, P]."""

    mean: NDArray[np.float32]
    basis: NDArray[np.float32]

    @classmethod
    def principal(
        cls, features: NDArray[np.float32], scale: NDArray[np.float32], components: int
    ) -> Self:
        """The first principal components of features [N, D] times scale [D]."""
        mean = half(features.mean(axis=0))
        centred = (features - mean) * scale
        _, vectors = np.linalg.eigh(centred.T @ centred)  # ascending
        return cls(mean, half(scale[:, None] * vectors[:, ::-1][:, :components]))

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """[N, D] -> [N, P]."""
        return np.asarray((features - self.mean) @ self.basis, np.float32)


class HogSvmClassifier(ImageClassifier):
    """HOG (and colours), principal components, RBF kernel by Nyström, L2-SVM.

    mirror: whether the scores are the mean of those of the image and its mirror image.
    choices: the hyperparameters taken, and the validation accuracies they were taken by.
    """

    batch_size = 256

    def __init__(
        self,
        interface: Interface,
        describer: Describer,
        projection: Projection,
        machine: KernelMachine,
        *,
        mirror: bool,
        choices: dict[str, Any],
    ) -> None:
        super().__init__(interface)
        self.describer = describer
        self.projection = projection
        self.machine = machine
        self.mirror = mirror
        self.choices = choices

    @classmethod
    def _train(  # type: ignore[override]
        cls,
        train: Arrays,
        validation: Arrays | None,
        interface: Interface,
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        cells: tuple[int, ...] = (4, 8),
        orientations: int = 12,
        components: int = 200,
        landmarks: int = 6000,
        gamma: tuple[float, ...] = (2.0, 1.0),
        C: tuple[float, ...] = (3.0, 1.0, 10.0),  # noqa: N803 (as the SVM literature calls it)
        mirror: bool = False,
        iterations: int = 200,
    ) -> Self:
        """Learn; of `gamma` and `C` validation picks, without it the first ones are taken.

        cells, orientations: see `Describer`. components: principal components kept, at most.
        landmarks: training images that the kernel is taken against, at most. gamma: see
        `fit_kernel_machine`. mirror: learn from mirror images too, and
        average over them in prediction. iterations: of L-BFGS for each C, at most.
        """
        if not gamma:
            raise InputError("gamma is a tuple of candidates; an empty one came.")
        rng = np.random.default_rng(seed)
        height, width = train.images.shape[1:3]
        describer = Describer(tuple(cells), orientations)
        describer.check(height, width)

        sample = train.images[rng.permutation(len(train.images))[:_SAMPLE]]
        projection = Projection.principal(
            describer.features(sample), describer.scale(sample), components
        )

        def project(images: NDArray[np.uint8], name: str) -> NDArray[np.float32]:
            starts = range(0, len(images), _BATCH)
            parts = [
                projection.apply(describer.features(images[start : start + _BATCH]))
                for start in report.track(starts, f"HOG of the {name} images")
            ]
            return np.concatenate(parts)

        x, targets = project(train.images, "training"), train.targets
        if mirror:
            x = np.concatenate([x, project(train.images[:, :, ::-1], "mirrored training")])
            targets = np.concatenate([targets, targets])
        held_out = None
        if validation is not None:
            held_out = project(validation.images, "validation"), validation.targets
        points = half(x[rng.permutation(len(x))[:landmarks]])
        machine, choices = fit_kernel_machine(
            x, targets, len(interface.labels), points, gamma, C, held_out, iterations, report
        )
        return cls(
            interface,
            describer,
            projection,
            machine,
            mirror=mirror,
            choices=choices,
        )

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = self._scores(images)
        if self.mirror:
            scores += self._scores(images[:, :, ::-1])
            scores /= 2
        return scores

    def _scores(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.machine.scores(self.projection.apply(self.describer.features(images)))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "projection.mean": self.projection.mean,
            "projection.basis": self.projection.basis,
            "machine.landmarks": self.machine.landmarks,
            "machine.coefficients": self.machine.coefficients,
            "machine.intercept": self.machine.intercept,
        }

    def _settings(self) -> dict[str, Any]:
        return {
            "cells": list(self.describer.cells),
            "orientations": self.describer.orientations,
            "gamma": self.machine.gamma,
            "mirror": self.mirror,
            "choices": self.choices,
        }

    @classmethod
    def _restore(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        settings: Mapping[str, Any],
        interface: Interface,
        device: str,
    ) -> Self:
        return cls(
            interface,
            Describer(tuple(settings["cells"]), settings["orientations"]),
            Projection(arrays["projection.mean"], arrays["projection.basis"]),
            KernelMachine(
                arrays["machine.landmarks"],
                arrays["machine.coefficients"],
                arrays["machine.intercept"],
                settings["gamma"],
            ),
            mirror=settings["mirror"],
            choices=settings["choices"],
        )

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        return {
            "cells": (7,),
            "orientations": 9,
            "components": 20,
            "landmarks": 40,
            "gamma": (1.0,),
            "C": (10.0,),
        }
