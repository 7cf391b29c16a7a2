"""A small residual network with a whitened first layer, for small images of either mode.

Residual learning: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016
(arXiv:1512.03385). The narrow, fast form, its whitened first layer and its recipe: Page, "How to
Train Your ResNet" (2018), and Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU"
(arXiv:2404.00498). The training loop is in `zoo.vision.resnet_training`.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zoo.errors import InputError
from zoo.precision import autocast
from zoo.progress import Progress
from zoo.vision.classifier import Arrays, ImageClassifier, Interface
from zoo.vision.resnet_training import Schedule
from zoo.vision.resnet_training import train as train_network
from zoo.weights import half

# Logits start small, so that label smoothing does not fight saturated outputs (arXiv:2404.00498).
LOGIT_SCALE = 1 / 9
STATISTICS_IMAGES = 5000
FORWARD_IMAGES = 256  # at once, all views counted: bounds the memory of a large batch


class SqueezeExcitation(nn.Module):
    """Weigh each channel by what all positions say: [B, C, H, W] -> the same shape.

    Hu, Shen & Sun, "Squeeze-and-Excitation Networks", CVPR 2018 (arXiv:1709.01507).
    reduction: by how much fewer values than C pass between the two layers.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.excite = nn.Linear(channels // reduction, channels)

    def forward(self, x: Tensor) -> Tensor:
        share = torch.sigmoid(self.excite(functional.gelu(self.squeeze(x.mean((2, 3))))))
        return x * share[:, :, None, None]


class Stage(nn.Module):
    """Convolve, halve the size, then add residual pairs: [B, I, H, W] -> [B, O, H // 2, W // 2].

    blocks: how many pairs. reduction: of the squeeze and excitation after each, 0 for none.

    The normalisations have no gain, only a bias: their scale is positive, so each can be folded
    into the convolution before it, even across the max-pooling.
    """

    def __init__(self, inputs: int, outputs: int, blocks: int, reduction: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(width, outputs, 3, padding=1, bias=False)
            for width in (inputs, *(2 * blocks * [outputs]))
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs, momentum=0.4) for _ in self.convolutions)
        for norm in self.norms:
            norm.weight.requires_grad_(False)
        self.gates = nn.ModuleList(
            SqueezeExcitation(outputs, reduction) if reduction else nn.Identity()
            for _ in range(blocks)
        )

    def forward(self, x: Tensor) -> Tensor:
        (enter, *pairs), (norm_enter, *norms) = self.convolutions, self.norms
        x = functional.gelu(norm_enter(functional.max_pool2d(enter(x), 2)))
        for i, gate in enumerate(self.gates):
            residual = functional.gelu(norms[2 * i](pairs[2 * i](x)))
            x = functional.gelu(x + gate(norms[2 * i + 1](pairs[2 * i + 1](residual))))
        return x

    def fold(self) -> None:
        """Put each normalisation's running statistics into the convolution before it."""
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            if isinstance(norm, nn.BatchNorm2d):
                # (w * x - mean) / sqrt(var + eps) + bias  =  (scale w) * x + (bias - scale mean)
                assert isinstance(convolution, nn.Conv2d)
                assert norm.running_var is not None
                assert norm.running_mean is not None
                scale = norm.weight / (norm.running_var + norm.eps).sqrt()
                convolution.weight = nn.Parameter(convolution.weight * scale[:, None, None, None])
                convolution.bias = nn.Parameter(norm.bias - scale * norm.running_mean)
                self.norms[i] = nn.Identity()


