"""Sound read from whatever people have."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from zoo.audio import MAX_SECONDS, Audio, packed, read_audio, unpacked
from zoo.errors import InputError

RATE = 8000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def stored(
    samples: Any, rate: int = RATE, container: str = "WAV", subtype: str | None = None
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(
    ("container", "subtype", "within"),
    [
        ("WAV", "PCM_U8", 1 / 100),
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "FLOAT", 1e-7),
        ("WAV", "ULAW", 0.02),
        ("FLAC", "PCM_16", 1e-4),
        ("AIFF", "PCM_16", 1e-4),
        ("OGG", "VORBIS", 0.1),
    ],
)
def test_every_format_gives_the_same_sound(container: str, subtype: str, within: float) -> None:
    audio = read_audio(stored(TONE, container=container, subtype=subtype))
    assert audio.rate == RATE
    assert len(audio.samples) == RATE
    assert np.abs(audio.samples - TONE).max() < within


def test_paths_bytes_files_and_arrays_are_the_same(tmp_path: Path) -> None:
    content = stored(TONE, subtype="FLOAT")
    path = tmp_path / "tone.wav"
    path.write_bytes(content)
    with path.open("rb") as file:
        ways = [path, str(path), content, bytearray(content), io.BytesIO(content), file]
        heard = [read_audio(way).samples for way in ways]
    heard += [
        read_audio(way).samples
        for way in (
            (TONE, RATE),
            (RATE, TONE),
            {"array": TONE, "sampling_rate": RATE},
            Audio(TONE, RATE),
        )
    ]
    assert all(np.array_equal(samples, TONE) for samples in heard)


@pytest.mark.parametrize(
    ("kind", "silence", "full"),
    [(np.uint8, 128, 127), (np.int8, 0, 127), (np.int16, 0, 32767), (np.int32, 0, 2**31 - 1)],
)
def test_integers_are_scaled_by_their_own_full_scale(kind: Any, silence: int, full: int) -> None:
    array = np.array([silence, silence + full // 2, silence + full], kind)
    assert read_audio((array, RATE)).samples == pytest.approx([0, 0.5, 1], abs=0.02)


def test_channels_are_mixed_whichever_axis_they_are() -> None:
    left, right = TONE, np.zeros_like(TONE)
    by_frame = np.stack((left, right), axis=1)
    for array in (by_frame, by_frame.T):
        assert np.allclose(read_audio((array, RATE)).samples, TONE / 2)
    assert np.allclose(read_audio(stored(by_frame, subtype="FLOAT")).samples, TONE / 2)


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 11025])
def test_resampling_keeps_a_tone_and_drops_what_the_new_rate_cannot_hold(rate: int) -> None:
    times = np.arange(2 * rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * times)
    too_high = 0.5 * np.sin(2 * np.pi * 0.47 * rate * times)
    heard = read_audio((tone + too_high, rate), RATE)
    assert heard.rate == RATE
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(len(heard.samples)) / RATE)
    middle = slice(RATE // 4, -RATE // 4)
    assert abs(heard.seconds - 2) < 0.001
    assert np.abs(heard.samples - expected)[middle].max() < 0.01


def test_a_sound_cannot_be_changed_and_leaves_its_array_alone() -> None:
    array = TONE.copy()
    audio = Audio(array, RATE)
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0] = 1
    array[0] = 1
    assert audio.samples[0] == TONE[0]
    assert repr(audio) == "Audio(1.00 s at 8,000 Hz)"


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("x", "why"),
    [
        ("no-such-file.wav", "does not exist"),
        (Path(), "is a folder"),
        (_jpeg(), "Format not recognised"),
        (b"", "Format not recognised"),
        (stored(TONE)[:20], "No sound can be read"),
        (stored(TONE[:0]), "empty"),
        (TONE, "without its rate"),
        ([TONE, TONE], "predict_batch"),
        (None, "NoneType"),
        (3, "int"),
        (io.StringIO("text"), "binary mode"),
        ((TONE, 8000.5), "whole number of Hz"),
        ((TONE, float("nan")), "whole number of Hz"),
        ((TONE, 8), "between 4,000"),
        ((TONE, True), "predict takes one sound"),
        ((TONE[:0], RATE), "empty"),
        ((np.zeros((2, 0)), RATE), "empty"),
        ((np.full(9, np.nan), RATE), "NaN or infinite"),
        ((np.array([0, np.inf]), RATE), "NaN or infinite"),
        ((TONE * 32768, RATE), "divide them"),
        ((TONE.astype(np.int64), RATE), "int64"),
        ((TONE.astype(complex), RATE), "complex"),
        ((TONE > 0, RATE), "bool"),
        ((np.zeros((3, 4)), RATE), "not clear"),
        ((np.zeros((99, 99)), RATE), "not clear"),
        ((np.zeros((2, 99, 1)), RATE), "2x99x1"),
        ((np.float32(0), RATE), "predict takes one sound"),
        ({"array": [0.0], "sampling_rate": RATE}, "NumPy array"),
        ((np.broadcast_to(np.int16(0), 3 * MAX_SECONDS * RATE), RATE), "3.0 hours"),
    ],
)
def test_what_is_no_sound_is_refused_in_one_sentence(x: Any, why: str) -> None:
    with pytest.raises(InputError) as caught:
        read_audio(x)
    message = str(caught.value)
    assert why in message
    assert message.endswith(".")
    assert "\n" not in message


def test_a_file_of_three_hours_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(3 * 60):
            file.write(np.zeros(60 * 8000, np.int16))
    monkeypatch.setattr(soundfile.SoundFile, "read", None)
    with pytest.raises(InputError, match=r"3\.0 hours"):
        read_audio(path)


def test_packed_sound_is_small_and_sounds_the_same() -> None:
    time = np.arange(RATE) / RATE
    tone = np.asarray(0.5 * np.sin(2 * np.pi * 440 * time), np.float32)
    text = packed(Audio(tone, RATE))
    assert len(text) < len(tone) / 2  # of four bytes each
    again = unpacked(text)
    assert (again.rate, len(again.samples)) == (RATE, len(tone))
    spectra = [np.abs(np.fft.rfft(one)) for one in (tone, again.samples)]
    assert spectra[0].argmax() == spectra[1].argmax() == 440
    assert spectra[1].max() == pytest.approx(spectra[0].max(), rel=0.05)


@pytest.mark.parametrize(("rate", "kept"), [(4000, 8000), (20_000, 22_050), (96_000, 48_000)])
def test_sound_of_a_rate_that_mp3_has_not_is_packed_at_one_that_it_has(
    rate: int, kept: int
) -> None:
    again = unpacked(packed(Audio(np.zeros(rate, np.float32), rate)))
    assert again.rate == kept
    assert again.seconds == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("text", "why"), [("not packed!", "base64"), (5, "base64"), ("AAAA", "sound")]
)
def test_what_was_not_packed_is_refused(text: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        unpacked(text)
