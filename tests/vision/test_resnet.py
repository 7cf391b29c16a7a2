from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from zoo.errors import InputError
from zoo.progress import Progress
from zoo.vision import resnet, resnet_training
from zoo.vision.classifier import Arrays, Interface
from zoo.vision.resnet import ResidualNetwork, ResNetClassifier, whitening_filters
from zoo.vision.resnet_training import Schedule, augment, cut_and_mix, random_generator

LABELS = ("left", "right", "top")
TINY: dict[str, Any] = {"widths": [8, 16], "batch_size": 15, "epochs": 3, "translation": 1}


@pytest.fixture(autouse=True)
def one_thread(threads: Callable[[int], None]) -> None:
    threads(1)


def blobs(count: int, size: int = 20, channels: int = 1, seed: int = 0) -> Arrays:
    """Noise, brighter in the half that the label names."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 120, (count, size, size, channels))
    targets = np.arange(count) % 3
    images[targets == 0, :, : size // 2] += 100
    images[targets == 1, :, size // 2 :] += 100
    images[targets == 2, : size // 2] += 100
    return Arrays(images.astype(np.uint8), targets.astype(np.int64))


def fitted(train: Arrays, workspace: Path | None = None, **options: Any) -> ResNetClassifier:
    return ResNetClassifier._train(
        train,
        None,
        Interface(train.images.shape[1:3], "L" if train.images.shape[3] == 1 else "RGB", LABELS),
        seed=3,
        report=Progress(),
        workspace=workspace,
        device="cpu",
        **{**TINY, **options},
    )


def random_model(channels: int = 3, **options: Any) -> ResNetClassifier:
    torch.manual_seed(0)
    architecture: dict[str, Any] = {
        "mean": [120.0] * channels,
        "deviation": [60.0] * channels,
        "patch": 2,
        "widths": [8, 12],
        "classes": 3,
    }
    return ResNetClassifier(
        Interface((20, 20), "RGB", LABELS),
        ResidualNetwork(**architecture).folded(),
        architecture=architecture,
        **options,
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_overfits_a_tiny_batch(channels: int) -> None:
    train = blobs(30, channels=channels)
    model = fitted(train, epochs=20)
    assert (model._logits(train.images).argmax(1) == train.targets).all()


def test_learns_what_it_was_not_shown() -> None:
    model = fitted(blobs(120), epochs=8, precision="bfloat16", cutout=4, rotation=5, elastic=0.5)
    other = blobs(60, seed=1)
    assert (model._logits(other.images).argmax(1) == other.targets).mean() > 0.9


@pytest.mark.parametrize(("channels", "patch"), [(1, 3), (3, 2)])
def test_whitening_layer_whitens(channels: int, patch: int) -> None:
    noise = torch.randn(50, channels, 24, 24, generator=random_generator(0))
    planted = functional.avg_pool2d(noise, 2, stride=1) + 0.1 * noise[:, :, 1:, 1:]
    filters = whitening_filters(planted, patch, offset=0.0)
    outputs = functional.conv2d(planted, filters).transpose(0, 1).flatten(1)
    half = len(filters) // 2
    assert half == channels * patch**2
    assert torch.allclose(torch.cov(outputs[:half]), torch.eye(half), atol=1e-3)
    assert torch.allclose(outputs[half:], -outputs[:half], atol=1e-4)


def test_whitening_offset_holds_back_directions_without_variance() -> None:
    filters = whitening_filters(torch.zeros(2, 1, 8, 8), 3, offset=0.01)
    assert torch.allclose(filters.flatten(1).norm(dim=1), torch.tensor(10.0))


@pytest.mark.parametrize("more", [{}, {"blocks": [2, 1], "reduction": 4}], ids=["plain", "gated"])
def test_folded_network_computes_the_same(more: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = ResidualNetwork(
        mean=[100.0], deviation=[50.0], patch=3, widths=[8, 12], classes=3, **more
    ).train()
    pixels = torch.from_numpy(blobs(30).images).permute(0, 3, 1, 2).float()
    for stage in network.stages:
        for norm in stage.norms:  # type: ignore[union-attr]
            torch.nn.init.normal_(norm.bias)
    for _ in range(3):
        network(pixels)
    expected = network.eval()(pixels)
    assert torch.allclose(network.folded()(pixels), expected, atol=1e-5)


class InterruptionError(Exception):
    pass


class InterruptedReport(Progress):
    def log(self, **values: Any) -> None:
        if values["epoch"] == 2:
            raise InterruptionError


OPTIONS: dict[str, Any] = {
    "mirror": True,
    "cutout": 4,
    "rotation": 5.0,
    "shear": 0.1,
    "scale": 0.1,
    "elastic": 0.5,
    "epochs": 3,
    "restart_epochs": 1,
}


def test_resumed_equals_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = blobs(60)
    whole = fitted(train, **OPTIONS)
    with monkeypatch.context() as patched:
        patched.setitem(globals(), "Progress", InterruptedReport)
        with pytest.raises(InterruptionError):
            fitted(train, tmp_path, **OPTIONS)
    assert (tmp_path / resnet_training.CHECKPOINT).is_file()
    epochs = []
    monkeypatch.setattr(Progress, "log", lambda self, **values: epochs.append(values["epoch"]))
    resumed = fitted(train, tmp_path, **OPTIONS)
    assert epochs == [3, 4]
    for name, array in whole._arrays().items():
        assert np.array_equal(resumed._arrays()[name], array), name


@pytest.mark.parametrize("change", ["options", "images", "seed"])
def test_checkpoint_of_another_run_is_ignored(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted(blobs(60), tmp_path)
    epochs: list[int] = []
    monkeypatch.setattr(Progress, "log", lambda self, **values: epochs.append(values["epoch"]))
    if change == "options":
        fitted(blobs(60), tmp_path, learning_rate=0.1)
    elif change == "images":
        fitted(blobs(60, seed=1), tmp_path)
    else:
        monkeypatch.setattr(
            resnet,
            "train_network",
            lambda *arguments, seed, **named: resnet_training.train(*arguments, seed=9, **named),
        )
        fitted(blobs(60), tmp_path)
    assert epochs == [1, 2, 3]


@pytest.mark.parametrize(
    ("channels", "patch", "widths", "limit"),
    [(3, 2, (64, 160, 224), 2_000_000), (1, 3, (32, 64, 128), 600_000)],
)
def test_shipped_configurations_are_small(
    channels: int, patch: int, widths: tuple[int, ...], limit: int
) -> None:
    network = ResidualNetwork(
        mean=[0.0] * channels, deviation=[1.0] * channels, patch=patch, widths=widths, classes=10
    ).folded()
    assert 0.7 * limit < sum(p.numel() for p in network.parameters()) < limit


@pytest.mark.parametrize("size", [16, 28, 33])
def test_sizes(size: int) -> None:
    network = ResidualNetwork(
        mean=[0.0], deviation=[1.0], patch=3, widths=(8, 8, 8), classes=5
    ).folded()
    assert network(torch.zeros(2, 1, size, size)).shape == (2, 5)


def test_alone_as_in_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(mirror=True, shift=1)
    images = blobs(11, channels=3).images
    together = model._logits(images)
    assert together.dtype == np.float32
    alone = np.concatenate([model._logits(image[None]) for image in images])
    assert np.allclose(together, alone, atol=1e-5)
    monkeypatch.setattr(resnet, "FORWARD_IMAGES", 7)
    assert np.allclose(together, model._logits(images), atol=1e-5)


@pytest.mark.parametrize("shift", [0, 2])
def test_mirror_image_has_the_same_logits(shift: int) -> None:
    images = blobs(6, channels=3).images
    mirrored = np.ascontiguousarray(images[:, :, ::-1])
    model = random_model(mirror=True, shift=shift)
    assert np.allclose(model._logits(images), model._logits(mirrored), rtol=1e-3, atol=1e-7)
    plain = random_model(shift=shift)
    assert not np.allclose(plain._logits(images), plain._logits(mirrored), rtol=0.1)


def test_views_are_the_image_its_mirror_image_and_shifts() -> None:
    model = random_model(channels=1, mirror=True, shift=1)
    pixels = torch.arange(2.0 * 20 * 20).reshape(2, 1, 20, 20)
    views, weights = model._views(pixels)
    assert weights.tolist() == [0.25, 0.25, 0.125, 0.125, 0.125, 0.125]
    views = views.unflatten(0, (6, 2))
    assert torch.equal(views[0], pixels)
    assert torch.equal(views[1], pixels.flip(3))
    assert torch.equal(views[2][:, :, 1:, 1:], pixels[:, :, :-1, :-1])
    assert torch.equal(views[5][:, :, :-1, :-1], pixels.flip(3)[:, :, 1:, 1:])


def test_saved_and_loaded_predicts_the_same(tmp_path: Path) -> None:
    model = fitted(blobs(30), views={"mirror": True, "shift": 1})
    model.save(tmp_path / "weights")
    loaded = ResNetClassifier.load(tmp_path / "weights", device="cpu")
    images = blobs(7, seed=5).images
    assert np.array_equal(loaded._logits(images), model._logits(images))
    assert (loaded.mirror, loaded.shift) == (True, 1)


PLAIN = Schedule(translation=0)


def varied(images: NDArray[np.uint8], schedule: Schedule, mirrored: bool = False) -> torch.Tensor:
    return augment(
        torch.from_numpy(images),
        torch.full((len(images),), mirrored),
        torch.full((images.shape[3], 1, 1), 77.0),
        schedule,
        random_generator(1),
    )


def test_augmentation_without_options_changes_nothing() -> None:
    images = blobs(5, channels=3).images
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    assert torch.equal(varied(images, PLAIN), pixels)
    assert torch.equal(varied(images, PLAIN, mirrored=True), pixels.flip(3))


def test_translation_reflects_at_the_border() -> None:
    images = blobs(40).images
    padded = np.pad(images[..., 0], ((0, 0), (2, 2), (2, 2)), mode="reflect")
    moved = varied(images, replace(PLAIN, translation=2))[:, 0].numpy()
    windows = np.lib.stride_tricks.sliding_window_view(padded, (20, 20), axis=(1, 2))
    matches = (windows == moved[:, None, None]).all((3, 4))
    assert (matches.sum((1, 2)) == 1).all()
    assert matches.any(0).sum() > 15  # of 25 places


def test_cutout_leaves_one_square() -> None:
    images = np.zeros((50, 20, 20, 1), np.uint8)
    holes = varied(images, replace(PLAIN, cutout=5))[:, 0] == 77
    assert holes.flatten(1).sum(1).max() == 25
    assert holes.any(1).sum(1).min() >= 3  # cut off at the border at most by half


@pytest.mark.parametrize("seed", range(8))
def test_cut_and_mix_tells_the_share_of_each_image(seed: int) -> None:
    plain = torch.arange(6.0)[:, None, None, None].expand(6, 2, 20, 10).contiguous()
    mixed, other, share = cut_and_mix(plain.clone(), random_generator(seed))
    kept = mixed == plain
    came = mixed == other.float()[:, None, None, None]
    assert bool((kept | came).all())
    moved = other != torch.arange(6)
    area = kept[moved].float().mean((1, 2, 3))
    assert torch.allclose(area, torch.tensor(share), atol=1e-6)


def test_cut_and_mix_takes_little_and_much() -> None:
    shares = [cut_and_mix(torch.zeros(2, 1, 20, 20), random_generator(s))[2] for s in range(200)]
    assert min(shares) < 0.2
    assert max(shares) > 0.95
    assert 0.4 < float(np.mean(shares)) < 0.8  # more is kept where the border cuts the box off


def test_recolouring_changes_contrast_brightness_and_saturation_within_limits() -> None:
    images = blobs(300, channels=3).images
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    changed = varied(images, replace(PLAIN, colour=0.2))
    contrast = changed.mean(1).std((1, 2)) / pixels.mean(1).std((1, 2))
    assert 0.79 < float(contrast.min()) < 0.85
    assert 1.15 < float(contrast.max()) < 1.21
    saturation = (changed - changed.mean(1, keepdim=True)).std((1, 2, 3)) / contrast
    saturation /= (pixels - pixels.mean(1, keepdim=True)).std((1, 2, 3))
    assert 0.79 < float(saturation.min()) < 0.85
    assert 1.15 < float(saturation.max()) < 1.21
    assert float((changed.mean((1, 2, 3)) - pixels.mean((1, 2, 3))).std()) > 3


def test_recolouring_leaves_a_grey_picture_grey() -> None:
    grey = np.repeat(blobs(20).images, 3, axis=3)
    changed = varied(grey, replace(PLAIN, colour=0.3))
    assert torch.allclose(changed[:, 0], changed[:, 2], atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_mixed_and_recoloured_images_teach_too(channels: int) -> None:
    train = blobs(45, channels=channels)
    model = fitted(train, epochs=40, cutmix=0.5, colour=0.2, blocks=[2, 1], reduction=4)
    right = model._logits(train.images).argmax(1) == train.targets
    assert right.mean() > 0.9


def test_distortion_keeps_the_middle_in_the_middle() -> None:
    images = np.zeros((200, 21, 21, 1), np.uint8)
    images[:, 8:13, 8:13] = 200
    schedule = replace(PLAIN, rotation=20, shear=0.2, scale=0.2)
    moved = varied(images, schedule)[:, 0]
    place = torch.arange(21.0)
    mass = moved.sum((1, 2))
    assert torch.allclose((moved.sum(1) * place).sum(1) / mass, torch.tensor(10.0), atol=1e-2)
    assert 0.9 < float(mass.mean()) / (25 * 200) < 1.15
    assert float(moved.std(0).max()) > 20


def test_elastic_distortion_has_the_stated_strength() -> None:
    ramp = np.broadcast_to(np.arange(28, dtype=np.uint8)[:, None], (300, 28, 28))[..., None]
    moved = varied(np.ascontiguousarray(ramp) * 5, replace(PLAIN, elastic=0.8))[:, 0]
    offset = moved[:, 10:18, 10:18] / 5 - torch.arange(10.0, 18.0)[:, None]
    assert 0.3 < float(offset.square().mean().sqrt()) < 1.0


def test_learning_rate_rises_and_falls() -> None:
    schedule = Schedule(epochs=8, learning_rate=1.0, warmup=0.25)
    expected = {0: 0.2, 1: 0.6, 2: 1.0, 5: 0.5, 8: 0.0}
    assert {epoch: schedule.rate(epoch) for epoch in expected} == pytest.approx(expected)


def test_learning_rate_rises_and_falls_again_after_a_restart() -> None:
    schedule = Schedule(
        epochs=8, restart_epochs=4, learning_rate=1.0, restart_rate=0.5, warmup=0.25
    )
    assert schedule.all_epochs == 12
    expected = {5: 0.5, 8: 0.1, 8.5: 0.3, 9: 0.5, 10.5: 0.25, 12: 0.0}
    assert {epoch: schedule.rate(epoch) for epoch in expected} == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [{"blocks": [1]}, {"blocks": [1, 1, 1]}, {"reduction": 9}])
def test_impossible_networks_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="came"):
        fitted(blobs(15), **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"precision": "float16"},
        {"epochs": 0},
        {"batch_size": 1},
        {"cutmix": 1.5},
        {"colour": float("nan")},
        {"restart_epochs": -1},
        {"restart_epochs": 2, "restart_rate": 0.0},
    ],
)
def test_impossible_schedules_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"came|takes"):
        Schedule(**wrong)
