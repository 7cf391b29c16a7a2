"""Gaussian mixtures: against other programs, and planted Gaussians."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from zoo.speech import mixtures
from zoo.speech.mixtures import Accumulator, Mixtures


def random_mixtures(densities: int, components: int, size: int, seed: int = 0) -> Mixtures:
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.ones(components), densities)
    return Mixtures(
        np.log(weights).astype(np.float32),
        random.normal(0, 2, (densities, components, size)).astype(np.float32),
        random.uniform(0.3, 3, (densities, components, size)).astype(np.float32),
    )


def frames(
    count: int, size: int, seed: int = 1
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, 2, (count, size)).astype(np.float32)


def planted(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Frames of two Gaussians: 3 in 10 about (-4, 1), the others about (3, -2)."""
    random = np.random.default_rng(7)
    first = random.random(count) < 0.3
    left = random.normal((-4, 1), (0.5, 1.0), (count, 2))
    right = random.normal((3, -2), (1.5, 0.7), (count, 2))
    return np.where(first[:, None], left, right).astype(np.float32)


def one_pass(
    mixtures: Mixtures, values: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> Mixtures:
    """All frames belong to the first density."""
    sums = Accumulator(mixtures, values.var(axis=0, dtype=np.float64))
    _, shares = mixtures.explain(values, np.array([0]))
    sums.add(values, np.array([0]), shares, np.ones((len(values), 1)))
    return sums.update()


# --- likelihoods ----------------------------------------------------------------------------------


def test_log_likelihoods_are_scipys() -> None:
    mixtures, values = random_mixtures(3, 4, 5), frames(20, 5)
    scores = mixtures.scores(values)
    assert scores.shape == (20, 3)
    for density in range(3):
        parts = [
            mixtures.log_weights[density, m]
            + multivariate_normal(
                mixtures.means[density, m], np.diag(mixtures.variances[density, m])
            ).logpdf(values)
            for m in range(4)
        ]
        assert np.allclose(scores[:, density], logsumexp(parts, axis=0), atol=1e-3)


def test_shares_are_scikit_learns_responsibilities() -> None:
    mixtures, values = random_mixtures(2, 3, 4), frames(30, 4)
    theirs = GaussianMixture(3, covariance_type="diag")
    theirs.weights_ = np.exp(mixtures.log_weights[1]).astype(np.float64)
    theirs.means_ = mixtures.means[1].astype(np.float64)
    theirs.covariances_ = mixtures.variances[1].astype(np.float64)
    theirs.precisions_cholesky_ = 1 / np.sqrt(theirs.covariances_)
    likelihoods, shares = mixtures.explain(values, np.array([1]))
    assert shares.shape == (30, 1, 3)
    assert np.allclose(shares[:, 0], theirs.predict_proba(values), atol=1e-3)
    assert np.allclose(likelihoods[:, 0], theirs.score_samples(values), atol=1e-3)


def test_some_densities_are_as_among_all_and_in_the_order_asked() -> None:
    mixtures, values = random_mixtures(6, 2, 3), frames(9, 3)
    chosen = np.array([4, 0, 5])
    likelihoods, shares = mixtures.explain(values, chosen)
    assert np.allclose(likelihoods, mixtures.scores(values)[:, chosen], atol=1e-5)
    assert np.allclose(shares.sum(axis=-1), 1, atol=1e-5)


def test_long_sound_is_scored_in_parts_and_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model, values = random_mixtures(5, 3, 4), frames(50, 4)
    whole = model.scores(values)
    monkeypatch.setattr(mixtures, "_FRAMES", 7)
    assert np.allclose(model.scores(values), whole, atol=1e-4)


def test_frames_far_from_everything_are_unlikely_but_not_impossible() -> None:
    likelihoods, shares = random_mixtures(2, 3, 4).explain(
        np.full((1, 4), 1e3, np.float32), np.arange(2)
    )
    assert np.isfinite(likelihoods).all()
    assert (likelihoods < -1e5).all()
    assert np.allclose(shares.sum(axis=-1), 1)


# --- learning -------------------------------------------------------------------------------------


def test_each_pass_makes_the_frames_likelier() -> None:
    values = planted(2000)
    mixtures = Mixtures.single(1, values.mean(axis=0), values.var(axis=0)).split().split()
    totals = []
    for _ in range(12):
        totals.append(float(mixtures.scores(values).sum(dtype=np.float64)))
        mixtures = one_pass(mixtures, values)
    assert (np.diff(totals) > -1e-3).all()
    assert totals[-1] > totals[0] + 1000


def test_planted_gaussians_are_recovered() -> None:
    values = planted(4000)
    mixtures = Mixtures.single(1, values.mean(axis=0), values.var(axis=0)).split()
    for _ in range(40):
        mixtures = one_pass(mixtures, values)
    left, right = np.argsort(mixtures.means[0, :, 0])
    assert np.allclose(mixtures.means[0, [left, right]], [(-4, 1), (3, -2)], atol=0.1)
    deviations = np.sqrt(mixtures.variances[0, [left, right]])
    # The narrowest may be no narrower than a twentieth of all frames' variance.
    floor = np.sqrt(0.05 * values.var(axis=0))
    assert np.allclose(deviations, np.maximum([(0.5, 1.0), (1.5, 0.7)], floor), atol=0.1)
    assert np.allclose(np.exp(mixtures.log_weights[0, [left, right]]), (0.3, 0.7), atol=0.03)


def test_one_pass_is_scikit_learns() -> None:
    values = planted(500)
    start = Mixtures.single(1, values.mean(axis=0), values.var(axis=0)).split()
    theirs = GaussianMixture(
        2,
        covariance_type="diag",
        max_iter=1,
        tol=1e-9,
        reg_covar=0,
        weights_init=np.exp(start.log_weights[0]).astype(np.float64)
        / np.exp(start.log_weights[0]).sum(),
        means_init=start.means[0],
        precisions_init=1 / start.variances[0],
    )
    with pytest.warns(match="did not converge"):
        theirs.fit(values)
    after = one_pass(start, values)
    assert np.allclose(after.means[0], theirs.means_, atol=1e-3)
    assert np.allclose(after.variances[0], theirs.covariances_, atol=1e-3)
    assert np.allclose(np.exp(after.log_weights[0]), theirs.weights_, atol=1e-4)


def test_frames_count_by_how_much_they_belong_to_a_density() -> None:
    values = planted(300)
    mixtures = Mixtures.single(3, np.zeros(2), np.ones(2))
    sums = Accumulator(mixtures, np.ones(2))
    occupied = np.random.default_rng(0).uniform(0, 1, (300, 2))
    chosen = np.array([2, 0])
    _, shares = mixtures.explain(values, chosen)
    for part in (slice(0, 100), slice(100, 300)):  # in one piece or in several
        sums.add(values[part], chosen, shares[part], occupied[part])
    after = sums.update()
    for column, density in enumerate(chosen):
        weights = occupied[:, column]
        mean = np.average(values, axis=0, weights=weights)
        assert np.allclose(after.means[density, 0], mean, atol=1e-3)
        variance = np.average((values - mean) ** 2, axis=0, weights=weights)
        assert np.allclose(after.variances[density, 0], variance, atol=1e-2)
    # To the other no frame belongs: it stays as it was.
    assert np.array_equal(after.means[1], mixtures.means[1])
    assert np.array_equal(after.variances[1], mixtures.variances[1])


def test_variances_do_not_vanish_and_lonely_components_stay() -> None:
    values = np.full((50, 2), 3.0, np.float32)
    variance = np.array([4.0, 1.0])
    mixtures = Mixtures(
        np.log(np.full((1, 2), 0.5)).astype(np.float32),
        np.array([[[3, 3], [-50, -50]]], np.float32),
        np.ones((1, 2, 2), np.float32),
    )
    sums = Accumulator(mixtures, variance)
    _, shares = mixtures.explain(values, np.array([0]))
    sums.add(values, np.array([0]), shares, np.ones((50, 1)))
    after = sums.update()
    assert np.allclose(after.variances[0, 0], 0.05 * variance)
    assert np.array_equal(after.means[0, 1], [-50, -50])
    weights = np.exp(after.log_weights[0])
    assert weights.sum() == pytest.approx(1)
    assert 0 < weights[1] < 0.002
    assert np.isfinite(after.scores(values)).all()


# --- splitting ------------------------------------------------------------------------------------


def test_a_split_density_says_nearly_the_same_with_twice_the_components() -> None:
    mixtures, values = random_mixtures(3, 2, 4), frames(50, 4)
    twice = mixtures.split()
    assert (mixtures.components, twice.components) == (2, 4)
    assert np.allclose(np.exp(twice.log_weights).sum(axis=1), 1, atol=1e-5)
    assert np.allclose(np.exp(twice.log_weights[:, ::2]), np.exp(mixtures.log_weights) / 2)
    pairs = twice.means.reshape(3, 2, 2, 4)
    assert np.allclose(pairs.mean(axis=2), mixtures.means, atol=1e-5)
    apart = (pairs[:, :, 1] - pairs[:, :, 0]) / np.sqrt(mixtures.variances)
    assert np.allclose(apart, 0.4, atol=1e-4)
    assert np.abs(twice.scores(values) - mixtures.scores(values)).max() < 5
    assert np.median(np.abs(twice.scores(values) - mixtures.scores(values))) < 0.5


def test_rounded_mixtures_are_what_half_precision_holds() -> None:
    mixtures = random_mixtures(2, 2, 3)
    rounded = mixtures.rounded()
    for name in ("log_weights", "means", "variances"):
        narrow = getattr(mixtures, name).astype(np.float16)
        assert np.array_equal(getattr(rounded, name), narrow.astype(np.float32))
        assert getattr(rounded, name).dtype == np.float32
