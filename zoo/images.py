"""Reading images from whatever people have, with the same care everywhere."""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from zoo.errors import InputError

MAX_PIXELS = 64_000_000  # beyond any classifier's need; decoded RGB is then at most 192 MB
MIN_SIDE = 4
# Not everything that Pillow knows: some formats (EPS) are programs, run by another program.
FORMATS = (
    "BMP",
    "GIF",
    "ICO",
    "JPEG",
    "JPEG2000",
    "PCX",
    "PNG",
    "PPM",
    "TGA",
    "TIFF",
    "WEBP",
)

_EXPECTED = "a path, bytes, a PIL image, or a NumPy array (HxW or HxWx3; uint8 or float in 0..1)"


def read_image(x: Any) -> Image.Image:
    """Decode one image to mode "L" (grey) or "RGB", upright, 8 bits a channel.

    x: a path, the bytes of an image file, a PIL image, or an array [H, W], [H, W, 1] or
    [H, W, 3] of uint8 in 0..255 or of floats in 0..1. EXIF orientation is applied, transparent
    pixels are laid over white, 16-bit grey is scaled to 8, of several frames the first counts.

    Raises InputError if x is anything else, is broken, or has under 4 pixels a side or over
    64 million in all.
    """
    if isinstance(x, np.ndarray):
        return Image.fromarray(_eight_bits(x))
    if isinstance(x, Image.Image):
        with _sentences("the given PIL image"):  # whose file is read only now
            return _flat(_checked_size(x), "the given PIL image")
    if isinstance(x, (str, os.PathLike)):
        path = Path(x)
        with _sentences(repr(str(path))):
            if not path.is_file():
                kind = "is a folder" if path.is_dir() else "does not exist"
                raise InputError(f"The image file {str(path)!r} {kind}.")
        return _decode(path, repr(str(path)))
    if isinstance(x, (bytes, bytearray, memoryview)):
        content = bytes(x)
        return _decode(io.BytesIO(content), f"the given {len(content):,} bytes")
    if isinstance(x, (list, tuple)):
        raise InputError(
            f"predict takes one image, but a {type(x).__name__} of {len(x)} came; "
            "use predict_batch for several."
        )
    raise InputError(f"An image is {_EXPECTED}; one of type {type(x).__name__} came.")


def image_array(x: Any, size: tuple[int, int], mode: str) -> NDArray[np.uint8]:
    """Read x and bring it to [height, width, channels] uint8.

    mode: "L" for one channel, "RGB" for three. Another size is resampled (bilinear over the
    source area, so that reduction does not alias) without keeping the aspect ratio.
    """
    image = read_image(x)
    if image.mode != mode:
        image = image.convert(mode)
    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels: NDArray[np.uint8] = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _checked_size(image: Image.Image) -> Image.Image:
    _check_size(image.height, image.width)
    return image


def _check_size(height: int, width: int) -> None:
    if min(height, width) < MIN_SIDE:
        raise InputError(
            f"The image is {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed."
        )
    if height * width > MAX_PIXELS:
        raise InputError(
            f"The image is {width:,}x{height:,} pixels; at most {MAX_PIXELS:,} in all are read, "
            "so scale it down first."
        )


def _eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    array = np.asarray(array)  # a masked array would hide its masked pixels from the checks
    shape = "x".join(map(str, array.shape)) or "()"
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise InputError(f"An image array is HxW or HxWx3; one of shape {shape} came.")
    _check_size(array.shape[0], array.shape[1])
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(
            f"An image array is uint8 (0..255) or float (0..1); one of {array.dtype} came, "
            "whose range would be a guess: scale it to one of these first."
        )
    low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError("The image array has pixels that are NaN or infinite.")
    if low < 0 or high > 1:
        raise InputError(f"A float image array has values in 0..1; one with {low}..{high} came.")
    levels: NDArray[np.uint8] = np.rint(array * 255).astype(np.uint8)
    return levels


def _decode(file: Path | io.BytesIO, what: str) -> Image.Image:
    with _sentences(what), warnings.catch_warnings():
        # Our own limit is stricter than the size at which Pillow begins to warn.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(file, formats=FORMATS) as image:
            _checked_size(image)
            return _flat(image, what)


@contextmanager
def _sentences(what: str) -> Iterator[None]:
    """Turn whatever goes wrong while `what` is read into an InputError."""
    try:
        yield
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise InputError(
            f"The image in {what} has more than {MAX_PIXELS:,} pixels; scale it down first."
        ) from None
    except Exception as error:  # Pillow's decoders raise nearly every type on broken files
        reason = str(error).partition("\n")[0] or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "it is in no image format that is known"
        raise InputError(f"No image can be read from {what}: {reason}.") from error


def _flat(image: Image.Image, what: str) -> Image.Image:
    """Upright, without transparency, in mode L or RGB."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("L", "RGB"):
        image.load()
        # A transparent colour may be declared beside the pixels (PNG tRNS).
        if "transparency" not in image.info:
            return image
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise InputError(
                f"The grey values in {what} exceed 16 bits, so their range is a guess."
            )
        # One value may be declared transparent here too, and white is what lies under it.
        values = np.where(values == image.info.get("transparency", -1), 65535, values)
        return Image.fromarray(np.rint(values / 257.0).astype(np.uint8))
    if image.mode == "F":
        raise InputError(
            f"The pixels in {what} are 32-bit floats of unknown range; "
            "give a NumPy array with values in 0..1 instead."
        )
    if image.mode == "1" and "transparency" not in image.info:
        return image.convert("L")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")
