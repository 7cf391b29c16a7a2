"""Single-layer features learned without labels, and a linear support vector machine.

Patches are normalised and whitened, a dictionary of them is learned by spherical k-means, every
patch of an image is encoded by a soft threshold of its products with the dictionary, and the codes
are pooled over a grid: Coates, Ng & Lee, "An Analysis of Single-Layer Networks in Unsupervised
Feature Learning" (AISTATS 2011) and Coates & Ng, "The Importance of Encoding Versus Training with
Sparse Coding and Vector Quantization" (ICML 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from zoo.errors import InputError
from zoo.progress import Report
from zoo.vision.classifier import Arrays, ImageClassifier
from zoo.vision.linear_svm import LinearSvm, Standardisation, fit_linear_svm
from zoo.weights import half

_CONTRAST_OFFSET = (
    10.0  # added to a patch's variance in grey levels squared: flat patches stay flat
)
_PATCHES_AT_ONCE = 8192  # in the assignment step of k-means


def patches_of(images: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """All patches, normalised: [N, H, W, C] -> [N, (H - side + 1) (W - side + 1), side^2 C].

    Each has the mean 0 and, but for the offset, the variance 1 (Coates & Ng 2011, section 3.1).
    """
    windows = sliding_window_view(images, (side, side), axis=(1, 2))  # [N, h, w, C, side, side]
    rows = windows.shape[1] * windows.shape[2]
    return normalised(windows.reshape(len(images), rows, -1).astype(np.float32))


def normalised(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove the brightness and the contrast of patches [..., D] of grey levels, in place."""
    width = patches.shape[-1]
    patches -= patches.mean(axis=-1, keepdims=True)
    variance = np.einsum("...d,...d->...", patches, patches) / width
    patches /= np.sqrt(variance + _CONTRAST_OFFSET)[..., None]
    return patches


