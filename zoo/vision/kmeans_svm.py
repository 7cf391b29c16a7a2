"""Single-layer features learned without labels, and a linear support vector machine.

Patches are normalised and whitened, a dictionary of them is learned by spherical k-means, every
patch of an image is encoded by a soft threshold of its products with the dictionary, and the codes
are pooled over a grid: Coates, Ng & Lee, "An Analysis of Single-Layer Networks in Unsupervised
Feature Learning" (AISTATS 2011) and Coates & Ng, "The Importance of Encoding Versus Training with
Sparse Coding and Vector Quantization" (ICML 2011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.errors import InputError
from zoo.progress import Progress
from zoo.vision.classifier import Arrays, ImageClassifier, Interface
from zoo.vision.linear_svm import LinearSvm, Standardisation, fit_linear_svm
from zoo.vision.patch_codes import Encoder
from zoo.weights import half


class KMeansSvmClassifier(ImageClassifier):
    """Whitened patches, spherical k-means, soft threshold, pooling, linear L2-SVM.

    mirror: whether the scores are the mean of those of the image and its mirror image.
    choices: the hyperparameters taken, and the validation accuracies they were taken by.
    """

    batch_size = 64

    def __init__(
        self,
        interface: Interface,
        encoder: Encoder,
        svm: LinearSvm,
        *,
        mirror: bool,
        choices: dict[str, Any],
    ) -> None:
        super().__init__(interface)
        self.encoder = encoder
        self.svm = svm
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
        atoms: int = 1600,
        side: int = 6,
        grid: int = 2,
        patches: int = 400_000,
        kmeans_iterations: int = 10,
        whitening: float = 0.1,
        threshold: tuple[float, ...] = (0.25,),
        tuning_examples: int = 10_000,
        C: tuple[float, ...] = (1e-3, 3e-4, 3e-3),  # noqa: N803 - as the literature calls it
        mirror: bool = False,
        iterations: int = 200,
    ) -> Self:
        """Learn; of `threshold` and `C` validation picks, without it the first ones are taken.

        atoms: K, the size of the dictionary. side: of a patch, in pixels. grid: of pooling regions.
        patches: that the dictionary is learned from, at most. whitening: see `zca_whitening`.
        tuning_examples: on how many training images each `threshold` is tried, if there are
        several; the machine is then trained on all. mirror: learn from mirror images too, and
        average over them in prediction. iterations: of L-BFGS for each C, at most.

        The features of all training images are held as float16: 4 grid^2 atoms bytes an image.
        """
        if not threshold:
            raise InputError("threshold is a tuple of candidates; an empty one came.")
        rng = np.random.default_rng(seed)
        classes = len(interface.labels)
        height, width = train.images.shape[1:3]
        places = (height - side + 1) * (width - side + 1)
        if min(height, width) < side + grid - 1:
            raise InputError(
                f"Patches of {side} pixels pooled over {grid} x {grid} regions need larger images; "
                f"they are {height} x {width}."
            )
        patches = min(patches, len(train.images) * places)
        if patches < atoms:
            raise InputError(
                f"A dictionary of {atoms} atoms needs as many patches; the images have {patches}."
            )
        encoder = Encoder.learned(
            train.images,
            atoms=atoms,
            side=side,
            grid=grid,
            patches=patches,
            iterations=kmeans_iterations,
            whitening=whitening,
            rng=rng,
        ).with_threshold(threshold[0])
        report.log(event="dictionary", atoms=atoms, patches=patches)

        choices: dict[str, Any] = {"threshold": threshold[0]}
        if validation is not None and len(threshold) > 1:
            subset = np.sort(rng.permutation(len(train.images))[:tuning_examples])
            tuning = Arrays(train.images[subset], train.targets[subset])
            accuracies = {}
            for alpha in threshold:
                tried = encoder.with_threshold(alpha)
                _, _, by_c = _fit_svm(
                    tried, tuning, validation, classes, C, False, iterations, report
                )
                accuracies[alpha] = max(by_c.values())
                report.log(
                    event="threshold", threshold=alpha, validation_accuracy=accuracies[alpha]
                )
            best = max(accuracies, key=accuracies.__getitem__)
            encoder = encoder.with_threshold(best)
            choices = {
                "threshold": best,
                "threshold_accuracy": {f"{alpha:g}": value for alpha, value in accuracies.items()},
            }
        svm, chosen, accuracies_of_c = _fit_svm(
            encoder, train, validation, classes, C, mirror, iterations, report
        )
        choices |= {"C": chosen, "validation_accuracy": accuracies_of_c}
        report.log(event="trained", **choices)
        return cls(
            interface,
            encoder,
            LinearSvm(half(svm.weights), half(svm.intercept)),
            mirror=mirror,
            choices=choices,
        )

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        scores = self.svm.scores(self.encoder.encode(images))
        if self.mirror:
            scores += self.svm.scores(self.encoder.encode(images[:, :, ::-1]))
            scores /= 2
        return scores

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "encoder.filters": self.encoder.filters,
            "encoder.offset": self.encoder.offset,
            "svm.weights": self.svm.weights,
            "svm.intercept": self.svm.intercept,
        }

    def _settings(self) -> dict[str, Any]:
        return {
            "threshold": self.encoder.threshold,
            "side": self.encoder.side,
            "grid": self.encoder.grid,
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
            Encoder(
                arrays["encoder.filters"],
                arrays["encoder.offset"],
                settings["threshold"],
                settings["side"],
                settings["grid"],
            ),
            LinearSvm(arrays["svm.weights"], arrays["svm.intercept"]),
            mirror=settings["mirror"],
            choices=settings["choices"],
        )

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        return {"atoms": 32, "patches": 4000, "kmeans_iterations": 5}


def _encoded(
    encoder: Encoder, images: NDArray[np.uint8], mirror: bool, name: str, report: Progress
) -> NDArray[np.float16]:
    """[N, H, W, C] -> the codes, [N, width]; with `mirror` [2 N, width], the mirror images last."""
    views: Sequence[NDArray[np.uint8]] = [images, images[:, :, ::-1]] if mirror else [images]
    features = np.empty((len(views) * len(images), encoder.width), np.float16)
    step = 64
    starts = [(view, start) for view in range(len(views)) for start in range(0, len(images), step)]
    for view, start in report.track(starts, f"codes of the {name} images"):
        codes = encoder.encode(views[view][start : start + step])
        row = view * len(images) + start
        features[row : row + len(codes)] = codes
    return features


def _fit_svm(
    encoder: Encoder,
    train: Arrays,
    validation: Arrays | None,
    classes: int,
    candidates: tuple[float, ...],
    mirror: bool,
    iterations: int,
    report: Progress,
) -> tuple[LinearSvm, float, dict[str, float]]:
    """See `fit_linear_svm`."""
    features = _encoded(encoder, train.images, mirror, "training", report)
    held_out = None
    if validation is not None:
        codes = _encoded(encoder, validation.images, False, "validation", report)
        held_out = codes, validation.targets
    return fit_linear_svm(
        features,
        np.tile(train.targets, 2 if mirror else 1),
        classes,
        candidates,
        held_out,
        standardisation=Standardisation.measured(features, variance_offset=1e-6),
        iterations=iterations,
    )