class ResidualNetwork(nn.Module):
    """Pixel values 0 to 255, float [B, C, H, W] -> logits [B, classes].

    H and W are at least patch - 1 + 2^stages.

    mean, deviation: of each channel over the training images, in pixel values.
    patch: the side of the whitened patches.
    widths: channels of each stage; each stage halves the size.
    blocks: residual pairs of each stage, one in each if empty.
    reduction: of the squeeze and excitation after each pair, 0 for none.
    """

    def __init__(
        self,
        *,
        mean: Sequence[float],
        deviation: Sequence[float],
        patch: int,
        widths: Sequence[int],
        classes: int,
        blocks: Sequence[int] = (),
        reduction: int = 0,
    ) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)
        channels = len(mean)
        self.whitening = nn.Conv2d(channels, 2 * channels * patch**2, patch, bias=False)
        self.whitening.weight.requires_grad_(False)
        self.stages = nn.Sequential()
        width = self.whitening.out_channels
        for outputs, pairs in zip(widths, blocks or len(widths) * [1], strict=True):
            self.stages.append(Stage(width, outputs, pairs, reduction))
            width = outputs
        self.head = nn.Linear(width, classes, bias=False)

    def forward(self, pixels: Tensor) -> Tensor:
        x = functional.gelu(self.whitening((pixels - self.mean) / self.deviation))
        x = self.stages(x).amax((2, 3))
        logits: Tensor = self.head(x) * LOGIT_SCALE
        return logits

    def whiten(self, images: NDArray[np.uint8]) -> None:
        """Set the first layer's filters, rounded to float16, from `images` [N, H, W, C]."""
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        filters = whitening_filters(
            (pixels - self.mean) / self.deviation, self.whitening.kernel_size[0]
        )
        self.whitening.weight.data = torch.from_numpy(half(filters.numpy()))

    def folded(self) -> Self:
        """A copy for inference, without normalisation layers."""
        network = copy.deepcopy(self).eval()
        for stage in network.stages:
            assert isinstance(stage, Stage)
            stage.fold()
        return network.requires_grad_(False)


