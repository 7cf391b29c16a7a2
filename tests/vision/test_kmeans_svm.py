from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.test_hog_svm import LABELS, stripes
from zoo.errors import InputError
from zoo.progress import Progress
from zoo.vision.classifier import Arrays, Interface
from zoo.vision.kmeans_svm import KMeansSvmClassifier
from zoo.vision.patch_codes import (
    Encoder,
    normalised,
    patches_of,
    pooling_matrix,
    sample_patches,
    spherical_kmeans,
    zca_whitening,
)


def interface_of(train: Arrays) -> Interface:
    _, height, width, channels = train.images.shape
    return Interface((height, width), "L" if channels == 1 else "RGB", LABELS)


def fitted(train: Arrays, validation: Arrays | None = None, **options: Any) -> KMeansSvmClassifier:
    return KMeansSvmClassifier._train(
        train,
        validation,
        interface_of(train),
        seed=3,
        report=Progress(),
        workspace=None,
        **{**KMeansSvmClassifier.tiny_options(), **options},
    )


def noise(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def encoder_of(images: NDArray[np.uint8], threshold: float = 0.25, grid: int = 2) -> Encoder:
    encoder = Encoder.learned(
        images,
        atoms=24,
        side=6,
        grid=grid,
        patches=2000,
        iterations=3,
        whitening=0.1,
        rng=np.random.default_rng(0),
    )
    return encoder.with_threshold(threshold)


def test_patches_are_those_of_the_image_without_brightness_and_contrast() -> None:
    images = noise(2, 9, 8, 3)
    patches = patches_of(images, 6)
    assert patches.shape == (2, 4 * 3, 6 * 6 * 3)
    expected = np.moveaxis(images[1, 2:8, 1:7].astype(np.float64), -1, 0).ravel()
    expected = (expected - expected.mean()) / np.sqrt(expected.var() + 10)
    np.testing.assert_allclose(patches[1, 2 * 3 + 1], expected, atol=1e-5)
    flat = normalised(np.full((1, 36), 99, np.float32))
    np.testing.assert_array_equal(flat, 0)


def test_sampled_patches_are_among_all_patches() -> None:
    images = noise(3, 9, 8, 1)
    every = patches_of(images, 6).reshape(-1, 36)
    for patch in sample_patches(images, 6, 20, np.random.default_rng(0)):
        assert np.abs(every - patch).max(axis=1).min() < 1e-5


def test_whitened_patches_have_the_identity_as_covariance() -> None:
    random = np.random.default_rng(0)
    planted = random.standard_normal((5000, 8)) @ random.standard_normal((8, 8)) + 3
    planted = planted.astype(np.float32)
    mean, matrix = zca_whitening(planted, 0.0)
    white = (planted - mean) @ matrix
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(8), atol=1e-2)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-5)  # ZCA: the symmetric root


def test_kmeans_finds_planted_directions() -> None:
    random = np.random.default_rng(0)
    directions = np.eye(6)[:4]
    chosen = random.integers(4, size=3000)
    x = directions[chosen] * random.choice([-3, 3], (3000, 1))
    x = (x + 0.1 * random.standard_normal(x.shape)).astype(np.float32)
    atoms = spherical_kmeans(x, 12, 20, random)
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-5)
    assert (np.abs(atoms @ directions.T).max(axis=0) > 0.99).all()


def test_a_patch_that_equals_an_atom_activates_it_most() -> None:
    # Side 6 in images of 6 x 6: one patch, one region; the filters are normalised patches.
    images = noise(10, 6, 6, 1)
    patches = patches_of(images, 6)[:, 0]
    atoms = patches / np.linalg.norm(patches, axis=1, keepdims=True)
    encoder = Encoder(atoms.T, np.zeros(10, np.float32), 0.25, 6, 1)
    codes = encoder.encode(images)
    np.testing.assert_array_equal(codes.argmax(axis=1), np.arange(10))
    opposite = encoder.encode(255 - images)
    np.testing.assert_array_equal(opposite.argmax(axis=1), 10 + np.arange(10))


