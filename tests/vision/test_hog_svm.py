from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel as oracle_kernel

from zoo.errors import InputError
from zoo.progress import Progress
from zoo.vision.classifier import Arrays, Interface
from zoo.vision.hog_svm import Describer, HogSvmClassifier, Projection, colour_statistics
from zoo.vision.kernel_svm import KernelMachine, nystroem_normalisation, rbf_kernel
from zoo.vision.linear_svm import LinearSvm

LABELS = ("across", "down", "slanted")


def stripes(count: int, channels: int = 1, seed: int = 0) -> Arrays:
    """Stripes of 28 x 28 pixels in the direction that the label names, with noise."""
    random = np.random.default_rng(seed)
    targets = np.arange(count) % 3
    row, column = np.mgrid[:28, :28]
    phase = np.stack([row, column, (row + column) * 0.7])[targets]
    phase = phase + random.uniform(0, 6, (count, 1, 1))
    images = 128 + 60 * np.sin(phase) + random.normal(0, 10, phase.shape)
    pixels = np.repeat(images[..., None].clip(0, 255).astype(np.uint8), channels, axis=3)
    return Arrays(pixels, targets.astype(np.int64))


def interface_of(train: Arrays) -> Interface:
    _, height, width, channels = train.images.shape
    return Interface((height, width), "L" if channels == 1 else "RGB", LABELS)


def fitted(train: Arrays, validation: Arrays | None = None, **options: Any) -> HogSvmClassifier:
    return HogSvmClassifier._train(
        train,
        validation,
        interface_of(train),
        seed=3,
        report=Progress(),
        workspace=None,
        **{**HogSvmClassifier.tiny_options(), **options},
    )


def points(count: int, seed: int, width: int = 5) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_vertical_edge_fills_the_bin_of_horizontal_gradients_alone(channels: int) -> None:
    image = np.zeros((1, 16, 16, channels), np.uint8)
    image[:, :, 6:] = 200
    features = Describer((4,), 9).features(image)[:, : 3 * 3 * 2 * 2 * 9]
    energy = features.reshape(-1, 9).sum(axis=0)
    assert energy[0] > 0
    assert energy[1:].sum() == 0
    turned = Describer((4,), 9).features(image.swapaxes(1, 2))[:, : 3 * 3 * 2 * 2 * 9]
    assert turned.reshape(-1, 9).sum(axis=0).argmax() == 4  # 90 degrees lie in the bin 80..100


def test_histograms_do_not_see_brightness_and_contrast() -> None:
    image = np.random.default_rng(0).integers(0, 100, (1, 24, 24, 1)).astype(np.uint8)
    describer = Describer((4, 8), 9)
    np.testing.assert_allclose(
        describer.features(2 * image + 30), describer.features(image), atol=1e-3
    )


