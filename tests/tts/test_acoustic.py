"""The acoustic model: lengths, masks, and a tiny voice that it has to learn by heart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from zoo.errors import InputError
from zoo.learning import Schedule
from zoo.progress import Progress
from zoo.tts.acoustic_network import AcousticNetwork, Shape, regulated
from zoo.tts.acoustic_training import (
    Batch,
    Lesson,
    Utterance,
    losses_of,
    mean_losses,
    train,
)

SHAPE = Shape(
    symbols=(6, 2), mels=10, width=32, hidden=48, kernel=5, reach=8, encoder_layers=2,
    decoder_layers=2, dropout=0.0, predictor_dropout=0.0,
)  # fmt: skip
SCHEDULE = Schedule(steps=30, log_every=10, warm_up=5, averaging=10)


def _voice(count: int = 12) -> list[Utterance]:
    """Phone p lasts 2 + p frames, twice that if stressed; p = 0 is voiceless, the others fall."""
    random = np.random.default_rng(0)
    colours = random.normal(size=(6, SHAPE.mels))
    utterances = []
    for _ in range(count):
        phones = random.integers(0, 6, random.integers(3, 9))
        stress = random.integers(0, 2, len(phones))
        durations = (2 + phones) * (1 + stress)
        frames, pitch, energy = [], [], []
        for place, (phone, long, lasting) in enumerate(zip(phones, stress, durations, strict=True)):
            inside = (np.arange(lasting) + 0.5) / lasting
            frames.append(colours[phone] * (0.5 + inside[:, None]) + long)
            pitch.append(np.full(lasting, 0.0 if phone == 0 else 200 - 5 * place))
            energy.append(np.full(lasting, float(long)))
        utterances.append(
            Utterance(
                np.stack((phones, stress), axis=1),
                durations,
                np.concatenate(pitch),
                np.concatenate(energy),
                np.concatenate(frames).astype(np.float32),
            )
        )
    return utterances


def _network(shape: Shape = SHAPE) -> AcousticNetwork:
    torch.manual_seed(0)
    return AcousticNetwork(shape).eval()


def test_each_phone_lasts_as_long_as_it_is_told() -> None:
    x = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    durations = torch.tensor([[2, 0, 3], [1, 2, 0]])
    frames, mask, place = regulated(x, durations)
    assert frames[..., 0].tolist() == [[1, 1, 3, 3, 3], [4, 5, 5, 0, 0]]
    assert mask.tolist() == [[True] * 5, [True] * 3 + [False] * 2]
    assert place[0, :, 0].tolist() == pytest.approx([0.25, 0.75, 1 / 6, 0.5, 5 / 6])
    assert place[0, :, 1].tolist() == pytest.approx([0.05, 0.15, 0.05, 0.15, 0.25])
    assert place[0, :, 2].tolist() == pytest.approx([0.15, 0.05, 0.25, 0.15, 0.05])
    assert not place[1, 3:].any()


def test_padding_changes_nothing() -> None:
    voice = sorted(_voice(), key=lambda one: len(one.frames))
    lesson = Lesson([voice[0], voice[-1]])
    network = _network()
    with torch.no_grad():
        alone, together = lesson.of([0]), lesson.of([0, 1])
        assert together.symbols.shape[1] > alone.symbols.shape[1]
        one, both = (
            network(part.symbols, part.mask, part.durations, part.prosody)
            for part in (alone, together)
        )
    phones, frames = alone.symbols.shape[1], len(voice[0].frames)
    assert both.mask.sum(dim=1).tolist() == [len(voice[0].frames), len(voice[-1].frames)]
    for short, long in (
        (one.frames[0], both.frames[0, :frames]),
        (one.durations[0], both.durations[0, :phones]),
        (one.prosody[0], both.prosody[0, :phones]),
    ):
        assert torch.allclose(short, long, atol=1e-5)


def test_what_is_padded_costs_nothing() -> None:
    lesson = Lesson(_voice(2))
    network = _network()
    batch = lesson.of([0, 1])
    spoilt = Batch(
        torch.where(batch.mask[..., None], batch.symbols, 1),
        batch.mask,
        batch.durations,
        torch.where(batch.mask[..., None], batch.prosody, 9.0),
        batch.frames.clone(),
    )
    for row, utterance in enumerate(lesson.utterances):
        spoilt.frames[row, len(utterance.frames) :] = 9.0
    with torch.no_grad():
        one, other = losses_of(network, batch), losses_of(network, spoilt)
    assert {name: float(x) for name, x in one.items()} == pytest.approx(
        {name: float(x) for name, x in other.items()}, abs=1e-5
    )


def test_prosody_is_of_phones() -> None:
    utterance = Utterance(
        np.array([[0], [1], [2], [3]]),
        np.array([2, 4, 0, 2]),
        np.array([0, 100, 0, 0, 100, 200, 0, 0]),
        np.arange(8.0),
        np.zeros((8, 10), np.float32),
    )
    low, high = np.log(100), np.log(200)
    assert utterance.prosody() == pytest.approx(
        np.array(
            [
                [low, 0.5, 0.5],
                [(3 * low + high) / 4, 0.5, 3.5],
                [high, 0.0, 6.0],
                [high, 0.0, 6.5],
            ]
        )
    )


def test_an_utterance_without_voice_has_the_mean_pitch() -> None:
    voice = _voice(3)
    whisper = replace(voice[0], pitch=np.zeros(len(voice[0].pitch)))
    assert np.isnan(whisper.prosody()[:, 0]).all()
    batch = Lesson([whisper, *voice[1:]]).of([0])
    mean = np.concatenate([one.prosody()[:, 0] for one in voice[1:]]).mean()
    assert batch.prosody[0, :, 0].tolist() == pytest.approx([mean] * len(whisper.symbols))


def test_each_epoch_has_every_utterance_once() -> None:
    lesson = Lesson(_voice(), frames=120)
    assert lesson.batches > 2
    for epoch in range(3):
        steps = range(epoch * lesson.batches, (epoch + 1) * lesson.batches)
        batches = [lesson.batch(step) for step in steps]
        assert all(len(batch.symbols) for batch in batches)
        assert sum(len(batch.symbols) for batch in batches) == 12
        lengths = sorted(n for batch in batches for n in batch.durations.sum(dim=1).tolist())
        assert lengths == sorted(len(one.frames) for one in lesson.utterances)
    again = Lesson(_voice(), frames=120).batch(4)
    assert torch.equal(again.frames, lesson.batch(4).frames)
    assert Lesson(_voice(), seed=1).fingerprint() != Lesson(_voice()).fingerprint()


def test_a_tiny_voice_is_learned_by_heart() -> None:
    lesson = Lesson(_voice(), frames=120)
    network = train(
        _network(),
        lesson,
        replace(SCHEDULE, steps=120, learning_rate=0.02, table_rate=0.01),
        held_out=None,
        report=Progress(),
        workspace=None,
    )
    losses = mean_losses(network, lesson)
    assert losses["frames"] < 0.15
    assert losses["durations"] < 0.02
    assert losses["prosody"] < 0.15
    for utterance in lesson.utterances:
        symbols = torch.from_numpy(utterance.symbols)
        frames, durations = network.speak(symbols)
        assert len(frames) == int(durations.sum())
        # The ends of phones are rounded, by which one frame may change its phone.
        assert np.abs(durations.numpy() - utterance.durations).max() <= 1
        slow, lasting = network.speak(symbols, pace=0.5)
        assert len(slow) == int(lasting.sum()) == pytest.approx(2 * len(frames), rel=0.1)


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    def trained(lesson: Lesson, workspace: Path | None) -> dict[str, torch.Tensor]:
        return train(
            _network(replace(SHAPE, dropout=0.1)),
            lesson,
            SCHEDULE,
            held_out=lesson,
            report=Progress(),
            workspace=workspace,
        ).state_dict()

    class Cut(Lesson):
        def batch(self, step: int) -> Batch:
            if step == 25:
                raise KeyboardInterrupt
            return super().batch(step)

    whole = trained(Lesson(_voice(), frames=120), None)
    with pytest.raises(KeyboardInterrupt):
        trained(Cut(_voice(), frames=120), tmp_path)
    resumed = trained(Lesson(_voice(), frames=120), tmp_path)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_pitch_can_be_raised() -> None:
    network = _network()
    symbols = torch.from_numpy(_voice(1)[0].symbols)
    usual, same = network.speak(symbols)
    higher, lasting = network.speak(symbols, pitch=2.0)
    assert torch.equal(same, lasting)
    assert not torch.equal(usual, higher)


def test_what_does_not_fit_together_is_refused() -> None:
    one = _voice(1)[0]
    with pytest.raises(ValueError, match="durations"):
        replace(one, durations=one.durations + 1)
    with pytest.raises(ValueError, match="phones"):
        replace(one, symbols=one.symbols[1:])
    with pytest.raises(ValueError, match="pitches"):
        replace(one, pitch=one.pitch[1:])
    with pytest.raises(InputError, match="nothing to learn"):
        Lesson([])
    with pytest.raises(ValueError, match="heads"):
        replace(SHAPE, heads=5)
    with pytest.raises(ValueError, match="columns"):
        replace(SHAPE, symbols=())
    assert Shape.of(SHAPE.to_settings()) == SHAPE
