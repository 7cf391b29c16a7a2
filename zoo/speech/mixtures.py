"""Gaussian mixtures with diagonal covariances: how likely frames are, and learning them by EM.

Rabiner, "A Tutorial on Hidden Markov Models", 1989, equations 50-54; mixtures grow by splitting, as
in HTK (Young et al., The HTK Book, section 10.6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.weights import half

Floats = NDArray[np.float64]
Features = NDArray[np.float32]

_LOG_2 = math.log(2)  # floats of Python, which leave arrays as narrow as they are
_LOG_2_PI = math.log(2 * math.pi)
_LEAST_SHARE = 1e-3  # of a component: one that explains nothing must not become -inf
_LEAST_COUNT = 3.0  # frames; a component with fewer keeps its place
_FRAMES = 4000  # scored at once
_FLOOR = 0.05  # least variance, as a share of that of all frames


@dataclass(frozen=True)
class Mixtures:
    """D densities, each a mixture of M Gaussians over F features.

    log_weights: [D, M]. means, variances: [D, M, F].
    """

    log_weights: NDArray[np.float32]
    means: NDArray[np.float32]
    variances: NDArray[np.float32]

    @classmethod
    def single(cls, count: int, mean: Floats, variance: Floats) -> Self:
        """One and the same Gaussian for each of `count` densities."""
        shape = (count, 1, len(mean))
        return cls(
            np.zeros(shape[:2], np.float32),
            np.broadcast_to(mean, shape).astype(np.float32),
            np.broadcast_to(variance, shape).astype(np.float32),
        )

    @property
    def components(self) -> int:
        return int(self.log_weights.shape[1])

    def explain(
        self, frames: Features, densities: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How likely frames [T, F] are in some densities [S], and which components say so.

        Answers log likelihoods [T, S], and each component's share of the likelihood [T, S, M].
        """
        precision = 1 / self.variances[densities]
        means = self.means[densities]
        size = means.shape[-1]
        constant = self.log_weights[densities] - 0.5 * (
            size * _LOG_2_PI - np.log(precision).sum(axis=-1) + (means**2 * precision).sum(axis=-1)
        )
        scores = frames @ (means * precision).reshape(-1, size).T
        scores -= 0.5 * (frames**2) @ precision.reshape(-1, size).T
        shares = scores.reshape(len(frames), *constant.shape)
        shares += constant
        top = shares.max(axis=-1, keepdims=True)
        shares -= top
        np.exp(shares, out=shares)
        total = shares.sum(axis=-1, keepdims=True)
        shares /= total
        return (top + np.log(total))[..., 0], shares

    def scores(self, frames: Features) -> NDArray[np.float32]:
        """Log likelihoods of frames [T, F] in every density: [T, D]."""
        every = np.arange(len(self.means))
        parts = range(0, len(frames), _FRAMES)  # the shares of an hour would take gigabytes
        return np.concatenate([self.explain(frames[at : at + _FRAMES], every)[0] for at in parts])

    def split(self) -> Mixtures:
        """Twice the components: each moved a fifth of its deviation either way."""
        step = np.float32(0.2) * np.sqrt(self.variances)
        return Mixtures(
            np.repeat(self.log_weights - _LOG_2, 2, axis=1),
            np.stack((self.means - step, self.means + step), axis=2).reshape(
                len(self.means), -1, self.means.shape[-1]
            ),
            np.repeat(self.variances, 2, axis=1),
        )

    def rounded(self) -> Mixtures:
        """As half-precision storage keeps it."""
        return Mixtures(half(self.log_weights), half(self.means), half(self.variances))


class Accumulator:
    """The sums that one pass of EM takes over all frames."""

    def __init__(self, mixtures: Mixtures, variance: Floats) -> None:
        """variance: [F] of all frames, by which the densities' own are kept from vanishing."""
        self.mixtures = mixtures
        self.floor = _FLOOR * variance
        self.count = np.zeros(mixtures.log_weights.shape)
        self.sum = np.zeros(mixtures.means.shape)
        self.square = np.zeros(mixtures.means.shape)

    def add(
        self,
        frames: Features,
        densities: NDArray[np.integer[Any]],
        shares: NDArray[np.float32],
        occupied: Floats,
    ) -> None:
        """Count frames [T, F] into densities [S], no one named twice.

        shares: [T, S, M], as `Mixtures.explain` gives them. occupied: [T, S], the share of each
        frame that belongs to each density.
        """
        # Equation 54: how likely each component is at each frame.
        parts = shares * occupied[:, :, None].astype(np.float32)
        flat = parts.reshape(len(frames), -1).T
        shape = (len(densities), -1, frames.shape[1])
        self.count[densities] += parts.sum(axis=0)
        self.sum[densities] += (flat @ frames).reshape(shape)
        self.square[densities] += (flat @ frames**2).reshape(shape)

    def update(self) -> Mixtures:
        """The mixtures that make the counted frames likelier."""
        old = self.mixtures
        enough = (self.count > _LEAST_COUNT)[..., None]
        count = np.maximum(self.count, _LEAST_COUNT)[..., None]
        means = self.sum / count
        variances = np.maximum(self.square / count - means**2, self.floor)
        total = np.maximum(self.count.sum(axis=1, keepdims=True), _LEAST_COUNT)
        weights = np.maximum(self.count / total, _LEAST_SHARE)
        weights /= weights.sum(axis=1, keepdims=True)
        return Mixtures(
            np.log(weights).astype(np.float32),
            np.where(enough, means, old.means).astype(np.float32),
            np.where(enough, variances, old.variances).astype(np.float32),
        )