def test_colour_statistics_of_a_planted_picture() -> None:
    image = np.zeros((1, 8, 20, 3), np.uint8)
    image[:, :, :8, 0] = 255
    image[:, :4, 8:16] = 255
    statistics = colour_statistics(image, 8).reshape(2, 3, 2)
    np.testing.assert_allclose(statistics[0, :, 0], [1 / 3, 1, 0.5], atol=1e-6)
    np.testing.assert_allclose(statistics[0, :, 1], 0, atol=1e-6)
    np.testing.assert_allclose(statistics[1, :, 0], [0.5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(statistics[1, :, 1], [0.5, 0, 0], atol=1e-6)


def test_every_group_weighs_the_same_before_the_projection() -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
    describer = Describer((4, 8), 9)
    variance = (describer.features(images) * describer.scale(images)).var(axis=0)
    ends = [9 * 4 * 9, 9 * 4 * 9 + 4 * 9]
    sums = [part.sum() for part in np.split(variance, ends)]
    np.testing.assert_allclose(sums, 1, rtol=1e-3)


def test_the_projection_keeps_the_directions_of_most_variance() -> None:
    random = np.random.default_rng(0)
    features = random.standard_normal((500, 4)).astype(np.float32) * np.array([1, 9, 0.1, 3])
    features = (features + 5).astype(np.float32)
    projection = Projection.principal(features, np.ones(4, np.float32), 2)
    np.testing.assert_allclose(np.abs(projection.basis[[1, 3], [0, 1]]), 1, atol=0.01)
    np.testing.assert_allclose(projection.apply(features).var(axis=0), [81, 9], rtol=0.2)


def test_the_kernel_is_the_rbf_kernel() -> None:
    x, landmarks = points(20, 0), points(7, 1)
    np.testing.assert_allclose(
        rbf_kernel(x, landmarks, 0.3), oracle_kernel(x, landmarks, 0.3), atol=1e-6
    )


def test_the_normalised_features_approximate_as_nystroem_does() -> None:
    x, landmarks = points(50, 0), points(12, 1)
    features = rbf_kernel(x, landmarks, 0.3) @ nystroem_normalisation(landmarks, 0.3)
    oracle = Nystroem(kernel="rbf", gamma=0.3, n_components=12).fit(landmarks).transform(x)
    np.testing.assert_allclose(features @ features.T, oracle @ oracle.T, atol=1e-3)


def test_landmarks_that_coincide_do_no_harm() -> None:
    landmarks = np.repeat(points(5, 1), 3, axis=0)
    features = rbf_kernel(landmarks, landmarks, 0.3) @ nystroem_normalisation(landmarks, 0.3)
    np.testing.assert_allclose(
        features @ features.T, oracle_kernel(landmarks, landmarks, 0.3), atol=1e-2
    )


def test_the_folded_machine_equals_the_unfolded_one() -> None:
    x, landmarks = points(50, 0), points(12, 1)
    svm = LinearSvm(points(12, 2, 3), points(1, 3, 3)[0])
    normalisation = nystroem_normalisation(landmarks, 0.3)
    folded = KernelMachine.folded(landmarks, 0.3, normalisation, svm)
    unfolded = svm.scores(rbf_kernel(x, landmarks, 0.3) @ normalisation)
    np.testing.assert_allclose(folded.scores(x), unfolded, atol=1e-3)


def test_the_scores_do_not_hang_on_how_many_are_scored_at_once() -> None:
    x, landmarks = points(64, 0, 40), points(4000, 1, 40)
    coefficients = np.float32(100) * points(4000, 2, 3)  # of both signs: the sums nearly cancel
    machine = KernelMachine(landmarks, coefficients, np.zeros(3, np.float32), 0.01)
    together = machine.scores(x)
    for size in (1, 3):
        alone = np.concatenate([machine.scores(x[i : i + size]) for i in range(0, len(x), size)])
        np.testing.assert_allclose(alone, together, rtol=1e-6)


@pytest.mark.parametrize(("channels", "mirror"), [(1, False), (3, True)])
def test_a_few_images_are_learned_and_come_back_from_storage(channels: int, mirror: bool) -> None:
    train = stripes(30, channels)
    # Mirrored slanted stripes slant the other way and are still of the same class.
    model = fitted(train, mirror=mirror)
    logits = model._logits(train.images)
    assert logits.shape == (30, 3)
    assert (logits.argmax(axis=1) == train.targets).all()
    restored = HogSvmClassifier._restore(
        model._arrays(),
        model._settings(),
        model.interface,
        "cpu",
    )
    np.testing.assert_array_equal(restored._logits(train.images), logits)
    one_by_one = np.concatenate([model._logits(image[None]) for image in train.images])
    np.testing.assert_allclose(one_by_one, logits, atol=1e-4)
    if mirror:
        np.testing.assert_allclose(model._logits(train.images[:, :, ::-1]), logits, atol=1e-4)


def test_saving_and_loading_changes_no_answer(tmp_path: Path) -> None:
    train = stripes(30)
    model = fitted(train)
    model.save(tmp_path / "weights")
    loaded = HogSvmClassifier.load(tmp_path / "weights")
    np.testing.assert_array_equal(loaded._logits(train.images), model._logits(train.images))


def test_validation_picks_and_the_choice_is_on_record() -> None:
    model = fitted(stripes(30), stripes(30, seed=1), gamma=(1.0, 2.0), C=(1.0, 10.0))
    choices = model._settings()["choices"]
    assert choices["gamma"] in (1.0, 2.0)
    assert set(choices["validation_accuracy"]) == {"1", "10"}
    unpicked = fitted(stripes(30), gamma=(1.0, 2.0), C=(10.0, 1.0))
    assert unpicked.choices == {"gamma": 1.0, "C": 10.0, "validation_accuracy": {}}


def test_the_same_seed_gives_the_same_model() -> None:
    first, second = fitted(stripes(30)), fitted(stripes(30))
    for name, array in first._arrays().items():
        np.testing.assert_array_equal(second._arrays()[name], array)


def test_images_smaller_than_two_cells_are_refused() -> None:
    with pytest.raises(InputError, match="2 x 2 cells of 16 pixels; the images are 28 x 28"):
        fitted(stripes(6), cells=(16,))
    with pytest.raises(InputError, match="gamma is a tuple"):
        fitted(stripes(6), gamma=())
