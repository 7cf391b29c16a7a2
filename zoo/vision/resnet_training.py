"""Training of small image networks: augmentation, optimisation, weight averaging, checkpoints.

Every random choice of an epoch comes from (seed, epoch) alone, so that a run that was interrupted
and resumed ends with the same weights as one that was not.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zoo.errors import InputError
from zoo.precision import autocast, check_precision
from zoo.progress import Progress
from zoo.resume import Checkpoint

CHECKPOINT = "checkpoint.safetensors"

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How to train; every field can be stored as JSON.

    learning_rate: at its peak, for the mean loss of a batch; it rises linearly from a fifth of
        that over the first `warmup` of all steps, then falls linearly to 0.
    restart_epochs: if not 0, so many epochs follow in which it rises and falls once more (a warm
        restart: Loshchilov & Hutter, arXiv:1608.03983), to `restart_rate` of its first peak.
    bias_factor: by how much biases learn faster than weights (Page 2018).
    weight_decay: the learning rate times this is the share of each weight that a step takes away.
    averaging_epochs: time constant of the exponential moving average of the weights.
    precision: of the forward and backward computation, "float32" or "bfloat16".
    mirror: whether images are mirrored every second epoch (arXiv:2404.00498, section 3.6).
    translation: largest shift in whole pixels, the image reflected at its border.
    cutout: a square replaced by the mean (DeVries & Taylor, arXiv:1708.04552): all pixels nearer
        to its centre than half of this, in each direction.
    cutmix: the share of batches in which a rectangle of each image comes from another one, and
        the target is mixed in proportion to the areas (Yun et al., arXiv:1905.04899).
    colour: largest relative change of contrast, brightness (in deviations) and saturation.
    rotation, shear, scale: largest angle (degrees), shear and relative change of size.
    elastic: root mean square displacement in pixels of a smooth random distortion (Simard,
        Steinkraus & Platt, ICDAR 2003).
    """

    epochs: int = 40
    batch_size: int = 256
    learning_rate: float = 0.4
    warmup: float = 0.2
    restart_epochs: int = 0
    restart_rate: float = 0.5
    momentum: float = 0.9
    bias_factor: float = 16.0
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    averaging_epochs: float = 1.0
    precision: str = "float32"
    mirror: bool = False
    translation: int = 2
    cutout: int = 0
    cutmix: float = 0.0
    colour: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    elastic: float = 0.0

    def __post_init__(self) -> None:
        check_precision(self.precision)
        if self.epochs < 1 or self.batch_size < 2:
            raise InputError("Training takes at least 1 epoch and batches of at least 2 images.")
        if self.restart_epochs < 0 or not self.restart_rate > 0:
            raise InputError(
                "restart_epochs is 0 or more and restart_rate a positive share; "
                f"{self.restart_epochs!r} and {self.restart_rate!r} came."
            )
        if not (0 <= self.cutmix <= 1 and 0 <= self.colour < 1):
            raise InputError(
                "cutmix is a share from 0 to 1 and colour a change from 0 to less than 1; "
                f"{self.cutmix!r} and {self.colour!r} came."
            )

    @property
    def all_epochs(self) -> int:
        """Those of the restart included."""
        return self.epochs + self.restart_epochs

    def rate(self, epoch: float) -> float:
        """The learning rate when `epoch` epochs, parts of them included, are done."""
        peak, progress = self.learning_rate, epoch / self.epochs
        if epoch >= self.epochs and self.restart_epochs:
            peak *= self.restart_rate
            progress = (epoch - self.epochs) / self.restart_epochs
        if progress < self.warmup:
            return peak * (0.2 + 0.8 * progress / self.warmup)
        return peak * (1 - progress) / (1 - self.warmup)


def random_generator(seed: int, *stream: int) -> torch.Generator:
    """A generator of its own for each `stream` of the seed, e.g. an epoch."""
    state = np.random.SeedSequence(entropy=seed, spawn_key=stream).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) >> 1)


def augment(
    images: Tensor, mirrored: Tensor, fill: Tensor, schedule: Schedule, generator: torch.Generator
) -> Tensor:
    """Vary a batch: uint8 [B, H, W, C] -> float pixel values [B, C, H, W], channels last in memory.

    mirrored: bool [B]; fill: [C, 1, 1], what a cutout leaves.
    """
    batch, height, width, _ = images.shape
    reach = schedule.translation
    shifts = torch.randint(-reach, reach + 1, (2, batch, 1), generator=generator)
    rows = _reflect(torch.arange(height) + shifts[0], height)
    columns = _reflect(torch.arange(width) + shifts[1], width)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    # Shift, reflection and mirror image are one gather: [B, 1, 1], [B, H, 1], [B, 1, W].
    moved = images[torch.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]]
    pixels = moved.permute(0, 3, 1, 2).float()
    if schedule.rotation or schedule.shear or schedule.scale or schedule.elastic:
        pixels = _distort(pixels, schedule, generator)
    if schedule.colour:
        pixels = _recolour(pixels, fill, schedule.colour, generator)
    if schedule.cutout:
        inside = [
            (torch.arange(length) - torch.randint(length, (batch, 1), generator=generator)).abs()
            * 2
            < schedule.cutout
            for length in (height, width)
        ]
        hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
        pixels = torch.where(hole, fill, pixels)
    return pixels.contiguous(memory_format=torch.channels_last)


