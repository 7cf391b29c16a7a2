"""Every kind of image that people have, to known pixels; and every broken one, to a sentence."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from zoo.errors import InputError
from zoo.images import image_array, read_image

_rng = np.random.default_rng(0)
GREY: NDArray[np.uint8] = _rng.integers(0, 256, (5, 7), dtype=np.uint8)
COLOUR: NDArray[np.uint8] = _rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(x: Any) -> NDArray[np.uint8]:
    image = read_image(x)
    assert image.mode in ("L", "RGB")
    return np.asarray(image)


def sentence(x: Any) -> str:
    """The refusal of x, which must be one sentence on one line."""
    with pytest.raises(InputError) as caught:
        read_image(x)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert not re.search(r"[a-z]\. [A-Z]", message), "more than one sentence"
    return message


# --- what is accepted -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["seven.png", "Ünï cödé 七.png", "no suffix"])
@pytest.mark.parametrize("as_path", [str, Path])
def test_path(tmp_path: Path, name: str, as_path: type) -> None:
    (tmp_path / name).write_bytes(encoded(Image.fromarray(COLOUR)))
    assert np.array_equal(pixels(as_path(tmp_path / name)), COLOUR)


def test_home_of_the_file_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.png").write_bytes(encoded(Image.fromarray(GREY)))
    monkeypatch.chdir(tmp_path)
    assert np.array_equal(pixels("x.png"), GREY)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "PPM"])
def test_bytes_of_every_lossless_format(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(Image.fromarray(COLOUR), kind, **options)
    for x in (content, bytearray(content), memoryview(content), memoryview(content * 2)[::1]):
        assert np.array_equal(pixels(x), COLOUR)


def test_a_view_with_steps_is_read_as_the_bytes_that_it_shows() -> None:
    content = encoded(Image.fromarray(COLOUR))
    spaced = bytes(byte for one in content for byte in (one, 0))
    assert np.array_equal(pixels(memoryview(spaced)[::2]), COLOUR)


def test_grey_stays_grey_and_colour_stays_colour() -> None:
    assert np.array_equal(pixels(Image.fromarray(GREY)), GREY)
    assert np.array_equal(pixels(Image.fromarray(COLOUR)), COLOUR)


def test_one_bit() -> None:
    bits = GREY > 127
    expected = np.where(bits, 255, 0)
    assert np.array_equal(pixels(Image.fromarray(bits)), expected)
    assert np.array_equal(pixels(encoded(Image.fromarray(bits))), expected)


def test_palette() -> None:
    image = Image.fromarray((GREY % 3).astype(np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50, 0, 0, 255])
    table = np.array([[10, 20, 30], [200, 100, 50], [0, 0, 255]])
    assert np.array_equal(pixels(image), table[GREY % 3])
    assert np.array_equal(pixels(encoded(image)), table[GREY % 3])
    # Entry 1 is declared wholly transparent: white shows.
    table[1] = 255
    assert np.array_equal(pixels(encoded(image, transparency=1)), table[GREY % 3])


def test_transparency_is_laid_over_white() -> None:
    alpha = np.full(GREY.shape, 255, np.uint8)
    alpha[0], alpha[1] = 0, 128
    for base in (GREY, COLOUR):
        layers = np.dstack([base, alpha])
        got = pixels(Image.fromarray(layers, "LA" if base is GREY else "RGBA"))
        colour = base if base.ndim == 3 else np.repeat(base[:, :, None], 3, axis=2)
        share = alpha[:, :, None] / 255
        expected = share * colour + (1 - share) * 255
        assert np.array_equal(got[0], np.full((7, 3), 255))
        assert np.abs(got[1] - expected[1]).max() <= 1
        assert np.array_equal(got[2:], colour[2:])


def test_a_transparent_colour_beside_the_pixels_is_honoured() -> None:
    grey = GREY.copy()
    grey[0, :3] = 77
    holes = grey == 77
    got = pixels(encoded(Image.fromarray(grey), transparency=77))
    assert np.array_equal(got, np.where(holes, 255, grey)[:, :, None].repeat(3, axis=2))
    deep = grey.astype(np.uint16) * 257
    got = pixels(encoded(Image.fromarray(deep), transparency=77 * 257))
    assert np.array_equal(got, np.where(holes, 255, grey))
    bits = GREY > 127
    got = pixels(encoded(Image.fromarray(bits), transparency=0))
    assert (got == 255).all()


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "RGBA", "RGBX", "RGBa", "LAB"])
def test_other_colour_spaces_come_back_to_rgb(mode: str) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (90, 90, 90)]
    blocks = np.array(colours, np.uint8).repeat(16, axis=0).reshape(6, 16, 3)
    image = Image.fromarray(blocks)
    if mode == "LAB":
        from PIL import ImageCms

        to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        converted = ImageCms.applyTransform(image, to_lab)
        assert converted is not None
        assert pixels(converted).shape == blocks.shape
        return
    converted = image.convert("RGBA").convert(mode) if mode == "RGBa" else image.convert(mode)
    assert converted.mode == mode
    assert np.abs(pixels(converted).astype(int) - blocks).max() <= 2


def test_sixteen_bits_of_grey_are_scaled_to_eight() -> None:
    deep = np.array([[0, 257, 128, 129], [65535, 65279, 32896, 385]] * 2, np.uint16)
    expected = np.array([[0, 1, 0, 1], [255, 254, 128, 1]] * 2)
    assert np.array_equal(pixels(Image.fromarray(deep)), expected)
    assert np.array_equal(pixels(encoded(Image.fromarray(deep))), expected)
    assert np.array_equal(pixels(Image.fromarray(deep.astype(np.int32))), expected)
    big_endian = encoded(Image.fromarray(deep.astype(">u2")), "TIFF")
    assert np.array_equal(pixels(big_endian), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f4"])
@pytest.mark.parametrize("base", [GREY, COLOUR, GREY[:, :, None]])
def test_float_arrays_of_every_width(dtype: Any, base: NDArray[np.uint8]) -> None:
    got = pixels((base / 255).astype(dtype))
    assert np.array_equal(got, base[:, :, 0] if base.shape[2:] == (1,) else base)


def test_float_levels_are_rounded_to_the_nearest() -> None:
    got = pixels(np.array([[0, 1, 0.4999 / 255, 0.5001 / 255]] * 4))
    assert got[0].tolist() == [0, 255, 0, 1]


@pytest.mark.parametrize("base", [GREY, COLOUR])
def test_array_layout_in_memory_does_not_matter(base: NDArray[np.uint8]) -> None:
    read_only = base.copy()
    read_only.setflags(write=False)
    assert np.array_equal(pixels(read_only), base)
    assert np.array_equal(pixels(np.asfortranarray(base)), base)
    assert np.array_equal(pixels(base[::-1, ::-1]), base[::-1, ::-1])
    assert np.array_equal(pixels(base.repeat(2, axis=1)[:, ::2]), base)


def test_the_given_picture_is_neither_changed_nor_shared() -> None:
    array, image = COLOUR.copy(), Image.fromarray(COLOUR)
    for read in (read_image(array), read_image(image)):
        read.paste((0, 0, 0), (0, 0, 7, 5))
    assert np.array_equal(array, COLOUR)
    assert np.array_equal(np.asarray(image), COLOUR)


_UPRIGHT = {  # EXIF orientation -> what shows the stored picture as it was taken
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    for stored in (GREY, COLOUR, GREY.astype(np.uint16) * 257):
        expected = _UPRIGHT[orientation](stored)
        if stored.dtype == np.uint16:
            expected = expected // 257
        content = encoded(Image.fromarray(stored), exif=exif)
        assert np.array_equal(pixels(content), expected)
        assert np.array_equal(pixels(Image.open(io.BytesIO(content))), expected)


def test_an_orientation_that_does_not_exist_is_passed_over() -> None:
    exif = Image.Exif()
    exif[0x0112] = 9
    assert np.array_equal(pixels(encoded(Image.fromarray(COLOUR), exif=exif)), COLOUR)
    assert pixels(encoded(Image.fromarray(COLOUR), "JPEG", exif=b"Exif\0\0junk")).shape == (5, 7, 3)


def test_of_several_frames_the_first_counts() -> None:
    frames = [Image.new("L", (7, 5), level) for level in (10, 200, 90)]
    for kind in ("GIF", "TIFF"):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert (pixels(content) == 10).all()


def test_image_array_brings_to_size_and_mode() -> None:
    for size, mode in (((28, 28), "L"), ((9, 4), "RGB")):
        for x in (GREY, COLOUR):
            got = image_array(x, size, mode)
            assert got.shape == (*size, 1 if mode == "L" else 3)
            assert got.dtype == np.uint8
    assert np.array_equal(image_array(GREY, (5, 7), "L")[:, :, 0], GREY)
    assert np.array_equal(image_array(GREY, (5, 7), "RGB"), GREY[:, :, None].repeat(3, axis=2))
    # ITU-R 601 luma, to which Pillow converts.
    luma = COLOUR @ np.array([0.299, 0.587, 0.114])
    assert np.abs(image_array(COLOUR, (5, 7), "L")[:, :, 0] - luma).max() <= 1


def test_reduction_averages_instead_of_picking() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(image_array(board, (8, 8), "L").astype(int) - 127).max() <= 3


# --- what is refused ------------------------------------------------------------------------------


def test_a_file_that_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "liar.png"
    path.write_text("I am a text.\n" * 40)
    message = sentence(path)
    assert repr(str(path)) in message
    assert "no image format that is known" in message


def test_a_missing_file_a_folder_and_an_empty_file(tmp_path: Path) -> None:
    assert "does not exist" in sentence(tmp_path / "nowhere.png")
    assert "'no-such.png' does not exist" in sentence("no-such.png")
    assert "is a folder" in sentence(tmp_path)
    (tmp_path / "empty.png").touch()
    assert "empty.png" in sentence(tmp_path / "empty.png")
    assert "0 bytes" in sentence(b"")


def test_a_name_that_no_file_can_have() -> None:
    assert sentence("a" * 5000).startswith("No image can be read from 'aaa")
    assert "does not exist" in sentence("null\0byte.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_truncated_file(tmp_path: Path, kind: str) -> None:
    noise = _rng.integers(0, 256, (99, 99, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    half = content[: len(content) // 2]
    assert f"the given {len(half):,} bytes" in sentence(half)
    (tmp_path / "half").write_bytes(half)
    assert "half" in sentence(tmp_path / "half")


def test_a_damaged_png() -> None:
    content = bytearray(encoded(Image.fromarray(_rng.integers(0, 256, (99, 99), dtype=np.uint8))))
    content[500] ^= 255
    assert "No image can be read" in sentence(bytes(content))


def test_a_pil_image_whose_file_turns_out_broken_or_closed() -> None:
    noise = Image.fromarray(_rng.integers(0, 256, (99, 99), dtype=np.uint8))
    content = encoded(noise)
    assert "the given PIL image" in sentence(Image.open(io.BytesIO(content[: len(content) // 2])))
    closed = Image.open(io.BytesIO(content))
    closed.close()
    assert "the given PIL image" in sentence(closed)


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (np.array(0.5), "()"),
        (np.zeros(9, np.uint8), "9"),
        (np.zeros((1, 8, 8, 3), np.uint8), "1x8x8x3"),
        (np.zeros((3, 8, 8), np.uint8), "3x8x8"),
        (np.zeros((8, 8, 2), np.uint8), "8x8x2"),
        (np.zeros((8, 8, 4), np.uint8), "8x8x4"),
        (np.zeros((8, 8, 0), np.uint8), "8x8x0"),
    ],
)
def test_arrays_of_another_shape(array: NDArray[Any], shape: str) -> None:
    assert sentence(array) == f"An image array is HxW or HxWx3; one of shape {shape} came."


@pytest.mark.parametrize(
    "dtype", ["int64", "int8", "uint16", "bool", "complex128", "object", "U1", "M8[s]"]
)
def test_arrays_whose_range_would_be_a_guess(dtype: str) -> None:
    message = sentence(np.zeros((8, 8), dtype))
    assert "uint8 (0..255) or float (0..1)" in message
    assert f"one of {np.dtype(dtype)} came" in message


def test_floats_outside_0_to_1() -> None:
    assert "0..1; one with 0.0..255.0 came" in sentence(np.array([[0.0, 255.0] * 2] * 4))
    assert "one with -0.5..0.5 came" in sentence(np.array([[-0.5, 0.5] * 2] * 4, np.float32))
    assert "1.0000001" in sentence(np.full((8, 8), 1 + 1e-7))
    assert "0..1" in sentence(np.full((8, 8), 1.7e308))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_pixel_that_is_no_number(value: float) -> None:
    array = np.full((8, 8), 0.5, np.float32)
    array[3, 4] = value
    assert "NaN or infinite" in sentence(array)
    assert "NaN or infinite" in sentence(np.ma.masked_invalid(array))


def test_too_small() -> None:
    for x in (np.zeros((1, 1), np.uint8), Image.new("L", (1, 1)), encoded(Image.new("L", (1, 1)))):
        assert sentence(x) == "The image is 1x1 pixels; at least 4x4 are needed."
    assert "5x0 pixels" in sentence(np.zeros((0, 5), np.uint8))
    assert "3x99 pixels" in sentence(np.zeros((99, 3)))
    assert pixels(np.zeros((4, 4), np.uint8)).shape == (4, 4)


def _png_of_size(width: int, height: int) -> bytes:
    """A PNG that only claims to be large: a header and no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")]
    )


