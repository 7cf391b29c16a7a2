"""Training of a WaveNet: what it learns from, and that it goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import zoo.tts.wavenet_training as module
from zoo.errors import InputError
from zoo.learning import Schedule
from zoo.progress import Progress
from zoo.tts.mel import MelSpectrum, companded, emphasised, expanded
from zoo.tts.wavenet_network import SILENCE, Shape, WaveNet
from zoo.tts.wavenet_training import (
    Batch,
    Cutter,
    Lesson,
    Variety,
    bits_of,
    bits_per_plain_sample,
    bits_per_sample,
    train,
)

SPECTRUM = MelSpectrum(hop=20, window=60, points=64, mels=8)
SHAPE = Shape(
    mels=8,
    hop=20,
    width=16,
    gates=16,
    skip=16,
    hidden=16,
    context=8,
    margin=2,
    cycles=1,
    largest=32,
)
CUTTER = Cutter(SPECTRUM, SHAPE)
QUIET = Variety(gain=0.0, speed=0.0, noise=0.0)
SCHEDULE = Schedule(steps=40, log_every=10, warm_up=5, averaging=10)


def _recordings(count: int = 4, samples: int = 3001) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    times = np.arange(samples) / 16_000
    return [
        (
            0.3 * np.sin(2 * np.pi * random.uniform(300, 900) * times)
            + 0.01 * random.normal(size=samples)
        ).astype(np.float32)
        for _ in range(count)
    ]


def _network() -> WaveNet:
    torch.manual_seed(0)
    return WaveNet(SHAPE)


def _train(
    steps: int, workspace: Path | None, *, cooling: float = 0.3, lesson: Lesson | None = None
) -> dict[str, torch.Tensor]:
    return train(
        _network(),
        lesson or Lesson(_recordings(), CUTTER, rows=2, frames=20),
        replace(SCHEDULE, steps=steps, cooling=cooling),
        held_out=[],
        report=Progress(),
        workspace=workspace,
    ).state_dict()


def test_a_segment_has_what_its_samples_depend_on() -> None:
    samples = _recordings(1)[0]
    batch = CUTTER.cut(samples, 50, 30)
    assert CUTTER.warm == 4  # 64 samples before the first
    begin = (50 - 4) * 20
    codes = companded(samples).astype(np.int64)
    assert batch.wanted[0].tolist() == codes[begin : 80 * 20].tolist()
    assert batch.before[0].tolist() == codes[begin - 1 : 80 * 20 - 1].tolist()
    assert batch.counted[0].tolist() == [False] * 80 + [True] * 600
    frames = SPECTRUM.log_mel(samples)
    assert np.array_equal(batch.frames[0].numpy(), frames[50 - 4 - 2 : 80 + 2])


def test_a_recording_begins_after_silence_and_ends_in_it() -> None:
    samples = _recordings(1, 90)[0]
    batch = CUTTER.cut(samples, 0, 7)
    assert batch.before[0, 0] == SILENCE
    assert batch.counted[0].tolist() == [True] * 90 + [False] * 50
    assert (batch.wanted[0, 90:] == SILENCE).all()
    frames = SPECTRUM.log_mel(samples)
    assert np.array_equal(batch.frames[0, :2].numpy(), frames[[0, 0]])
    assert np.array_equal(batch.frames[0, -3:].numpy(), frames[[4, 4, 4]])


@pytest.mark.parametrize("emphasis", [0.0, 0.8])
def test_pieces_cost_what_the_whole_costs(monkeypatch: pytest.MonkeyPatch, emphasis: float) -> None:
    monkeypatch.setattr(module, "_PIECE", 13)
    cutter = replace(CUTTER, emphasis=emphasis)
    samples = _recordings(1)[0]
    network = _network()
    torch.nn.init.normal_(network.out.weight)
    frames = SPECTRUM.frames(len(samples))
    with torch.no_grad():
        whole = bits_of(network, cutter.cut(samples, 0, frames))
    assert len(whole) == len(samples)
    assert bits_per_sample(network, [samples], cutter) == pytest.approx(
        float(whole.mean()), abs=1e-4
    )


def test_without_emphasis_a_plain_sample_costs_what_a_sample_costs() -> None:
    samples = _recordings(1)[0]
    network = _network()
    torch.nn.init.normal_(network.out.weight)
    assert bits_per_plain_sample(network, [samples], CUTTER) == pytest.approx(
        bits_per_sample(network, [samples], CUTTER), abs=1e-4
    )


def _plain_bits(probabilities: np.ndarray, samples: np.ndarray, emphasis: float) -> np.ndarray:
    return module._plain_bits(probabilities, samples, samples - emphasised(samples, emphasis))


@pytest.mark.parametrize("emphasis", [0.0, 0.8])
def test_pieces_cost_what_the_whole_costs_as_plain_codes(
    monkeypatch: pytest.MonkeyPatch, emphasis: float
) -> None:
    cutter = replace(CUTTER, emphasis=emphasis)
    samples = _recordings(1)[0]
    network = _network()
    torch.nn.init.normal_(network.out.weight)
    whole = bits_per_plain_sample(network, [samples], cutter)
    monkeypatch.setattr(module, "_PIECE", 13)
    assert bits_per_plain_sample(network, [samples], cutter) == pytest.approx(whole, abs=1e-4)


def test_what_a_plain_code_costs_is_its_share_of_what_emphasised_codes_say() -> None:
    # Twice about 0.5, so that the second sample emphasised is about 0.1.
    samples = expanded(np.repeat(companded(np.float32([0.5])), 2))
    sure = np.zeros((2, 256))
    sure[0, companded(samples)[0]] = 1.0
    sure[1, companded(samples * np.float32(0.2))[1]] = 1.0
    assert _plain_bits(sure, samples, 0.8) == pytest.approx([0, 0])
    # All codes alike: the plain code of 0.5 spans emphasised amplitudes about 0.1, where steps are
    # (1 + 255 · 0.5) / (1 + 255 · 0.1) = 4.8 times as fine.
    alike = np.full((2, 256), 1 / 256)
    found = _plain_bits(alike, samples, 0.8)
    assert found[0] == pytest.approx(8)
    assert found[1] == pytest.approx(8 - np.log2(128.5 / 26.5), abs=0.03)


def test_plain_codes_have_all_the_probability_together() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.full(256, 0.1), 2)
    probabilities[:, 250:] = 0  # else some of it would be of samples beyond full scale
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    pairs = [np.float32([0.2, middle]) for middle in expanded(np.arange(256))]
    bits = np.array([_plain_bits(probabilities, pair, 0.5)[1] for pair in pairs])
    assert (2.0**-bits).sum() == pytest.approx(1)


def _places(recordings: list[np.ndarray], batch: Batch) -> list[tuple[int, int, torch.Tensor]]:
    """Of each segment of 20 frames its recording, its first frame there, and the frames."""
    whole = ["".join(map(chr, companded(one))) for one in recordings]
    found = []
    for counted, wanted, frames in zip(batch.counted, batch.wanted, batch.frames, strict=True):
        said = "".join(map(chr, wanted[counted].tolist()))
        assert len(said) == 400
        place, number = max((one.find(said), n) for n, one in enumerate(whole))
        assert place >= 0
        assert place % 20 == 0
        first = int(torch.nonzero(counted)[0, 0]) // 20
        found.append((number, place // 20, frames[first + 2 : first + 22]))
    return found


def test_segments_are_parts_of_the_recordings() -> None:
    recordings = _recordings(samples=3000)
    lesson = Lesson(recordings, CUTTER, variety=QUIET, rows=3, frames=20)
    for step in range(5):
        for number, begin, frames in _places(recordings, lesson.batch(step)):
            own = SPECTRUM.log_mel(recordings[number])[begin : begin + 20]
            assert torch.allclose(frames, torch.from_numpy(own), atol=1e-4)


def test_guessed_frames_stand_where_their_own_would() -> None:
    recordings = _recordings(samples=3000)
    guesses = [SPECTRUM.log_mel(one) + 3 for one in recordings]
    variety = replace(QUIET, guessed=0.5)
    lesson = Lesson(recordings, CUTTER, guesses=guesses, variety=variety, rows=3, frames=20)
    raised = []
    for step in range(10):
        for number, begin, frames in _places(recordings, lesson.batch(step)):
            own = SPECTRUM.log_mel(recordings[number])[begin : begin + 20]
            by = frames - torch.from_numpy(own)
            assert by.std() < 1e-3
            raised.append(float(by.mean()))
    assert -1e-3 < min(raised) < 1e-3
    assert 2 < max(raised) < 3
    assert lesson.fingerprint() != Lesson(recordings, CUTTER, variety=variety).fingerprint()
    with pytest.raises(ValueError, match="other recordings"):
        Lesson(recordings, CUTTER, guesses=guesses[1:])


def test_batches_depend_on_seed_and_step_alone() -> None:
    def equal(a: Batch, b: Batch) -> bool:
        return torch.equal(a.frames, b.frames) and torch.equal(a.wanted, b.wanted)

    one, two = Lesson(_recordings(), CUTTER), Lesson(_recordings(), CUTTER)
    two.batch(7)
    assert equal(one.batch(3), two.batch(3))
    assert not equal(one.batch(3), one.batch(4))
    assert not equal(one.batch(3), Lesson(_recordings(), CUTTER, seed=1).batch(3))
    assert one.fingerprint() == two.fingerprint()
    others = (
        Lesson(_recordings(3), CUTTER),
        Lesson(_recordings(), replace(CUTTER, emphasis=0.5)),
        Lesson(_recordings(), CUTTER, variety=QUIET),
        Lesson(_recordings(), CUTTER, seed=1),
    )
    assert len({one.fingerprint(), *(other.fingerprint() for other in others)}) == 5


def test_recordings_shorter_than_a_segment_are_heard() -> None:
    batch = Lesson(_recordings(2, 130), CUTTER, variety=QUIET, frames=30).batch(0)
    assert (batch.counted.sum(dim=1) <= 130).all()
    assert batch.counted.any(dim=1).all()


def test_it_learns(tmp_path: Path) -> None:
    recordings = _recordings()
    log = tmp_path / "log.jsonl"
    average = train(
        _network(),
        Lesson(recordings[:3], CUTTER, rows=2, frames=40),
        replace(SCHEDULE, steps=90, log_every=30, learning_rate=0.03, table_rate=0.02),
        held_out=recordings[3:],
        report=Progress(log_file=log),
        workspace=None,
    )
    events = [json.loads(line) for line in log.read_text().splitlines()]
    bits = [event["bits"] for event in events if "bits" in event]
    assert len(bits) == 3
    assert 8 > bits[0] > bits[-1]
    assert bits[-1] < 5.5
    assert bits_per_sample(average, recordings[3:], CUTTER) == pytest.approx(bits[-1])
    assert not average.training
    frames = np.concatenate([SPECTRUM.log_mel(one) for one in recordings[:3]])
    assert np.allclose(average.mean.numpy(), frames.mean(axis=0), atol=1e-5)


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, threads: Callable[[int], None]) -> None:
    threads(1)
    whole = _train(40, None)
    threads(3)  # which changes nothing

    class Cut(Lesson):
        def batch(self, step: int) -> Batch:
            if step == 15:
                raise KeyboardInterrupt
            return super().batch(step)

    with pytest.raises(KeyboardInterrupt):
        _train(40, tmp_path, lesson=Cut(_recordings(), CUTTER, rows=2, frames=20))
    resumed = _train(40, tmp_path)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_longer_run_goes_on_from_before_the_cooling(tmp_path: Path) -> None:
    _train(20, tmp_path, cooling=0.0)
    longer = _train(40, tmp_path, cooling=0.5)
    whole = _train(40, None, cooling=0.5)
    assert all(torch.equal(longer[name], whole[name]) for name in whole)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to learn"):
        Lesson([], CUTTER)
    with pytest.raises(InputError, match="perturbed"):
        Variety(speed=0.7)
    with pytest.raises(InputError, match="learning rate"):
        Schedule(steps=1, learning_rate=0.0)
    with pytest.raises(InputError, match="one step"):
        Schedule(steps=0)
    with pytest.raises(InputError, match="Cooling"):
        Schedule(steps=1, cooling=2.0)
    with pytest.raises(ValueError, match="another shape"):
        Cutter(MelSpectrum(), SHAPE)
