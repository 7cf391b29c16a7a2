"""The WaveNet voice: what it learns, keeps, streams and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo import weights
from zoo.audio import Audio
from zoo.errors import InputError, WeightsError
from zoo.progress import Progress
from zoo.tts.alignment import PAUSE, RATE, Segment
from zoo.tts.recordings import Recording
from zoo.tts.wavenet import WaveNetSynthesizer

TEXT = "See me. Me, see me? Now."
PHONES = {"see": ("S", "IY1"), "me": ("M", "IY1"), "now": ("N", "AW1")}
TEXTS = ["see me.", "me, see me.", "now see me now", "see now. me now."]
OPTIONS: dict[str, Any] = {
    name: value for name, value in WaveNetSynthesizer.tiny_options().items() if name != "rounds"
}


def _recording(text: str, random: np.random.Generator) -> Recording:
    """Vowels hum, the others hiss."""
    segments = [Segment(PAUSE, -1, 0.0, 0.15)]
    for number, word in enumerate(text.split()):
        for symbol in PHONES[word.strip(".,")]:
            at = segments[-1].end
            segments.append(Segment(symbol, number, at, at + random.uniform(0.08, 0.15)))
        if word[-1] in ".,":
            segments.append(Segment(PAUSE, -1, segments[-1].end, segments[-1].end + 0.2))
    sound = []
    for one in segments:
        t = np.arange(round(one.start * RATE), round(one.end * RATE)) / RATE
        hum = 0.3 * np.sin(2 * np.pi * (200 + 40 * (one.symbol == "IY1")) * t)
        loud = {PAUSE: 0.0, "IY1": hum, "AW1": hum}.get(
            one.symbol, 0.05 * random.standard_normal(len(t))
        )
        sound.append(loud + 0.001 * random.standard_normal(len(t)))
    return Recording(text, np.concatenate(sound).astype(np.float32), tuple(segments))


def _learned(workspace: Path | None, **options: Any) -> WaveNetSynthesizer:
    random = np.random.default_rng(0)
    recordings = [_recording(text, random) for text in TEXTS]
    return WaveNetSynthesizer._train(
        recordings,
        recordings[:1],
        seed=0,
        report=Progress.kept_in(workspace, show=False),
        workspace=workspace,
        **{**OPTIONS, **options},
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def model(workspace: Path) -> WaveNetSynthesizer:
    return _learned(workspace)


def test_both_networks_learn(model: WaveNetSynthesizer, workspace: Path) -> None:
    events = [json.loads(line) for line in (workspace / "log.jsonl").read_text().splitlines()]
    frames = [event["frames"] for event in events if "frames" in event]
    assert frames[-1] < frames[0]
    bits = [event["bits"] for event in events if "bits" in event]
    assert bits[-1] < 7.7  # of the 8 that it begins with
    assert events[-1]["event"] == "vocoder"
    assert events[-1]["validation_bits"] == pytest.approx(bits[-1], abs=0.05)


def test_a_stream_is_the_whole(model: WaveNetSynthesizer) -> None:
    whole = model.predict(TEXT, seed=3)
    chunks = list(model.stream(TEXT, seed=3))
    assert len(chunks) > 3
    assert np.array_equal(np.concatenate([one.samples for one in chunks]), whole.samples)
    assert whole.rate == 16_000


def test_a_sentence_is_the_same_wherever_it_stands(
    model: WaveNetSynthesizer, threads: Callable[[int], None]
) -> None:
    threads(3)
    alone = model.predict("See me.").samples
    together = model.predict("See me. Now.").samples
    assert np.array_equal(together[: len(alone)], alone)
    batch = model.predict_batch(["Now.", "See me. Now.", "See me."])
    assert np.array_equal(batch[1].samples, together)
    assert np.array_equal(batch[2].samples, alone)


def test_seed_and_temperature_decide_what_is_drawn(model: WaveNetSynthesizer) -> None:
    usual = model.predict("Now.").samples
    assert np.array_equal(model.predict("Now.", seed=0, temperature=0.8).samples, usual)
    assert not np.array_equal(model.predict("Now.", seed=1).samples, usual)
    assert not np.array_equal(model.predict("Now.", temperature=0.5).samples, usual)


def test_it_speaks_as_fast_as_it_is_told(model: WaveNetSynthesizer) -> None:
    usual = model.predict("See me now.").seconds
    assert model.predict("See me now.", pace=0.5).seconds == pytest.approx(2 * usual, rel=0.2)


def test_the_vocoder_copies_recordings(model: WaveNetSynthesizer) -> None:
    samples = _recording("see me now", np.random.default_rng(5)).samples
    frames = model.vocoder.features(Audio(samples, RATE))
    assert frames.shape == (-(-len(samples) // 200), 20)
    copied = model.vocoder.predict(frames, seed=1)
    assert len(copied.samples) == 200 * len(frames)
    assert np.array_equal(copied.samples, model.vocoder.predict(frames, seed=1).samples)
    with pytest.raises(InputError, match=r"frames \[T, 20\]; \(5, 80\) came"):
        model.vocoder.predict(np.zeros((5, 80), np.float32))
    with pytest.raises(InputError, match="finite"):
        model.vocoder.predict(np.full((5, 20), np.nan, np.float32))
    with pytest.raises(InputError, match="str came"):
        model.vocoder.predict("frames")  # type: ignore[arg-type]


def test_a_stored_voice_says_the_same(model: WaveNetSynthesizer, tmp_path: Path) -> None:
    model.save(tmp_path / "voice")
    again = WaveNetSynthesizer.load(tmp_path / "voice")
    assert np.array_equal(again.predict(TEXT).samples, model.predict(TEXT).samples)
    size = (tmp_path / "voice" / "model.safetensors").stat().st_size
    assert size < 2.5 * model.count_parameters() + 20_000  # two bytes a number, and names


def test_a_finished_training_is_not_repeated(model: WaveNetSynthesizer, workspace: Path) -> None:
    again = _learned(workspace)
    events = [json.loads(line) for line in (workspace / "log.jsonl").read_text().splitlines()]
    # Nothing is said of any step after the first training's last word.
    first = next(i for i, event in enumerate(events) if "validation_bits" in event)
    assert not any("step" in event for event in events[first:])
    assert np.array_equal(again.predict(TEXT).samples, model.predict(TEXT).samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed is a whole number from 0 on; -1 came"),
        ({"seed": True}, "seed is a whole number"),
        ({"temperature": 0}, "temperature is from 0.05 to 2; 0 came"),
        ({"temperature": "hot"}, "temperature is a number; 'hot' came"),
        ({"pace": 5}, "pace is a number from 0.5 to 2; 5 came"),
        ({"pitch": float("nan")}, "pitch is a number from -6 to 6; nan came"),
        ({"speed": 2}, "no option 'speed'; it has pace, pitch, seed, temperature"),
    ],
)
def test_what_makes_no_sense_is_refused(
    model: WaveNetSynthesizer, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        model.predict("Now.", **options)
    with pytest.raises(InputError, match=message):
        model.stream("Now.", **options)


def _spoilt(model: WaveNetSynthesizer, folder: Path, **changes: Any) -> Path:
    settings, arrays = model._to_weights()
    entry = f"{WaveNetSynthesizer.__module__}:{WaveNetSynthesizer.__qualname__}"
    arrays = {**arrays, **changes.pop("arrays", {})}
    content = weights.Weights(
        entry=entry, task=model.task, settings={**settings, **changes}, arrays=arrays
    )
    weights.write(folder, content)
    return folder


def test_a_corrupt_folder_is_refused(model: WaveNetSynthesizer, tmp_path: Path) -> None:
    shape = model.network.shape.to_settings()
    wrong = [
        {"vocoder": {**shape, "width": 24}},
        {"vocoder": {**shape, "hop": 160}},
        {"vocoder": {**shape, "depth": 3}},
        {"emphasis": 2.0},
        {"spectrum": {"rate": 16000, "mels": 40}},
        {"acoustic": {**model.acoustic.shape.to_settings(), "symbols": [3, 3]}},
        {"arrays": {"vocoder/out.bias": np.full(256, np.nan, np.float32)}},
        {"arrays": {"another/part": np.zeros(3, np.float32)}},
    ]
    for number, changes in enumerate(wrong):
        with pytest.raises(WeightsError, match="does not fit WaveNetSynthesizer"):
            WaveNetSynthesizer.load(_spoilt(model, tmp_path / str(number), **changes))
    assert WaveNetSynthesizer.load(_spoilt(model, tmp_path / "right")).rate == 16_000


def test_options_of_learning_are_known_by_name() -> None:
    with pytest.raises(InputError, match="learns with no option 'depth'"):
        WaveNetSynthesizer.fit([], depth=3)
    assert {"steps", "acoustic_steps", "cooling", "rounds"} <= WaveNetSynthesizer.fit_options()
    assert not {"seed", "workspace", "schedule"} & WaveNetSynthesizer.fit_options()