@pytest.mark.parametrize("side", [8_001, 12_000, 20_000, 60_000])
def test_a_file_too_large_is_refused_before_it_is_decoded(
    side: int, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    (tmp_path / "bomb.png").write_bytes(_png_of_size(side, side))
    assert "64,000,000" in sentence(tmp_path / "bomb.png")
    assert not recwarn.list


def test_a_large_array_or_pil_image_is_refused_without_a_copy() -> None:
    for value in (np.uint8(0), np.float64(0.5)):
        assert "20,000x20,000 pixels" in sentence(np.broadcast_to(value, (20_000, 20_000)))
    assert "9,000x8,000 pixels" in sentence(Image.new("1", (9_000, 8_000)))


def test_images_of_unknown_range() -> None:
    message = sentence(Image.fromarray(GREY.astype(np.float32)))
    assert "32-bit floats" in message
    assert "0..1" in message
    for values in (GREY.astype(np.int32) - 300, GREY.astype(np.int32) + 65_536):
        assert "exceed 16 bits" in sentence(Image.fromarray(values))


@pytest.mark.parametrize("x", [None, 7, 1.5, {}, {1}, np.uint8(3), io.BytesIO(b"x"), object()])
def test_anything_else(x: Any) -> None:
    message = sentence(x)
    assert "a path, bytes, a PIL image, or a NumPy array" in message
    assert message.endswith(f"; one of type {type(x).__name__} came.")


def test_several_images_are_sent_to_predict_batch() -> None:
    assert "a list of 2 came; use predict_batch" in sentence([GREY, GREY])
    assert "a tuple of 0 came" in sentence(())


def test_a_picture_that_is_a_program_is_not_run() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 30 30\nshowpage\n"
    with pytest.raises(InputError, match="in no image format that is known"):
        read_image(postscript)
