"""One-vs-rest linear support vector machines for dense features too large for LIBLINEAR.

scikit-learn's `LinearSVC` (LIBLINEAR) copies dense features into a sparse structure of float64
values with an index each: 16 bytes a value, 50 GB for 100,000 examples of 32,000 features, and it
solves the classes one after another. Here all classes are solved at once in the primal by L-BFGS,
as Coates, Ng and Lee did ("An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
AISTATS 2011): each evaluation is one pass of two matrix products over the features, which may be
stored as float16.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from zoo.errors import InputError

Features: TypeAlias = NDArray[np.floating[Any]]

_BLOCK_VALUES = (
    1 << 23
)  # 32 MB of float32: large enough for the matrix product, small beside the features


@dataclass(frozen=True)
class LinearSvm:
    """The scores `features @ weights + intercept` of features as they come, not standardised.

    weights: [D, classes] float32; intercept: [classes] float32.
    """

    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def scores(self, features: Features) -> NDArray[np.float32]:
        """[N, D] -> [N, classes]."""
        scores = np.empty((len(features), len(self.intercept)), np.float32)
        for block in blocks(features):
            scores[block] = features[block].astype(np.float32, copy=False) @ self.weights
        return scores + self.intercept

    def accuracy(self, features: Features, targets: NDArray[np.int64]) -> float:
        """The share of the N examples whose highest score is that of their target."""
        return float((self.scores(features).argmax(1) == targets).mean())


@dataclass(frozen=True)
class Standardisation:
    """mean, scale: [D] float32; a standardised feature is (feature - mean) / scale."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def measured(cls, features: Features, *, variance_offset: float = 0.0) -> Self:
        """The mean and standard deviation of each feature; one that never varies keeps the scale 1.

        `variance_offset` is added to the variance, so that features that hardly vary are not
        blown up.
        """
        total = np.zeros(features.shape[1])
        squares = np.zeros(features.shape[1])
        for block in blocks(features):
            values = features[block].astype(np.float32, copy=False)
            total += values.sum(0, dtype=np.float64)
            squares += np.einsum("nd,nd->d", values, values)
        mean = total / len(features)
        variance = squares / len(features) - mean**2
        # Below this the difference of the two sums is rounding, not variance.
        constant = variance <= 1e-6 * (squares / len(features)) + 1e-12
        scale = np.where(constant, 1.0, np.sqrt(np.maximum(variance, 0.0) + variance_offset))
        return cls(mean.astype(np.float32), scale.astype(np.float32))

    @classmethod
    def identity(cls, width: int) -> Self:
        """Leaves `width` features as they are."""
        return cls(np.zeros(width, np.float32), np.ones(width, np.float32))