def cut_and_mix(pixels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Replace one rectangle of every image of [B, C, H, W], in place, by another image's.

    The result is the images, the index of the other image [B] and the first image's share of the
    area (Yun et al., arXiv:1905.04899, algorithm 1, with a share drawn uniformly).
    """
    batch, _, height, width = pixels.shape
    share, row, column = torch.rand(3, generator=generator).tolist()
    top, bottom, left, right = (
        round(min(max(centre + side * math.sqrt(1 - share) / 2, 0), 1) * length)
        for centre, length in ((row, height), (column, width))
        for side in (-1, 1)
    )
    other = torch.randperm(batch, generator=generator)
    pixels[:, :, top:bottom, left:right] = pixels[other, :, top:bottom, left:right]
    return pixels, other, 1 - (bottom - top) * (right - left) / (height * width)


def _recolour(pixels: Tensor, fill: Tensor, limit: float, generator: torch.Generator) -> Tensor:
    """Change the contrast, the brightness and, where there are colours, the saturation."""
    contrast, shift, saturation = (
        torch.rand(3, len(pixels), 1, 1, 1, generator=generator) * 2 - 1
    ) * limit
    grey = pixels.mean(1, keepdim=True)
    spread = (pixels - fill).std((1, 2, 3), keepdim=True)
    pixels = grey + (pixels - grey) * (1 + saturation)
    recoloured: Tensor = fill + (pixels - fill) * (1 + contrast) + shift * spread
    return recoloured


def _reflect(index: Tensor, length: int) -> Tensor:
    """Indices outside 0..length-1, mirrored at the first and last one."""
    return (length - 1 - (length - 1 - index.abs()).abs()).clamp(min=0)


def _distort(pixels: Tensor, schedule: Schedule, generator: torch.Generator) -> Tensor:
    """Rotate, shear and scale each image about its centre and bend it, by bilinear sampling."""
    batch, _, height, width = pixels.shape

    def symmetric(limit: float) -> Tensor:
        return (torch.rand(batch, generator=generator) * 2 - 1) * limit

    angle = symmetric(math.radians(schedule.rotation))
    shear = symmetric(schedule.shear)
    scale_y, scale_x = (torch.exp(symmetric(math.log1p(schedule.scale))) for _ in range(2))
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros(batch)
    # Rotation @ shear @ scale, from output to input coordinates (each -1 to 1).
    matrix = torch.stack(
        [
            torch.stack([scale_x * cos, scale_y * (shear * cos - sin), zero], 1),
            torch.stack([scale_x * sin, scale_y * (shear * sin + cos), zero], 1),
        ],
        1,
    )
    grid = functional.affine_grid(matrix, list(pixels.shape), align_corners=False)
    if schedule.elastic:
        knots = torch.randn(batch, 2, 5, 5, generator=generator)
        bend = functional.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
        pixel = torch.tensor([2 / width, 2 / height])
        grid = grid + bend.permute(0, 2, 3, 1) * schedule.elastic * pixel
    return functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


class _Trainer(Generic[Network]):
    """What changes during training: the network, its average, the optimiser and the epoch."""

    def __init__(self, network: Network, schedule: Schedule) -> None:
        self.network = network
        self.average: Network = copy.deepcopy(network).eval().requires_grad_(False)
        self.schedule = schedule
        self.epoch = 0
        self.step = 0
        learned = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
        self.names: dict[Tensor, str] = {parameter: name for name, parameter in learned}
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.names if p.ndim > 1], "factor": 1.0},
            {"params": [p for p in self.names if p.ndim == 1], "factor": schedule.bias_factor},
        ]
        for group in groups:
            # The same share of a bias decays at each step, although biases learn faster.
            group["weight_decay"] = schedule.weight_decay / group["factor"]
        self.optimiser = torch.optim.SGD(
            groups, lr=schedule.learning_rate, momentum=schedule.momentum, nesterov=True
        )

    def update(
        self, pixels: Tensor, targets: list[tuple[float, Tensor]], steps_per_epoch: int
    ) -> Tensor:
        """One step of the optimiser and of the average; the batch's mean loss, a scalar.

        targets: the classes [B] that the images show, each with its share.
        """
        schedule = self.schedule
        for group in self.optimiser.param_groups:
            rate = schedule.rate(self.step / steps_per_epoch)
            group["lr"] = rate * group["factor"]
        with autocast(pixels.device, schedule.precision, cache=True):
            logits = self.network(pixels)
        loss = torch.stack(
            [
                share
                * functional.cross_entropy(
                    logits.float(), classes, label_smoothing=schedule.label_smoothing
                )
                for share, classes in targets
            ]
        ).sum()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.step += 1
        # Early on the average forgets faster, so that it does not remember the initial weights.
        horizon = min(schedule.averaging_epochs * steps_per_epoch, self.step / 4)
        self._move_average(1 - math.exp(-1 / horizon) if horizon > 0 else 1.0)
        return loss.detach()

    @torch.no_grad()
    def _move_average(self, share: float) -> None:
        now = self.network.state_dict()
        for name, mean in self.average.state_dict().items():
            if mean.is_floating_point():  # the running statistics of normalisations, too
                mean.lerp_(now[name], share)

    def tensors(self) -> dict[str, Tensor]:
        """Everything a checkpoint needs beside the counters, by name."""
        momenta = {
            self.names[parameter]: state["momentum_buffer"]
            for parameter, state in self.optimiser.state.items()
        }
        parts = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "momentum": momenta,
        }
        return {
            f"{part}/{name}": value.contiguous()
            for part, values in parts.items()
            for name, value in values.items()
        }

    def restore(self, tensors: dict[str, Tensor], epoch: int, steps_per_epoch: int) -> None:
        """Go on after `epoch` epochs from what `tensors` gave then."""
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "average": {}, "momentum": {}}
        for key, value in tensors.items():
            part, _, name = key.partition("/")
            parts[part][name] = value
        self.network.load_state_dict(parts["network"])
        self.average.load_state_dict(parts["average"])
        for parameter, name in self.names.items():
            if name in parts["momentum"]:
                buffer = parts["momentum"][name].to(parameter.device)
                self.optimiser.state[parameter]["momentum_buffer"] = buffer
        self.epoch, self.step = epoch, epoch * steps_per_epoch


def fingerprint(
    images: NDArray[np.uint8],
    targets: NDArray[np.int64],
    schedule: Schedule,
    seed: int,
    network: nn.Module,
) -> str:
    """What a training run depends on, as hexadecimal text."""
    shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
    facts = {"schedule": asdict(schedule), "seed": seed, "shapes": shapes, "images": images.shape}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(images).data)
    digest.update(np.ascontiguousarray(targets).data)
    return digest.hexdigest()


def train(
    network: Network,
    images: NDArray[np.uint8],
    targets: NDArray[np.int64],
    schedule: Schedule,
    *,
    fill: Tensor,
    accuracy: Callable[[nn.Module], float] | None,
    seed: int,
    report: Progress,
    workspace: Path | None,
) -> Network:
    """Train `network` in place and return the average of its weights, in evaluation mode.

    images: [N, H, W, C]; targets: [N]; fill: [C, 1, 1] pixel values; accuracy: of a network on
    validation examples, logged after each epoch.
    workspace: where a checkpoint is written after each epoch and looked for at the beginning; one
    of other images, targets or options is ignored.
    """
    device = next(network.parameters()).device
    trainer = _Trainer(network, schedule)
    pixels_u8, labels = torch.from_numpy(images), torch.from_numpy(targets)
    steps = max(1, len(images) // schedule.batch_size)
    checkpoint = None
    if workspace is not None:
        run = fingerprint(images, targets, schedule, seed, network)
        checkpoint = Checkpoint(workspace / CHECKPOINT, run)
        stored = checkpoint.read()
        if stored is not None:
            tensors, counters = stored
            trainer.restore(tensors, counters["epoch"], steps)
    coin = torch.rand(len(images), generator=random_generator(seed, 0)) < 0.5
    while trainer.epoch < schedule.all_epochs:
        began = time.monotonic()
        epoch = trainer.epoch
        generator = random_generator(seed, 1, epoch)
        network.train()
        # Each image is mirrored in every second epoch; which one comes first is chance.
        mirrored = coin ^ (epoch % 2 == 1) if schedule.mirror else torch.zeros_like(coin)
        losses = []
        order = torch.randperm(len(images), generator=generator).tensor_split(steps)
        for batch in report.track(order, f"epoch {epoch + 1}/{schedule.all_epochs}"):
            pixels = augment(pixels_u8[batch], mirrored[batch], fill, schedule, generator)
            classes = labels[batch].to(device)
            shown = [(1.0, classes)]
            if schedule.cutmix and float(torch.rand(1, generator=generator)) < schedule.cutmix:
                pixels, other, share = cut_and_mix(pixels, generator)
                shown = [(share, classes), (1 - share, classes[other])]
            losses.append(trainer.update(pixels.to(device), shown, steps))
        trainer.epoch += 1
        values: dict[str, float] = {"train_loss": float(torch.stack(losses).mean())}
        if accuracy is not None:
            values["validation_accuracy"] = accuracy(trainer.average)
        if checkpoint is not None:
            checkpoint.write(trainer.tensors(), epoch=trainer.epoch)
        report.log(epoch=trainer.epoch, **values, seconds=round(time.monotonic() - began, 1))
    return trainer.average