def test_the_encoding_is_the_soft_threshold_averaged_over_regions() -> None:
    images = noise(3, 12, 11, 3)
    encoder = encoder_of(images, 0.3)
    z = patches_of(images, 6).reshape(3, 7, 6, -1) @ encoder.filters - encoder.offset
    both = np.stack([np.maximum(0, z - 0.3), np.maximum(0, -z - 0.3)], axis=1)
    regions = [both[:, :, r, c] for r in (slice(4), slice(4, 7)) for c in (slice(3), slice(3, 6))]
    expected = np.stack([region.mean(axis=(2, 3)) for region in regions], axis=2)
    np.testing.assert_allclose(encoder.encode(images), expected.reshape(3, -1), atol=1e-5)


def test_filters_hold_whitening_and_dictionary() -> None:
    images = noise(30, 12, 12, 3)
    encoder = encoder_of(images)
    x = sample_patches(images, 6, 2000, np.random.default_rng(0))
    mean, matrix = zca_whitening(x, 0.1)
    # Undoing the whitening leaves the dictionary: atoms of length 1.
    atoms = np.linalg.solve(matrix, encoder.filters)
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=0), 1, atol=1e-2)
    np.testing.assert_allclose(encoder.offset, mean @ encoder.filters, atol=1e-3)


def test_regions_share_the_positions_out() -> None:
    matrix = pooling_matrix(5, 7, 2)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    assert ((matrix > 0).sum(axis=0) == 1).all()


def test_a_batch_is_encoded_as_one_by_one() -> None:
    images = noise(7, 14, 14, 3)
    encoder = encoder_of(images, grid=3)
    codes = encoder.encode(images)
    assert codes.shape == (7, encoder.width)
    singly = np.concatenate([encoder.encode(image[None]) for image in images])
    np.testing.assert_allclose(singly, codes, atol=1e-5)


@pytest.mark.parametrize(("channels", "mirror"), [(1, False), (3, True)])
def test_a_few_images_are_learned_and_come_back_from_storage(channels: int, mirror: bool) -> None:
    train = stripes(30, channels)
    model = fitted(train, mirror=mirror)
    logits = model._logits(train.images)
    assert logits.shape == (30, 3)
    assert (logits.argmax(axis=1) == train.targets).all()
    restored = KMeansSvmClassifier._restore(
        model._arrays(),
        model._settings(),
        model.interface,
        "cpu",
    )
    np.testing.assert_array_equal(restored._logits(train.images), logits)
    if mirror:
        np.testing.assert_allclose(model._logits(train.images[:, :, ::-1]), logits, atol=1e-4)


def test_saving_and_loading_changes_no_answer(tmp_path: Path) -> None:
    train = stripes(30)
    model = fitted(train)
    model.save(tmp_path / "weights")
    loaded = KMeansSvmClassifier.load(tmp_path / "weights")
    np.testing.assert_array_equal(loaded._logits(train.images), model._logits(train.images))


def test_validation_picks_and_the_choice_is_on_record() -> None:
    model = fitted(stripes(30), stripes(30, seed=1), threshold=(0.25, 0.5), C=(1e-3, 1e-2))
    choices = model._settings()["choices"]
    assert choices["threshold"] == model.encoder.threshold
    assert set(choices["threshold_accuracy"]) == {"0.25", "0.5"}
    assert set(choices["validation_accuracy"]) == {"0.001", "0.01"}
    unpicked = fitted(stripes(30), threshold=(0.5, 0.25), C=(1e-2, 1e-3))
    assert unpicked.choices == {"threshold": 0.5, "C": 1e-2, "validation_accuracy": {}}


def test_the_same_seed_gives_the_same_model() -> None:
    first, second = fitted(stripes(30)), fitted(stripes(30))
    for name, array in first._arrays().items():
        np.testing.assert_array_equal(second._arrays()[name], array)


def test_what_is_impossible_is_refused() -> None:
    with pytest.raises(InputError, match="10000 atoms needs as many patches; the images have 3174"):
        fitted(stripes(6), atoms=10_000, patches=20_000)
    with pytest.raises(InputError, match="Patches of 28 pixels pooled over 2 x 2 regions"):
        fitted(stripes(6), side=28)
    with pytest.raises(InputError, match="threshold is a tuple"):
        fitted(stripes(6), threshold=())
