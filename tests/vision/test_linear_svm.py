from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from zoo.errors import InputError
from zoo.vision.linear_svm import (
    Features,
    LinearSvm,
    Standardisation,
    blocks,
    fit_linear_svm,
    fit_path,
)


def planted(
    count: int = 300, noise: float = 3.0, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Four classes by a planted linear rule, features of different means and scales."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((count, 12)) * np.linspace(0.3, 3, 12)
    scores = features @ random.standard_normal((12, 4))
    scores += noise * random.standard_normal(scores.shape)
    return (features + 1).astype(np.float32), scores.argmax(axis=1).astype(np.int64)


def objective(
    svm: LinearSvm, features: Features, targets: NDArray[np.int64], regularisation: float
) -> float:
    signs = np.where(targets[:, None] == np.arange(4), 1, -1)
    weights = svm.weights.astype(np.float64)
    slack = np.maximum(0, 1 - signs * (features @ weights + svm.intercept))
    return float((weights**2).sum() / 2 + regularisation * (slack**2).sum())


@pytest.mark.parametrize("regularisation", [0.01, 1.0])
def test_it_reaches_the_optimum_that_liblinear_reaches(regularisation: float) -> None:
    features, targets = planted()
    ours = fit_path(features, targets, 4, [regularisation], tolerance=1e-10, iterations=2000)
    # LIBLINEAR regularises the intercept; with a large scale that has no effect.
    theirs = LinearSVC(C=regularisation, intercept_scaling=100, dual=False, tol=1e-8)
    theirs.fit(features, targets)
    oracle = LinearSvm(theirs.coef_.T, theirs.intercept_)
    assert objective(ours[regularisation], features, targets, regularisation) == pytest.approx(
        objective(oracle, features, targets, regularisation), rel=1e-4
    )


def test_separable_classes_are_separated() -> None:
    random = np.random.default_rng(1)
    targets = np.arange(120) % 4
    features = 6 * np.eye(4)[targets] + random.uniform(-1, 1, (120, 4))
    svm, _, _ = fit_linear_svm(features, targets, 4, [10.0], None)
    assert svm.accuracy(features, targets) == 1.0


def test_standardisation_is_folded_in_exactly() -> None:
    features, targets = planted()
    standardisation = Standardisation.measured(features)
    standardised = (features - standardisation.mean) / standardisation.scale
    np.testing.assert_allclose(standardised.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std(axis=0), 1, atol=1e-4)
    precise = {"tolerance": 1e-10, "iterations": 2000}
    folded = fit_path(features, targets, 4, [0.01], standardisation=standardisation, **precise)
    unfolded = fit_path(standardised, targets, 4, [0.01], **precise)
    np.testing.assert_allclose(
        folded[0.01].scores(features), unfolded[0.01].scores(standardised), atol=1e-3
    )


def test_a_feature_that_never_varies_is_left_alone() -> None:
    features = np.full((50, 2), 7.3, np.float32)
    features[:25, 1] = 1
    standardisation = Standardisation.measured(features)
    assert standardisation.scale[0] == 1
    assert np.abs(((features - standardisation.mean) / standardisation.scale)[:, 0]).max() < 1e-5


def test_half_precision_features_give_the_same_machine() -> None:
    features, targets = planted()
    features = features.astype(np.float16).astype(np.float32)
    single = fit_path(features, targets, 4, [0.1])[0.1]
    half = fit_path(features.astype(np.float16), targets, 4, [0.1])[0.1]
    np.testing.assert_array_equal(single.weights, half.weights)


def test_blocks_cover_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    features, targets = planted()
    whole = fit_path(features, targets, 4, [0.1], tolerance=1e-10)[0.1]
    monkeypatch.setattr("zoo.vision.linear_svm._BLOCK_VALUES", 12 * 7)
    rows = np.concatenate([np.arange(len(features))[block] for block in blocks(features)])
    np.testing.assert_array_equal(rows, np.arange(300))
    pieces = fit_path(features, targets, 4, [0.1], tolerance=1e-10)[0.1]
    np.testing.assert_allclose(pieces.scores(features), whole.scores(features), atol=1e-2)


def test_validation_picks_c_and_without_it_the_first_is_taken() -> None:
    features, targets = planted(noise=12)
    held_out = planted(count=600, noise=12, seed=0)
    candidates = (1.0, 1e-5, 1e-2)
    svm, chosen, accuracies = fit_linear_svm(features, targets, 4, candidates, held_out)
    assert accuracies[f"{chosen:g}"] == max(accuracies.values()) == svm.accuracy(*held_out)
    assert set(accuracies) == {"1", "1e-05", "0.01"}
    _, chosen, accuracies = fit_linear_svm(features, targets, 4, candidates, None)
    assert (chosen, accuracies) == (1.0, {})
    with pytest.raises(InputError, match="tuple of candidates"):
        fit_linear_svm(features, targets, 4, (), None)