def blocks(features: Features) -> list[slice]:
    """Slices of rows of `features` [N, D], small enough to convert to float32 one at a time."""
    rows = max(1, _BLOCK_VALUES // max(1, features.shape[1]))
    return [slice(start, start + rows) for start in range(0, len(features), rows)]


class _Problem:
    """The objective in the weights of standardised features, which are never computed."""

    def __init__(
        self,
        features: Features,
        targets: NDArray[np.int64],
        classes: int,
        standardisation: Standardisation,
    ) -> None:
        self.features = features
        self.signs = np.where(targets[:, None] == np.arange(classes), 1, -1).astype(np.int8)
        self.inverse_scale = 1 / standardisation.scale[:, None]
        self.offset = (standardisation.mean / standardisation.scale)[:, None]

    def unstandardised(self, parameters: NDArray[np.float64]) -> LinearSvm:
        """((x - mean) / scale) @ w + b = x @ (w / scale) + (b - (mean / scale) @ w)."""
        table = parameters.reshape(-1, self.signs.shape[1])
        weights = np.asarray(table[:-1] * self.inverse_scale, np.float32)
        intercept = table[-1] - (self.offset * table[:-1]).sum(0)
        return LinearSvm(weights, intercept.astype(np.float32))

    def objective(
        self, parameters: NDArray[np.float64], regularisation: float
    ) -> tuple[float, NDArray[np.float64]]:
        """(|w|^2 / 2 + C sum max(0, 1 - y f(x))^2) / (C N) and its gradient.

        C, here `regularisation`, multiplies the loss, as in LIBLINEAR; dividing by C N leaves the
        optimum where it is and keeps the tolerances of L-BFGS meaningful.
        """
        svm = self.unstandardised(parameters)
        gradient = np.zeros_like(svm.weights)
        slack_sum = np.zeros(len(svm.intercept))
        loss = 0.0
        for block in blocks(self.features):
            values = self.features[block].astype(np.float32, copy=False)
            signs = self.signs[block]
            slack = np.maximum(0, 1 - signs * (values @ svm.weights + svm.intercept))
            loss += float(np.einsum("nc,nc->", slack, slack))
            slack *= signs
            gradient += values.T @ slack
            slack_sum += slack.sum(0)
        weights = parameters.reshape(-1, len(slack_sum))[:-1]
        decay = 1 / (regularisation * len(self.features))
        scaled = np.empty((len(weights) + 1, len(slack_sum)))
        # d/dw of the standardised feature: (x - mean) / scale, summed over the examples.
        scaled[:-1] = gradient * self.inverse_scale - self.offset * slack_sum
        scaled[-1] = slack_sum
        scaled *= -2 / len(self.features)
        scaled[:-1] += decay * weights
        value = loss / len(self.features) + decay / 2 * float(np.vdot(weights, weights))
        return value, scaled.ravel()


def fit_path(
    features: Features,
    targets: NDArray[np.int64],
    classes: int,
    candidates: Sequence[float],
    *,
    standardisation: Standardisation | None = None,
    iterations: int = 200,
    tolerance: float = 1e-5,
) -> dict[float, LinearSvm]:
    """One machine for each value of C, from the smallest on, each started from the one before.

    features: [N, D], of any float type. targets: [N], in 0..classes-1. standardisation: what the
    machines see the features through; it is folded into the answer. iterations: of L-BFGS for each
    C, at most; it stops when a step lowers the objective by less than `tolerance` of its value.
    The intercept is not regularised.
    """
    problem = _Problem(
        features, targets, classes, standardisation or Standardisation.identity(features.shape[1])
    )
    parameters = np.zeros((features.shape[1] + 1) * classes)
    machines: dict[float, LinearSvm] = {}
    for regularisation in sorted(candidates):
        solution = minimize(
            problem.objective,
            parameters,
            args=(regularisation,),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": iterations, "maxcor": 10, "ftol": tolerance, "gtol": 1e-7},
        )
        parameters = solution.x
        machines[regularisation] = problem.unstandardised(parameters)
    return machines


def fit_linear_svm(
    features: Features,
    targets: NDArray[np.int64],
    classes: int,
    candidates: Sequence[float],
    validation: tuple[Features, NDArray[np.int64]] | None,
    *,
    standardisation: Standardisation | None = None,
    iterations: int = 200,
) -> tuple[LinearSvm, float, dict[str, float]]:
    """The machine of the C that is most often right on `validation`, features and targets.

    Without validation the first candidate is taken. Answers the machine, its C, and the validation
    accuracy of every C tried, keyed by its text as JSON needs it.
    """
    if not candidates:
        raise InputError("C is a tuple of candidates; an empty one came.")
    if validation is None:
        candidates = candidates[:1]
    machines = fit_path(
        features,
        targets,
        classes,
        candidates,
        standardisation=standardisation,
        iterations=iterations,
    )
    if validation is None:
        return machines[candidates[0]], candidates[0], {}
    accuracies = {c: svm.accuracy(*validation) for c, svm in machines.items()}
    best = max(accuracies, key=accuracies.__getitem__)  # the smallest such C, as the path ascends
    return machines[best], best, {f"{c:g}": accuracy for c, accuracy in accuracies.items()}
