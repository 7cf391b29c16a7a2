"""Reading sound from whatever people have, with the same care everywhere."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.errors import InputError

MAX_SECONDS = 3600
MIN_RATE, MAX_RATE = 4_000, 384_000  # Hz; below, no speech is left
MAX_CHANNELS = 32
# Float samples may exceed full scale by some headroom; far beyond it they are integers as floats.
_LOUDEST = 16.0
_BLOCK = 1 << 20  # frames that are decoded at once, so that channels are never all in memory

_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)

_EXPECTED = (
    "a path, the bytes of a sound file, an open file, a zoo.audio.Audio, or an array with its rate "
    "as (samples, rate)"
)
_SCALES: Mapping[str, tuple[float, float]] = {  # (what silence is, full scale)
    "uint8": (128.0, 128.0),
    "int8": (0.0, 128.0),
    "int16": (0.0, 32768.0),
    "int32": (0.0, 2147483648.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """One channel of sound.

    samples: [N] float32, full scale being -1..1. rate: samples a second, in Hz.

    An array of integers, of another float type, or of several channels is brought to that.
    Raises InputError if it is empty, too long, not finite or not sound.
    """

    samples: NDArray[np.float32]
    rate: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", checked_rate(self.rate))
        object.__setattr__(self, "samples", _mono(self.samples, self.rate))

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    def at(self, rate: int) -> Audio:
        """The same sound at another rate, band-limited (the SoX resampler, high quality)."""
        rate = checked_rate(rate)
        if rate == self.rate:
            return self
        import soxr

        return Audio(soxr.resample(self.samples, self.rate, rate, quality="HQ"), rate)

    def __repr__(self) -> str:
        return f"Audio({self.seconds:.2f} s at {self.rate:,} Hz)"


def packed(audio: Audio) -> str:
    """As text that a JSON file can hold: MP3 of variable bit rate, at 16 kHz some 5 kB a second.

    It sounds like the original; its samples, and at odd rates their rate, are not the same.
    """
    import soundfile

    rate = min((one for one in _MP3_RATES if one >= audio.rate), default=_MP3_RATES[-1])
    content = io.BytesIO()
    soundfile.write(
        content,
        audio.at(rate).samples.clip(-1, 1),
        rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=0.7,
        bitrate_mode="VARIABLE",
    )
    return base64.b64encode(content.getvalue()).decode("ascii")


def unpacked(text: str) -> Audio:
    """What `packed` packed. Raises InputError if it is something else."""
    try:
        content = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise InputError("Packed sound is base64; something else came.") from None
    return read_audio(content)


def read_audio(x: Any, rate: int | None = None) -> Audio:
    """Decode one piece of sound, mix its channels down to their mean, and resample it.

    x: a path, the bytes of a sound file or an open binary file, in any format that libsndfile
        reads; an `Audio`; or an array with its rate, as (samples, rate), (rate, samples) or
        {"array": samples, "sampling_rate": rate}. An array is [N], [N, channels] or [channels, N]
        of floats in -1..1 or of 8-, 16- or 32-bit integers.
    rate: in Hz; None leaves it as it is.

    Raises InputError if x is anything else, broken, empty, not finite, or over an hour long.
    """
    audio = _read(x)
    return audio if rate is None else audio.at(rate)


def sound_fingerprint(x: Any) -> bytes:
    """A digest of a sound's content, the same for every encoding that keeps its samples."""
    audio = read_audio(x)
    # To 16 bits, so that a recording is the same in WAV, in FLAC and as an array of floats.
    samples = np.clip(np.rint(audio.samples * 32768.0), -32768, 32767).astype("<i2")
    digest = hashlib.sha256(f"{audio.rate} Hz ".encode())
    digest.update(samples.tobytes())
    return digest.digest()


def _read(x: Any) -> Audio:
    if isinstance(x, Audio):
        return x
    if isinstance(x, (str, os.PathLike)):
        path = Path(x)
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "does not exist"
            raise InputError(f"The sound file {str(path)!r} {kind}.")
        with path.open("rb") as file:
            return _decode(file, repr(str(path)))
    if isinstance(x, (bytes, bytearray, memoryview)):
        content = bytes(x)
        return _decode(io.BytesIO(content), f"the given {len(content):,} bytes")
    if isinstance(x, io.IOBase):
        if isinstance(x, io.TextIOBase):
            raise InputError("The open file is a text file; open it in binary mode.")
        return _decode(x, "the given file")
    if isinstance(x, Mapping) and {"array", "sampling_rate"} <= set(x):
        return Audio(x["array"], x["sampling_rate"])
    if isinstance(x, tuple) and len(x) == 2:
        arrays = [one for one in x if isinstance(one, np.ndarray)]
        rates = [one for one in x if _is_number(one)]
        if len(arrays) == len(rates) == 1:
            return Audio(arrays[0], rates[0])
    if isinstance(x, np.ndarray):
        raise InputError(
            "An array of samples came without its rate: give (samples, rate) instead, with the "
            "rate in Hz."
        )
    if isinstance(x, (list, tuple)):
        raise InputError(
            f"predict takes one sound, {_EXPECTED}, but a {type(x).__name__} of {len(x)} came; "
            "use predict_batch for several."
        )
    raise InputError(f"Sound is {_EXPECTED}; one of type {type(x).__name__} came.")


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float | np.integer | np.floating) and not isinstance(x, bool)


