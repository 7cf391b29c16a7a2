"""Image classifiers from the Hub, through transformers: ViT, ResNet, ConvNeXt and their kin."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image

from zoo import checkpoints, weights
from zoo.errors import InputError
from zoo.images import read_image
from zoo.model import Model
from zoo.predictions import Classification
from zoo.vision.catalog import IMAGE_CLASSIFIERS

_MAX_ASPECT = 100  # scaling the shorter side up to hundreds of pixels scales the longer one, too


class TransformersImageClassifier(Model):
    """Any transformers checkpoint whose architecture ends in ForImageClassification.

    The images are prepared by the checkpoint's own processor, on Pillow, so that a prediction
    does not depend on whether torchvision is installed. The labels are the checkpoint's own, in
    the order of its outputs.
    """

    task: ClassVar[str] = "image-classification"
    devices = ("cpu", "cuda", "mps")
    batch_size = 32

    def __init__(self, network: Any, processor: Any, *, device: str = "cpu") -> None:
        super().__init__()
        self.processor = processor
        self.device = device
        self.network = network.to(device).eval()
        names = network.config.id2label
        self.labels = tuple(str(names[index]) for index in range(len(names)))

    def predict(self, x: Any, **options: Any) -> Classification:
        """Classify one image: a path, bytes, a PIL image or an array (see `zoo.images`)."""
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Classification)
        return prediction

    def _prepare(self, x: Any) -> NDArray[np.float32]:
        """[channels, height, width], as the network takes it."""
        image = read_image(x)
        if max(image.size) > _MAX_ASPECT * min(image.size):
            raise InputError(
                f"The image is {image.width:,}x{image.height:,} pixels; one side may be at most "
                f"{_MAX_ASPECT} times the other."
            )
        return _pixels(self.processor, image)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        if len({pixels.shape for pixels in batch}) > 1:  # a processor that keeps the aspect ratio
            return [self._predict([pixels])[0] for pixels in batch]
        with torch.inference_mode():
            images = torch.from_numpy(np.stack(batch)).to(self.device)
            probabilities = self.network(pixel_values=images).logits.softmax(-1).tolist()
        return [Classification(self.labels, tuple(row)) for row in probabilities]

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> Self:
        """Read a transformers checkpoint folder: no network, no pickle, no code from the folder.

        Raises WeightsError, or MissingDependencyError if the architecture needs another package.
        """
        folder = Path(folder)
        checkpoints.check_folder(
            folder, IMAGE_CLASSIFIERS, kind="image classifier", inputs="images"
        )
        device = cls.pick_device(device)
        with checkpoints.loading(folder):
            config = checkpoints.read_config(folder)
            processor = transformers.AutoImageProcessor.from_pretrained(
                folder, config=config, backend="pil", **checkpoints.OFFLINE
            )
            network = checkpoints.read_network(
                transformers.AutoModelForImageClassification, folder, config
            )
            _pixels(processor, Image.new("RGB", (32, 32)))
            return cls(network, processor, device=device)

    def save(self, folder: str | Path) -> None:
        """Write a transformers checkpoint folder, whole or not at all. Raises WeightsError."""

        def fill(new: Path) -> None:
            with checkpoints.quiet():
                self.network.save_pretrained(new)
                self.processor.save_pretrained(new)

        weights.replace_folder(Path(folder), fill)


def _pixels(processor: Any, image: Image.Image) -> NDArray[np.float32]:
    pixels = processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0]
    return np.asarray(pixels, np.float32)
