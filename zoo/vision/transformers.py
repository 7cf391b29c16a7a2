"""Image classifiers from the Hub, through transformers: ViT, ResNet, ConvNeXt and their kin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from transformers.utils import logging as transformers_logging

from zoo import weights
from zoo.errors import InputError, MissingDependencyError, WeightsError
from zoo.images import read_image
from zoo.model import Model
from zoo.predictions import Classification

_ARCHITECTURE = "ForImageClassification"
_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
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
        _check_files(folder)
        device = cls.pick_device(device)
        offline = {"local_files_only": True, "trust_remote_code": False}
        try:
            with _quiet():
                config = transformers.AutoConfig.from_pretrained(folder, **offline)
                # A config may name a compiled attention kernel on the Hub: that would be its code.
                config._attn_implementation = None
                processor = transformers.AutoImageProcessor.from_pretrained(
                    folder, config=config, backend="pil", **offline
                )
                network, report = transformers.AutoModelForImageClassification.from_pretrained(
                    folder,
                    config=config,
                    dtype=torch.float32,
                    use_safetensors=True,
                    output_loading_info=True,
                    **offline,
                )
                _pixels(processor, Image.new("RGB", (32, 32)))
                model = cls(network, processor, device=device)
        except ImportError as error:
            raise MissingDependencyError(
                f"{str(folder)!r} needs a package that is not installed: {_reason(error)}."
            ) from error
        except Exception as error:  # transformers raises nearly every type on broken folders
            raise WeightsError(
                f"{str(folder)!r} cannot be loaded: {type(error).__name__}: {_reason(error)}."
            ) from error
        lacking = sorted(report["missing_keys"])
        if lacking:  # transformers would go on with random numbers in their place
            raise WeightsError(
                f"{str(folder)!r} lacks {len(lacking)} of the arrays that {type(network).__name__} "
                f"needs, among them {lacking[0]}."
            )
        return model

    def save(self, folder: str | Path) -> None:
        """Write a transformers checkpoint folder, whole or not at all. Raises WeightsError."""

        def fill(new: Path) -> None:
            with _quiet():
                self.network.save_pretrained(new)
                self.processor.save_pretrained(new)

        weights.replace_folder(Path(folder), fill)


def _check_files(folder: Path) -> None:
    """What can be told without transformers, which answers in paragraphs."""
    config = weights.read_config(folder)
    architectures = config.get("architectures")
    if not isinstance(architectures, list) or not any(
        str(name).endswith(_ARCHITECTURE) for name in architectures
    ):
        raise WeightsError(
            f"{str(folder)!r} holds no image classifier: its architectures are {architectures}."
        )
    if config.get("quantization_config") is not None:
        raise WeightsError(f"{str(folder)!r} is quantised; only float weights are loaded.")
    if not any((folder / name).is_file() for name in _PROCESSOR_FILES):
        raise WeightsError(
            f"{str(folder)!r} has no {_PROCESSOR_FILES[0]}, so nobody knows how its images are "
            "to be prepared."
        )
    if not any(folder.glob("*.safetensors")):
        raise WeightsError(
            f"{str(folder)!r} has no safetensors weights; other formats can run code and are "
            "not loaded."
        )


def _pixels(processor: Any, image: Image.Image) -> NDArray[np.float32]:
    pixels = processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0]
    return np.asarray(pixels, np.float32)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else "no reason given"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bars and warnings of transformers: what matters becomes an error."""
    verbosity = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