def checked_rate(rate: Any) -> int:
    """A sampling rate in Hz as an int. Raises InputError if it is none that sound has."""
    if not _is_number(rate) or not math.isfinite(rate) or rate != int(rate):
        raise InputError(f"A sampling rate is a whole number of Hz; {rate!r} came.")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise InputError(
            f"A sampling rate is between {MIN_RATE:,} and {MAX_RATE:,} Hz; {int(rate):,} came."
        )
    return int(rate)


def _check_length(frames: int, rate: int) -> None:
    if frames == 0:
        raise InputError("The sound is empty: it has no samples.")
    if frames > MAX_SECONDS * rate:
        raise InputError(
            f"The sound is {frames / rate / 3600:.1f} hours long; at most "
            f"{MAX_SECONDS // 3600} hour is read, so cut it first."
        )


def _mono(array: Any, rate: int) -> NDArray[np.float32]:
    """The mean of the channels, as float32 with full scale -1..1."""
    if not isinstance(array, np.ndarray):
        raise InputError(f"Samples are a NumPy array; {type(array).__name__} came.")
    array = np.asarray(array)  # a masked array would hide its masked samples from the checks
    if array.ndim == 2:
        array = _frames_first(array)
    if array.ndim not in (1, 2):
        shape = "x".join(map(str, array.shape)) or "()"
        raise InputError(f"An array of samples is [N] or [N, channels]; one of {shape} came.")
    _check_length(len(array), rate)
    kind = array.dtype.name
    if kind in _SCALES:
        silence, full = _SCALES[kind]
        samples = (array.astype(np.float32) - np.float32(silence)) / np.float32(full)
    elif np.issubdtype(array.dtype, np.floating):
        samples = array.astype(np.float32, copy=array.ndim == 1)
    else:
        raise InputError(
            f"Samples are floats in -1..1 or 8-, 16- or 32-bit integers; {kind} came, whose full "
            "scale would be a guess."
        )
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise InputError("The sound has samples that are NaN or infinite.")
    loudest = float(np.abs(samples).max())
    if loudest > _LOUDEST:
        raise InputError(
            f"Float samples have a full scale of -1..1; one of {loudest:,.0f} came, so they may "
            "be integers as floats: divide them by their full scale first."
        )
    samples = np.ascontiguousarray(samples)
    samples.setflags(write=False)
    return samples


def _frames_first(array: NDArray[Any]) -> NDArray[Any]:
    """[N, channels], whichever way round it came. Raises InputError where that is not clear."""
    if 0 in array.shape:
        raise InputError("The sound is empty: it has no samples.")
    few = [size <= MAX_CHANNELS for size in array.shape]
    if few == [False, True]:
        return array
    if few == [True, False]:
        return array.T
    raise InputError(
        f"Of an array of {array.shape[0]}x{array.shape[1]} it is not clear which axis the channels "
        f"are; one axis is to have at most {MAX_CHANNELS}, the other more."
    )


def _decode(file: Any, what: str) -> Audio:
    import soundfile

    with _sentences(what), soundfile.SoundFile(file) as sound:
        rate = checked_rate(sound.samplerate)
        if sound.channels > MAX_CHANNELS:
            raise InputError(f"The sound has {sound.channels} channels; that is too many.")
        # What a header says can be wrong either way: it is checked, and so is what comes.
        _check_length(sound.frames, rate)
        parts = []
        left = MAX_SECONDS * rate + 1
        while left > 0:
            block = sound.read(min(_BLOCK, left), dtype="float32", always_2d=True)
            if len(block) == 0:
                break
            left -= len(block)
            parts.append(block.mean(axis=1))
        return Audio(np.concatenate(parts) if parts else np.empty(0, np.float32), rate)


@contextmanager
def _sentences(what: str) -> Iterator[None]:
    """Turn whatever goes wrong while `what` is decoded into an InputError."""
    import soundfile

    try:
        yield
    except InputError:
        raise
    except soundfile.LibsndfileError as error:
        raise InputError(f"No sound can be read from {what}: {error.error_string}") from error
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"No sound can be read from {what}: {reason}.") from error
