"""The recogniser that learned: live sound, options, learning, and where it goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.speech.voices import RATE, SPEAKERS, examples, spoken
from zoo import weights
from zoo.audio import Audio
from zoo.errors import InputError, WeightsError
from zoo.predictions import Transcript
from zoo.speech import conformer_training
from zoo.speech.augmentation import Heard
from zoo.speech.conformer import CHUNK, LIVE_CHUNK, ConformerRecognizer
from zoo.speech.features import FrontEnd

WORDS = ("down", "up")
TINY: dict[str, Any] = {
    "width": 32,
    "layers": 1,
    "mels": 20,
    "batch_size": 8,
    "averaging": 20,
    "learning_rate": 1e-2,
    "table_rate": 1e-2,
    "warm_up": 20,
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def unperturbed(_: Any, count: int, front_end: FrontEnd, random: np.random.Generator) -> Heard:
    """A string as a speaker says it: what `perturbed` makes is more than a short run can learn."""
    words = random.choice(WORDS, count).tolist()
    audio, times = spoken(words, str(random.choice(list(SPEAKERS))), random)
    step = front_end.step
    frames = tuple((begin / step, end / step) for begin, end in times)
    return Heard(front_end.log_mel(audio.samples), tuple(words), frames)


@pytest.fixture(scope="module")
def model() -> ConformerRecognizer:
    """Two words, learned well enough that there is something to tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conformer_training, "perturbed", unperturbed)
        return ConformerRecognizer.fit(
            examples(4, 0, WORDS), seed=2, progress=False, steps=200, **TINY
        )


def said(*words: str, seed: int = 0, rate: int = RATE, margin: float = 0.2) -> Audio:
    return spoken(words, "low", np.random.default_rng(seed), rate=rate, margin=margin)[0]


LONG = ("up", "down", "down", "up", "up", "down")


def arbitrary_cuts(samples: NDArray[Any], seed: int) -> list[NDArray[Any]]:
    """Pieces of 0 to half a second, most of them short."""
    random = np.random.default_rng(seed)
    sizes = np.concatenate(([1, 0, 2], random.integers(0, 200, 20), random.integers(0, 4000, 400)))
    parts = np.split(samples, np.minimum(np.cumsum(sizes), len(samples)))
    assert sum(map(len, parts)) == len(samples)
    return parts


def same(a: Transcript, b: Transcript) -> bool:
    """The same words at the same times, and as sure of them but for rounding."""
    return (
        a.text == b.text
        and a.seconds == b.seconds
        and [(w.text, w.start, w.end) for w in a.words]
        == [(w.text, w.start, w.end) for w in b.words]
        and np.allclose([w.confidence for w in a.words], [w.confidence for w in b.words], atol=1e-3)
    )


# --- what it hears --------------------------------------------------------------------------------


def test_it_hears_what_it_learned_in_strings_too(model: ConformerRecognizer) -> None:
    unseen = examples(3, 5, WORDS)
    right = [model.predict(one.input).text == one.target for one in unseen]
    assert np.mean(right) > 0.9
    audio, times = spoken(LONG, "low", np.random.default_rng(0))
    found = model.predict(audio)
    assert found.text == " ".join(LONG)
    for word, (begin, end) in zip(found.words, times, strict=True):
        assert begin - 0.2 < word.start < word.end < end + 0.2
        assert word.start < (begin + end) / 2 < word.end


@pytest.mark.parametrize("chunk", [0.04, 0.1, LIVE_CHUNK, 1.0, CHUNK])
def test_words_are_in_order_whatever_the_chunk(model: ConformerRecognizer, chunk: float) -> None:
    found = model.predict(said(*LONG), chunk=chunk)
    times = [time for word in found.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0 <= time <= found.seconds for time in times)


def test_the_same_in_a_batch(model: ConformerRecognizer) -> None:
    sounds = [said("up"), said(*LONG), said("down", "up", seed=3)]
    alone = [model.predict(one) for one in sounds]
    assert all(map(same, model.predict_batch(sounds), alone))
    assert [one.text for one in alone] == ["up", " ".join(LONG), "down up"]


