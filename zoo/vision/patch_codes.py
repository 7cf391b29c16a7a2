"""An image as pooled codes of its patches in a learned dictionary.

The steps of Coates & Ng, "The Importance of Encoding Versus Training with Sparse Coding and Vector
Quantization" (ICML 2011): normalise, whiten, compare with a dictionary, threshold, pool.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

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

    def with_threshold(self, threshold: float) -> Self:
        return replace(self, threshold=threshold)

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
