"""How the network learns: its batches, its schedule, and where a run goes on from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.speech.voices import examples
from zoo import learning
from zoo.errors import InputError
from zoo.muon import Muon
from zoo.progress import LOG, Progress
from zoo.speech import conformer_training, ctc
from zoo.speech.augmentation import Voices
from zoo.speech.conformer import ConformerRecognizer
from zoo.speech.conformer_network import SUBSAMPLING, ConformerNetwork, Size
from zoo.speech.conformer_training import Batch, Lesson, loss_of
from zoo.speech.features import FrontEnd
from zoo.speech.normalizer import Normalizer

WORDS = ("down", "up")
TINY: dict[str, Any] = {"width": 32, "layers": 1, "mels": 20, "batch_size": 8, "averaging": 20}


@pytest.fixture(autouse=True)
def one_thread(threads: Callable[[int], None]) -> None:
    threads(1)


def lesson(seed: int = 0) -> Lesson:
    front_end = FrontEnd(mels=20)
    voices = [
        [(one.input, one.target) for one in examples(2, 0, WORDS, [who])] for who in ("high", "low")
    ]
    features = [front_end.log_mel(audio.samples) for voice in voices for audio, _ in voice]
    normalizer = Normalizer.of(features, 35.0, 20.0)
    return Lesson(Voices(voices), WORDS, front_end, normalizer, 8, seed)


def test_batches_are_those_of_the_step_whatever_came_before() -> None:
    here, there = lesson(), lesson()
    for step in (5, 0, 5):
        there.batch(step)
    a, b, c = here.batch(5), there.batch(5), here.batch(6)
    for name in ("features", "lengths", "words", "word_lengths", "speaking"):
        assert torch.equal(getattr(a, name), getattr(b, name)), name
    assert a.features.shape != c.features.shape
    assert not torch.equal(lesson(1).batch(5).features[:, :4], a.features[:, :4])


def test_what_is_being_said_is_what_is_to_be_told() -> None:
    here = lesson()
    for step in range(12):
        batch = here.batch(step)
        assert batch.word_lengths[0] == 0
        assert batch.features.shape[1] == SUBSAMPLING * batch.speaking.shape[1]
        for row in range(len(batch.lengths)):
            frames = -(-int(batch.lengths[row]) // SUBSAMPLING)
            assert (batch.speaking[row, frames:] == -100).all()
            assert (batch.features[row, int(batch.lengths[row]) :] == 0).all()
            said_here = batch.speaking[row, :frames]
            stretches = torch.unique_consecutive(said_here)
            spoken_here = [number for number in stretches.tolist() if number != ctc.BLANK]
            told = batch.words[row, : int(batch.word_lengths[row])].tolist()
            # The same word twice may be one stretch, where the pause between is short.
            merged = [n for i, n in enumerate(told) if i == 0 or n != told[i - 1]]
            assert [
                n for i, n in enumerate(spoken_here) if i == 0 or n != spoken_here[i - 1]
            ] == merged


def test_overfits_a_tiny_batch() -> None:
    here = lesson()
    batch = next(b for b in map(here.batch, range(99)) if b.word_lengths[1] == 3)
    torch.manual_seed(0)
    network = ConformerNetwork(Size(mels=20, outputs=3, width=32, layers=1))
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    first = float(loss_of(network, batch, "float32", speaking=0.5).detach())
    for _ in range(180):
        optimiser.zero_grad()
        loss = loss_of(network, batch, "float32", speaking=0.5)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert float(loss.detach()) < 0.2 * first
    words, _ = network.eval()(batch.features, batch.lengths, batch.chunk)
    for row, length in enumerate(batch.lengths.tolist()):
        frames = -(-length // SUBSAMPLING)
        told = ctc.greedy(words[row, :frames].softmax(-1).detach().numpy())
        expected = batch.words[row, : int(batch.word_lengths[row])].tolist()
        assert [spike.word for spike in told] == expected


def test_parts_are_the_batch() -> None:
    batch = next(b for b in map(lesson().batch, range(99)) if b.word_lengths[1] == 3)
    parts = batch.parts()
    assert sum(len(part.lengths) for part in parts) == len(batch.lengths)
    torch.manual_seed(0)
    network = ConformerNetwork(Size(mels=20, outputs=3, width=32, layers=1)).eval()
    whole = network(batch.features, batch.lengths, batch.chunk)
    for first, part in enumerate(parts):
        assert torch.equal(part.words, batch.words[first :: len(parts)])
        assert torch.equal(part.word_lengths, batch.word_lengths[first :: len(parts)])
        frames = part.speaking.shape[1]
        assert torch.equal(part.speaking, batch.speaking[first :: len(parts), :frames])
        assert (batch.speaking[first :: len(parts), frames:] == -100).all()
        assert part.features.shape[1] == SUBSAMPLING * -(-int(part.lengths.max()) // SUBSAMPLING)
        for together, alone in zip(whole, network(*_heard(part)), strict=True):
            for row, length in enumerate(part.lengths.tolist()):
                frames = -(-length // SUBSAMPLING)
                expected = together[first + row * len(parts), :frames]
                assert torch.allclose(alone[row, :frames], expected, atol=1e-5)


def _heard(batch: Batch) -> tuple[torch.Tensor, torch.Tensor, int]:
    return batch.features, batch.lengths, batch.chunk


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"steps": 0}, "Training takes at least"),
        ({"learning_rate": 0.0}, "A learning rate is positive"),
        ({"weight_decay": -1.0}, "A learning rate is positive"),
        ({"depth": 0.0}, "depth is of up to 100 decibels"),
        ({"smoothing": float("inf")}, "smoothing of some frames"),
        ({"batch_size": 0}, "A batch is of at least one word"),
        ({"speaking": -0.1}, "no loss has a negative weight"),
        ({"speaking": float("nan")}, "no loss has a negative weight"),
    ],
)
def test_impossible_schedules_are_refused(bad: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        ConformerRecognizer.fit(examples(1, 0, WORDS), progress=False, **TINY | bad)


class Interrupted(Progress):
    def log(self, **values: Any) -> None:
        super().log(**values)
        if values.get("step") == 10:
            raise KeyboardInterrupt


RUN: dict[str, Any] = {**TINY, "steps": 15, "log_every": 5, "warm_up": 3}


def learned(workspace: Path | None = None, **changes: Any) -> ConformerRecognizer:
    options = {"seed": 2, **RUN, **changes}
    return ConformerRecognizer.fit(
        examples(2, 0, WORDS), workspace=workspace, progress=False, **options
    )


def logged(workspace: Path, name: str) -> list[Any]:
    events = [json.loads(line) for line in (workspace / LOG).read_text().splitlines()]
    return [event[name] for event in events if name in event]


def test_resumed_equals_uninterrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None]
) -> None:
    whole = learned()
    threads(3)  # which changes nothing
    with monkeypatch.context() as patched:
        patched.setattr("zoo.speech.recognizer.Progress", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            learned(tmp_path)
    # What was logged at 10 had not been kept yet.
    assert (tmp_path / conformer_training.CHECKPOINT).is_file()
    resumed = learned(tmp_path)
    assert logged(tmp_path, "step") == [5, 10, 10, 15]
    for name, array in whole._arrays().items():
        assert np.array_equal(resumed._arrays()[name], array), name


@pytest.mark.parametrize(
    "change",
    [{"seed": 3}, {"learning_rate": 1e-3}, {"mels": 22}, {"smoothing": 40.0}, {"depth": 40.0}],
    ids=str,
)
def test_a_checkpoint_of_another_run_is_ignored(tmp_path: Path, change: dict[str, Any]) -> None:
    learned(tmp_path, steps=5)
    (tmp_path / LOG).unlink()
    learned(tmp_path, **{"steps": 5, **change})
    assert logged(tmp_path, "step") == [5]


def test_the_precision_is_the_faster_one_or_what_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[str] = []

    def loss(network: Any, batch: Any, precision: str, **options: Any) -> Any:
        taught.append(precision)
        return loss_of(network, batch, precision, **options)

    monkeypatch.setattr(conformer_training, "loss_of", loss)

    def optimiser(matrices: Any, *, precision: torch.dtype, **options: Any) -> Any:
        taught.append(str(precision).removeprefix("torch."))
        return Muon(matrices, precision=precision, **options)

    monkeypatch.setattr(learning, "Muon", optimiser)
    monkeypatch.setattr(learning, "faster_precision", lambda device: "bfloat16")
    learned(tmp_path, steps=1)
    assert Counter(taught) == {"bfloat16": 4}
    taught.clear()
    learned(tmp_path, steps=1, precision="float32")
    assert Counter(taught) == {"float32": 4}
    assert logged(tmp_path, "precision") == ["bfloat16", "float32"]
    with pytest.raises(InputError, match="'float32' or 'bfloat16' or 'auto'; 'float16' came"):
        learned(precision="float16")