def test_more_than_half_a_minute_is_no_problem(
    model: ConformerRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = said(*LONG * 8)
    assert audio.seconds > 30
    found = model.predict(audio)
    assert found.text == " ".join(LONG * 8)
    monkeypatch.setattr("zoo.speech.conformer._PIECE", 3)
    assert same(model.predict(audio), found)


@pytest.mark.parametrize("samples", [1, 100, 200, 279, 2560 + 40])
def test_very_short_sound(model: ConformerRecognizer, samples: int) -> None:
    audio = Audio(said("up").samples[:samples], RATE)
    found = model.predict(audio)
    assert found.seconds == samples / RATE
    assert all(word.end <= found.seconds for word in found.words)
    (streamed,) = model.stream([audio.samples], RATE, chunk=CHUNK)
    assert same(streamed, found)


# --- live sound -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", ["8 kHz", "16 kHz", "44.1 kHz, stereo", "16-bit"])
def test_live_sound_ends_as_the_recording(model: ConformerRecognizer, form: str, seed: int) -> None:
    rate = {"16 kHz": 16_000, "44.1 kHz, stereo": 44_100}.get(form, RATE)
    samples: NDArray[Any] = said(*LONG, seed=seed, rate=rate).samples
    if "stereo" in form:
        samples = np.stack((0.9 * samples, 1.1 * samples), axis=1)
    elif form == "16-bit":
        samples = np.rint(32767 * samples).astype(np.int16)
    expected = model.predict((samples, rate), chunk=LIVE_CHUNK)
    assert expected.text
    *_, last = model.stream(arbitrary_cuts(samples, seed), rate)
    assert same(last, expected)
    *_, last = model.stream([samples], rate, chunk=1.0, beam=4)
    assert same(last, model.predict((samples, rate), chunk=1.0, beam=4))


def test_there_is_more_to_tell_after_each_chunk(model: ConformerRecognizer) -> None:
    samples = said(*LONG).samples
    blocks = [samples[start : start + 800] for start in range(0, len(samples), 800)]
    seconds = [one.seconds for one in model.stream(blocks, RATE)]
    assert len(seconds) == 1 + int((len(samples) / RATE - 0.015) / LIVE_CHUNK)
    assert seconds == sorted(seconds)
    # Each is told within a block of when its sound was there.
    for number, one in enumerate(seconds[:-1]):
        there = (number + 1) * LIVE_CHUNK + 0.015
        assert there <= one < there + 0.1


def test_what_is_told_is_of_sound_so_far(model: ConformerRecognizer) -> None:
    samples, other = said(*LONG).samples, said("down", "down", "up", "up", seed=8).samples
    half = len(samples) // 2 // 800 * 800

    def told(later: NDArray[np.float32]) -> list[Transcript]:
        heard = 0

        def blocks() -> Iterator[NDArray[np.float32]]:
            nonlocal heard
            whole = np.concatenate((samples[:half], later))
            for start in range(0, len(whole), 800):
                heard = min(start + 800, len(whole))
                yield whole[start : start + 800]

        found = []
        for one in model.stream(blocks(), RATE):
            assert one.seconds <= heard / RATE
            assert all(word.end <= one.seconds for word in one.words)
            found.append(one)
        return [one for one in found if one.seconds <= half / RATE]

    first = told(samples[half:])
    assert len(first) >= 2
    assert first == told(other) == told(np.zeros(9000, np.float32))
    # And it is told before the end: the beginning of what will have been said.
    assert first[-1].text
    assert " ".join(LONG).startswith(first[0].text)


def test_short_blocks_of_several_channels(model: ConformerRecognizer) -> None:
    samples = said("up", "down").samples
    stereo = np.stack((samples, samples), axis=1)
    for size in (1, 2, 31, 33):
        blocks = [stereo[start : start + size] for start in range(0, 4000, size)]
        *_, last = model.stream(blocks, RATE)
        assert last.seconds == sum(map(len, blocks)) / RATE


@pytest.mark.parametrize(
    ("chunks", "options", "reason"),
    [
        ([], {}, "The sound is empty"),
        ([np.zeros(0, np.float32)], {}, "The sound is empty"),
        ([np.full(9, np.nan)], {}, "NaN"),
        ([np.zeros(9, np.int64)], {}, "int64 came"),
        ([[0.0, 1.0]], {}, "Samples are a NumPy array; list came"),
        ([np.array(0.5)], {}, r"one of \(\) came"),
        ([np.zeros((9, 2, 2), np.float32)], {}, "9x2x2 came"),
        ([np.zeros((9, 0), np.float32)], {}, "9x0 came"),
        ([np.zeros((2, 800), np.float32)], {}, "2x800 came"),
        ([np.zeros(9, np.float32)], {"beam": 0}, "beam is a whole number"),
        ([np.zeros(9, np.float32)], {"chunk": 9}, "chunk is from 0.04 to 2.56 seconds; 9 came"),
    ],
)
def test_what_cannot_be_heard_live_is_refused(
    model: ConformerRecognizer, chunks: list[Any], options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        list(model.stream(chunks, RATE, **options))


@pytest.mark.parametrize("rate", [0, -8000, np.nan, 8000.5, "8000", None, True, 10**9])
def test_live_sound_needs_a_rate(model: ConformerRecognizer, rate: Any) -> None:
    with pytest.raises(InputError, match="A sampling rate is"):
        next(model.stream([np.zeros(9, np.float32)], rate))


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", range(1, 9))
def test_any_beam_hears_what_is_clear(model: ConformerRecognizer, width: int) -> None:
    audio = said(*LONG)
    assert model.predict(audio, beam=width).text == " ".join(LONG)
    found = model.predict(audio, beam=width).words
    assert [word.start for word in found] == [word.start for word in model.predict(audio).words]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"beam": 0}, "beam is a whole number from 1 to 100; 0 came"),
        ({"beam": 101}, "beam is a whole number from 1 to 100; 101 came"),
        ({"beam": 2.0}, "beam is a whole number from 1 to 100; 2.0 came"),
        ({"beam": True}, "beam is a whole number"),
        ({"chunk": 99}, "chunk is from 0.04 to 2.56 seconds; 99 came"),
        ({"chunk": 0.03}, "chunk is from 0.04 to 2.56 seconds; 0.03 came"),
        ({"chunk": float("nan")}, "chunk is from 0.04 to 2.56 seconds; nan came"),
        ({"chunk": "short"}, "chunk is a number of seconds; 'short' came"),
        ({"bean": 3}, "no option 'bean'; it has beam, chunk"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    model: ConformerRecognizer, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        model.predict(said("up"), **options)


# --- weights --------------------------------------------------------------------------------------


def test_saved_and_loaded_it_hears_the_same(model: ConformerRecognizer, tmp_path: Path) -> None:
    model.save(tmp_path / "weights")
    loaded = ConformerRecognizer.load(tmp_path / "weights")
    audio = said(*LONG)
    assert same(loaded.predict(audio), model.predict(audio))
    assert loaded.predict(audio) == model.predict(audio)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vocabulary", ["up", "down", "left"]),
        ("front_end", {"mels": 40}),
        ("depth", "some"),
        ("smoothing", "some"),
        ("depth", None),
        ("front_end", {"mels": 20, "floor": 0.0}),
        ("network", {"mels": 20, "outputs": 3}),
        ("network", {"mels": 20, "outputs": 3, "depth": 3}),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    model: ConformerRecognizer, tmp_path: Path, name: str, value: Any
) -> None:
    model.save(tmp_path / "weights")
    path = tmp_path / "weights" / weights.CONFIG
    config = json.loads(path.read_text())
    config["settings"][name] = value
    path.write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="does not fit ConformerRecognizer: "):
        ConformerRecognizer.load(tmp_path / "weights")
