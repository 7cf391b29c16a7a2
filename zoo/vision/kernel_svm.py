"""A support vector machine with the RBF kernel, approximated by the Nyström method.

Williams & Seeger, "Using the Nyström Method to Speed Up Kernel Machines" (NIPS 2000): the kernel
against a few landmarks, normalised, gives features of which a linear machine is learned. The
normalisation is folded into the coefficients, so that prediction is one kernel and one product.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.spatial.distance import pdist

from zoo.progress import Progress
from zoo.vision.linear_svm import LinearSvm, fit_linear_svm

Real = TypeVar("Real", np.float32, np.float64)

_ROWS = 1000  # examples whose kernel is computed at a time in training


def rbf_kernel(
    x: NDArray[Real],
    landmarks: NDArray[Real],
    gamma: float,
    squares: NDArray[Real] | None = None,
) -> NDArray[Real]:
    """exp(-gamma |x - l|^2); x: [N, P], landmarks: [M, P]; answers [N, M].

    squares: [M] |l|^2, if known.
    """
    kernel = x @ landmarks.T
    kernel *= -2
    kernel += _squares(x)[:, None]
    kernel += _squares(landmarks) if squares is None else squares
    np.maximum(kernel, 0, out=kernel)
    kernel *= -gamma
    np.exp(kernel, out=kernel)
    return kernel


def _squares(x: NDArray[Real]) -> NDArray[Real]:
    return np.asarray(np.einsum("np,np->n", x, x), x.dtype)


def nystroem_normalisation(landmarks: NDArray[np.float32], gamma: float) -> NDArray[np.float32]:
    """The matrix R [M, M] with R R^T = K(landmarks, landmarks)^-1.

    The features K(x, landmarks) R have the inner products of the Nyström approximation K_nm K_mm^-1
    K_mn (Williams & Seeger 2000). Any such R will do: they differ by a rotation, which an L2-SVM
    does not see; the Cholesky factor is the cheapest. The 1e-6 on the diagonal keeps landmarks that
    coincide from making K singular.
    """
    kernel = rbf_kernel(landmarks, landmarks, gamma).astype(np.float64)
    factor = np.linalg.cholesky(kernel + 1e-6 * np.eye(len(kernel)))
    inverse = solve_triangular(factor, np.eye(len(kernel)), lower=True)
    return np.asarray(inverse.T, np.float32)


@dataclass(frozen=True)
class KernelMachine:
    """exp(-gamma |x - landmark|^2) @ coefficients + intercept: Nyström's normalisation folded in.

    landmarks: [M, P]. coefficients: [M, classes], kept as float32: they are large, of both signs,
    and cancel, so that scores are computed in float64; in float32 they would depend on how many
    examples are scored at once. intercept: [classes].
    """

    landmarks: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    intercept: NDArray[np.float32]
    gamma: float

    @classmethod
    def folded(
        cls,
        landmarks: NDArray[np.float32],
        gamma: float,
        normalisation: NDArray[np.float32],
        svm: LinearSvm,
    ) -> Self:
        """(K R) w + b = K (R w) + b."""
        return cls(landmarks, normalisation @ svm.weights, svm.intercept, gamma)

    def scores(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """[N, P] -> [N, classes]."""
        landmarks, squares, coefficients = self._in_float64
        kernel = rbf_kernel(x.astype(np.float64), landmarks, self.gamma, squares)
        return np.asarray(kernel @ coefficients + self.intercept, np.float32)

    @functools.cached_property
    def _in_float64(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """landmarks, their squares, coefficients"""
        landmarks = self.landmarks.astype(np.float64)
        return landmarks, _squares(landmarks), self.coefficients.astype(np.float64)


def fit_kernel_machine(
    x: NDArray[np.float32],
    targets: NDArray[np.int64],
    classes: int,
    landmarks: NDArray[np.float32],
    gammas: Sequence[float],
    candidates: Sequence[float],
    validation: tuple[NDArray[np.float32], NDArray[np.int64]] | None,
    iterations: int,
    report: Progress,
) -> tuple[KernelMachine, dict[str, Any]]:
    """The machine of the gamma and the C that are most often right on `validation`.

    x: [N, P]. landmarks: [M, P]. gammas: in units of 1 / (median squared distance between
    landmarks). validation: features [V, P] and targets [V]; without it the first candidates are
    taken. Answers the choices, too.
    """
    unit = 1 / max(float(np.median(pdist(landmarks[:1000], "sqeuclidean"))), 1e-12)

    def fit(relative: float) -> tuple[float, KernelMachine, dict[str, Any]]:
        gamma = relative * unit
        normalisation = nystroem_normalisation(landmarks, gamma)
        held_out = None
        if validation is not None:
            held_out = _expanded(validation[0], landmarks, gamma, normalisation), validation[1]
        svm, chosen, accuracies = fit_linear_svm(
            _expanded(x, landmarks, gamma, normalisation),
            targets,
            classes,
            candidates,
            held_out,
            iterations=iterations,
        )
        choices = {"gamma": relative, "C": chosen, "validation_accuracy": accuracies}
        report.log(event="fitted", **choices)
        machine = KernelMachine.folded(landmarks, gamma, normalisation, svm)
        return max(accuracies.values(), default=0.0), machine, choices

    tried = [fit(relative) for relative in (gammas[:1] if validation is None else gammas)]
    _, machine, choices = max(tried, key=lambda fitted: fitted[0])
    return machine, choices


def _expanded(
    x: NDArray[np.float32],
    landmarks: NDArray[np.float32],
    gamma: float,
    normalisation: NDArray[np.float32],
) -> NDArray[np.float32]:
    """[N, P] -> [N, M]: the features whose inner products approximate the kernel."""
    expanded = np.empty((len(x), len(landmarks)), np.float32)
    for start in range(0, len(x), _ROWS):
        block = slice(start, start + _ROWS)
        expanded[block] = rbf_kernel(x[block], landmarks, gamma) @ normalisation
    return expanded