def whitening_filters(images: Tensor, patch: int, *, offset: float = 1e-2) -> Tensor:
    """Filters whose outputs over the patches of `images` are uncorrelated and of unit variance.

    images: [N, C, H, W], normalised. The result is [2 C patch^2, C, patch, patch]: the
    eigenvectors of the patches' covariance divided by the root of their eigenvalues, largest
    first, then the same negated (the nonlinearity that follows drops negative values).
    offset: added to the eigenvalues, so that directions of hardly any variance, which in JPEG
        pictures are mostly coding noise, are not blown up to the size of the others.
    """
    channels = images.shape[1]
    patches = functional.unfold(images.double(), patch).transpose(1, 2).flatten(0, 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(torch.cov(patches.T))
    filters = (eigenvectors / torch.sqrt(eigenvalues + offset)).T.flip(0)
    return torch.cat([filters, -filters]).reshape(-1, channels, patch, patch).float()


class ResNetClassifier(ImageClassifier):
    """Image classifier on `ResidualNetwork`, averaged over mirrored and shifted views.

    mirror: whether the mirror image is a view, too.
    shift: pixels; if not 0, the image moved up-left and down-right count a quarter each and the
        image in place a half (arXiv:2404.00498, section 3.7).
    """

    devices = ("cpu", "cuda", "mps")

    def __init__(
        self,
        interface: Interface,
        network: ResidualNetwork,
        *,
        architecture: Mapping[str, Any],
        mirror: bool = False,
        shift: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(interface)
        self.architecture = dict(architecture)
        self.mirror = mirror
        self.shift = shift
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def _train(
        cls,
        train: Arrays,
        validation: Arrays | None,
        interface: Interface,
        *,
        seed: int,
        report: Progress,
        workspace: Path | None,
        device: str = "auto",
        patch: int = 2,
        widths: Sequence[int] = (64, 160, 224),
        blocks: Sequence[int] = (),
        reduction: int = 0,
        views: Mapping[str, Any] | None = None,
        **schedule: Any,
    ) -> Self:
        """Train on images [N, H, W, C] and fold the normalisations.

        patch, widths, blocks, reduction: of `ResidualNetwork`; views: "mirror" and "shift" at
        prediction; schedule: fields of `zoo.vision.resnet_training.Schedule`.
        """
        device = cls.pick_device(device)
        how = Schedule(**schedule)
        size = (train.images.shape[1], train.images.shape[2])
        smallest = patch - 1 + 2 ** len(widths)
        if min(size) < smallest:
            raise InputError(
                f"{len(widths)} stages need images of at least {smallest} pixels a side; "
                f"size={size} came."
            )
        if len(blocks) not in (0, len(widths)) or not 0 <= reduction <= min(widths):
            raise InputError(
                f"blocks has an entry for each of the {len(widths)} widths, and reduction is at "
                f"most the smallest of them; blocks={blocks}, reduction={reduction} came."
            )
        # Evenly spaced, because examples may come sorted by label.
        sample = train.images[:: -(-len(train.images) // STATISTICS_IMAGES)]
        pixels = sample.reshape(-1, sample.shape[-1])
        architecture: dict[str, Any] = {
            "mean": [round(float(value), 2) for value in pixels.mean(0)],
            "deviation": [round(max(float(value), 1.0), 2) for value in pixels.std(0)],
            "patch": patch,
            "widths": list(widths),
            "blocks": list(blocks) or len(widths) * [1],
            "reduction": reduction,
            "classes": len(interface.labels),
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ResidualNetwork(**architecture)
        network.whiten(sample)
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

        def accuracy(average: nn.Module) -> float:
            assert validation is not None
            batches = np.array_split(
                np.arange(len(validation.images)), -(-len(validation.images) // FORWARD_IMAGES)
            )
            right = 0
            with torch.inference_mode(), autocast(device, how.precision, cache=True):
                for batch in batches:
                    logits = average(_pixels(validation.images[batch], device))
                    right += int(
                        (logits.argmax(1).cpu().numpy() == validation.targets[batch]).sum()
                    )
            return right / len(validation.images)

        trained = train_network(
            network,
            train.images,
            train.targets,
            how,
            fill=network.mean.cpu(),
            accuracy=None if validation is None else accuracy,
            seed=seed,
            report=report,
            workspace=workspace,
        )
        folded = trained.folded().cpu()
        with torch.no_grad():
            for parameter in folded.parameters():
                parameter.copy_(torch.from_numpy(half(parameter.numpy())))
        return cls(
            interface,
            folded,
            architecture=architecture,
            device=device,
            **(views or {}),
        )

    @classmethod
    def fit_options(cls) -> set[str]:
        schedule = {field.name for field in dataclasses.fields(Schedule)}
        return (super().fit_options() - {"schedule"}) | schedule

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            pixels = _pixels(images, self.device)
            views, weights = self._views(pixels)
            parts = [self.network(part) for part in torch.split(views, FORWARD_IMAGES)]
            logits = torch.cat(parts).reshape(len(weights), len(images), -1)
            mean: NDArray[np.float32] = torch.tensordot(weights, logits, dims=1).cpu().numpy()
            return mean

    def _views(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, H, W] -> V views of each image [V B, C, H, W] and the views' weights [V].

        Mirrored before it is shifted, so that an image and its mirror image have the same views.
        """
        if self.mirror:
            pixels = torch.cat([pixels, pixels.flip(3)])
        weights = [1.0]
        if self.shift:
            height, width = pixels.shape[2:]
            padded = functional.pad(pixels, 4 * [self.shift], mode="reflect")
            corners = (0, 2 * self.shift)
            moved = [padded[:, :, c : c + height, c : c + width] for c in corners]
            pixels = torch.cat([pixels, *moved])
            weights = [0.5, 0.25, 0.25]
        share = torch.tensor(weights, device=pixels.device)
        if self.mirror:
            share = share.repeat_interleave(2) / 2
        return pixels, share

    def _arrays(self) -> dict[str, NDArray[np.float32]]:
        return {name: value.cpu().numpy() for name, value in self.network.state_dict().items()}

    def _settings(self) -> dict[str, Any]:
        return {
            "architecture": self.architecture,
            "mirror": self.mirror,
            "shift": self.shift,
        }

    @classmethod
    def _restore(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        settings: Mapping[str, Any],
        interface: Interface,
        device: str,
    ) -> Self:
        network = ResidualNetwork(**settings["architecture"]).folded()
        network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
        return cls(
            interface,
            network,
            architecture=settings["architecture"],
            mirror=settings["mirror"],
            shift=settings["shift"],
            device=device,
        )

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options with which some dozens of images train within a second."""
        return {"widths": [8, 16], "epochs": 12, "batch_size": 20}


def _pixels(images: NDArray[np.uint8], device: str) -> Tensor:
    """[B, H, W, C] -> float [B, C, H, W] with channels last in memory, as `images` has them."""
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float()