def sample_patches(
    images: NDArray[np.uint8], side: int, count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """`count` normalised patches at random places of random images: [count, side * side * C]."""
    number, height, width, _ = images.shape
    windows = sliding_window_view(images, (side, side), axis=(1, 2))
    chosen = windows[
        rng.integers(number, size=count),
        rng.integers(height - side + 1, size=count),
        rng.integers(width - side + 1, size=count),
    ]
    return normalised(chosen.reshape(count, -1).astype(np.float32))


def zca_whitening(
    patches: NDArray[np.float32], offset: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean [D] and the symmetric matrix [D, D] that whiten patches [N, D]: (x - mean) @ matrix.

    `offset` is added to the eigenvalues of the covariance, so that noise is not amplified.
    """
    mean = patches.mean(axis=0)
    centred = patches - mean
    values, vectors = np.linalg.eigh(centred.T.astype(np.float64) @ centred / len(patches))
    matrix = (vectors / np.sqrt(np.maximum(values, 0) + offset)) @ vectors.T
    return mean, np.asarray(matrix, np.float32)


def spherical_kmeans(
    x: NDArray[np.float32], atoms: int, iterations: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A dictionary [atoms, D] of unit vectors for whitened patches x [N, D].

    Alternates the code S, a patch's product with the one atom nearest up to sign (OMP-1), and the
    damped update D = normalise(S^T X + D) (Coates & Ng, "Learning Feature Representations with
    K-means", 2012, section 3). An atom that no patch chose starts anew at a random patch.
    """

    def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)

    dictionary = unit(rng.standard_normal((atoms, x.shape[1]), dtype=np.float32))
    for _ in range(iterations):
        sums = dictionary.copy()
        used = np.zeros(atoms, bool)
        for start in range(0, len(x), _PATCHES_AT_ONCE):
            block = x[start : start + _PATCHES_AT_ONCE]
            products = block @ dictionary.T
            nearest = np.abs(products).argmax(axis=1)
            rows = np.arange(len(block))
            selection = np.zeros_like(products)
            selection[rows, nearest] = products[rows, nearest]
            sums += selection.T @ block
            used[nearest] = True
        unused = int((~used).sum())
        sums[~used] = x[rng.integers(len(x), size=unused)]
        dictionary = unit(sums)
    return dictionary


@dataclass(frozen=True)
class Encoder:
    """From an image to its pooled codes.

    filters: [D, K], whitening and dictionary in one. offset: [K], their product with the mean
    patch: a normalised patch x is z = x @ filters - offset. threshold: the alpha of the encoding.
    side: of the patches, in pixels. grid: codes are averaged over grid x grid regions.
    """

    filters: NDArray[np.float32]
    offset: NDArray[np.float32]
    threshold: float
    side: int
    grid: int

    @classmethod
    def learned(
        cls,
        images: NDArray[np.uint8],
        *,
        atoms: int,
        side: int,
        grid: int,
        patches: int,
        iterations: int,
        whitening: float,
        rng: np.random.Generator,
    ) -> Self:
        """Whitening and dictionary from random patches of the images; the threshold is still 0."""
        x = sample_patches(images, side, patches, rng)
        mean, matrix = zca_whitening(x, whitening)
        x = np.asarray((x - mean) @ matrix, np.float32)
        dictionary = spherical_kmeans(x, atoms, iterations, rng)
        filters = half(matrix @ dictionary.T)
        return cls(filters, half(mean @ filters), 0.0, side, grid)

    def with_threshold(self, threshold: float) -> Encoder:
        return Encoder(self.filters, self.offset, threshold, self.side, self.grid)

    @property
    def width(self) -> int:
        """The number of features of an image."""
        return 2 * self.grid * self.grid * len(self.offset)

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """[N, H, W, C] -> [N, 2 grid^2 K], positive parts before negative ones.

        The codes are max(0, z - alpha) and max(0, -z - alpha), the soft threshold with both signs
        (Coates & Ng 2011); their means over a region are taken as mean(max(z, alpha)) - alpha and
        -mean(min(z, -alpha)) - alpha, which passes over the memory fewer times.
        """
        height, width = (length - self.side + 1 for length in images.shape[1:3])
        pooling = pooling_matrix(height, width, self.grid)
        codes = np.empty((len(images), 2, len(pooling), self.filters.shape[1]), np.float32)
        clipped = np.empty((height * width, self.filters.shape[1]), np.float32)
        for image, code in zip(images, codes, strict=True):
            z = patches_of(image[None], self.side)[0] @ self.filters
            z -= self.offset
            np.maximum(z, self.threshold, out=clipped)
            np.matmul(pooling, clipped, out=code[0])
            np.minimum(z, -self.threshold, out=clipped)
            np.matmul(-pooling, clipped, out=code[1])
        codes -= np.float32(self.threshold)
        return codes.reshape(len(images), -1)


def pooling_matrix(height: int, width: int, grid: int) -> NDArray[np.float32]:
    """[grid * grid, height * width]: row r averages the positions of region r."""
    rows, columns = np.arange(height) * grid // height, np.arange(width) * grid // width
    region = (rows[:, None] * grid + columns).ravel()
    member = (region == np.arange(grid * grid)[:, None]).astype(np.float32)
    return np.asarray(member / member.sum(axis=1, keepdims=True), np.float32)


class KMeansSvmClassifier(ImageClassifier):
    """Whitened patches, spherical k-means, soft threshold, pooling, linear L2-SVM.

    mirror: whether the scores are the mean of those of the image and its mirror image.
    choices: the hyperparameters taken, and the validation accuracies they were taken by.
    """

    batch_size = 64

    def __init__(
        self,
        encoder: Encoder,
        svm: LinearSvm,
        *,
        mirror: bool,
        choices: dict[str, Any],
        size: tuple[int, int],
        mode: str,
        labels: tuple[str, ...],
        temperature: float = 1.0,
    ) -> None:
        super().__init__(size=size, mode=mode, labels=labels, temperature=temperature)
        self.encoder = encoder
        self.svm = svm
        self.mirror = mirror
        self.choices = choices

    @classmethod
    def _train(  # type: ignore[override]
        cls,
        train: Arrays,
        validation: Arrays | None,
        *,
        labels: tuple[str, ...],
        mode: str,
        seed: int,
        report: Report,
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
        rng = np.random.default_rng(seed)
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
                    tried, tuning, validation, labels, C, False, iterations, report
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
            encoder, train, validation, labels, C, mirror, iterations, report
        )
        choices |= {"C": chosen, "validation_accuracy": accuracies_of_c}
        report.log(event="trained", **choices)
        return cls(
            encoder,
            LinearSvm(half(svm.weights), half(svm.intercept)),
            mirror=mirror,
            choices=choices,
            size=(height, width),
            mode=mode,
            labels=labels,
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
        arrays: dict[str, NDArray[Any]],
        settings: dict[str, Any],
        *,
        size: tuple[int, int],
        mode: str,
        labels: tuple[str, ...],
        temperature: float,
        device: str,
    ) -> Self:
        return cls(
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
            size=size,
            mode=mode,
            labels=labels,
            temperature=temperature,
        )

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        return {"atoms": 32, "patches": 4000, "kmeans_iterations": 5}


def _encoded(
    encoder: Encoder, images: NDArray[np.uint8], mirror: bool, name: str, report: Report
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
    labels: tuple[str, ...],
    candidates: tuple[float, ...],
    mirror: bool,
    iterations: int,
    report: Report,
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
        len(labels),
        candidates,
        held_out,
        standardisation=Standardisation.measured(features, variance_offset=1e-6),
        iterations=iterations,
    )
