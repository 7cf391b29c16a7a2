"""What the vocoder can do apart from any text, and how fast it makes sound.

    python benchmarks/vocoder.py tts/wavenet-en

Predicting: the bits that a sample of the held-out prompts costs, its µ-law code being told by all
before it and the frames; that of the sound as it is, and that of the emphasised sound, of which the
network makes its codes. Copying: how far from a held-out recording the sound is that is made of
its frames, and what the recogniser of the benchmark mistakes in both. Speed, on one core and in one
run: the compiled recurrence; the same network asked anew for each sample about all that it depends
on, which is what sampling costs without it; and torchaudio's WaveRNN of its default size, whose
weights, here random, do not change how long its `infer` takes. `--only` measures one of the three,
and leaves the others as they are.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import zoo
from zoo import torchaudio_rescue
from zoo.audio import Audio
from zoo.files import write_atomically
from zoo.machine import describe_cpu
from zoo.metrics import score
from zoo.progress import Progress
from zoo.registry import data_set
from zoo.tasks.text_to_speech import TEXT_TO_SPEECH
from zoo.tts.wavenet_network import SILENCE
from zoo.tts.wavenet_training import Cutter, bits_per_plain_sample, bits_per_sample

DATA = "asterisk-prompts"
SPLITS = ("validation", "test")
ROUNDS = 5
FRAMES = 320  # of the sound that the recurrence makes: 4 s
SAMPLES = 100  # that the naive way makes
THEIRS = 4  # frames that WaveRNN makes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="tts/wavenet-en")
    parser.add_argument("--only", choices=("bits", "copies", "speed"))
    parser.add_argument("--out", type=Path, default=Path("studies/vocoder.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    model: Any = zoo.load(options.model)
    found: dict[str, Any] = {"model": options.model, "machine": describe_cpu(), "threads": 1}
    if options.only and options.out.is_file():
        before = json.loads(options.out.read_text(encoding="utf-8"))
        if all(before[name] == value for name, value in found.items()):
            found = before
    if options.only in (None, "bits"):
        found["bits_per_sample"] = {split: bits(model, split) for split in SPLITS}
    if options.only in (None, "copies"):
        found["copies"] = copies(model)
    if options.only in (None, "speed"):
        found["seconds_per_second"] = speeds(model)
    print(json.dumps(found, indent=2))
    write_atomically(options.out, json.dumps(found, indent=2) + "\n")


def bits(model: Any, split: str) -> dict[str, float]:
    """What a sample of the split's recordings costs in the mean, as it is and as it is learned."""
    vocoder = model.vocoder
    cutter = Cutter(vocoder.spectrum, model.network.shape, vocoder.emphasis)
    recordings = [one.target.at(model.rate).samples for one in data_set(DATA).examples(split)]
    return {
        "plain": bits_per_plain_sample(model.network, recordings, cutter),
        "emphasised": bits_per_sample(model.network, recordings, cutter),
    }


def copies(model: Any) -> dict[str, dict[str, float]]:
    """Scores of copy synthesis of the test split, by metric: value and 95 % interval."""
    examples = list(data_set(DATA).examples("test"))
    assert TEXT_TO_SPEECH.recorder is not None
    record = TEXT_TO_SPEECH.recorder([one.input for one in examples])
    rows = []
    for one in Progress(show=True).track(examples, "Copying"):
        made = model.vocoder.predict(model.vocoder.features(one.target))
        rows.append(record(replace(made, text=one.input), one.target))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    found = {metric.name: score(metric, columns) for metric in TEXT_TO_SPEECH.metrics}
    return {
        name: {"value": one.value, "low": one.low, "high": one.high} for name, one in found.items()
    }


def speeds(model: Any) -> dict[str, float]:
    """Seconds of computing for a second of sound, the medians of some rounds."""
    vocoder, rate = model.vocoder, model.rate
    example = next(
        one.target.at(rate)
        for one in data_set(DATA).examples("test")
        if one.target.seconds > FRAMES * vocoder.spectrum.hop / rate
    )
    frames = vocoder.features(Audio(example.samples, rate))[:FRAMES]
    made = len(frames) * vocoder.spectrum.hop / rate
    return {
        "compiled recurrence": seconds(lambda: vocoder.predict(frames)) / made,
        "naive recomputation": seconds(lambda: naive(model, frames)) / (SAMPLES / rate),
        "torchaudio WaveRNN": wave_rnn(vocoder.spectrum.mels, vocoder.spectrum.hop, rate),
    }


def seconds(run: Callable[[], object]) -> float:
    """How long it takes, after once for compilation."""
    run()
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


@torch.inference_mode()
def naive(model: Any, frames: Any) -> list[int]:
    """Each sample by the network over the whole frames that hold its receptive field."""
    network = model.network
    shape = network.shape
    count = -(-shape.field // shape.hop)
    told = torch.from_numpy(frames[None, : count + 2 * shape.margin])
    before = torch.full((1, count * shape.hop), SILENCE)
    draws = np.random.default_rng(0)
    codes = []
    for _ in range(SAMPLES):
        logits = network.logits(network(before, told)[:, -1])[0]
        cumulated = logits.softmax(-1).cumsum(-1)
        codes.append(min(int((cumulated <= draws.random()).sum()), len(logits) - 1))
        before = torch.roll(before, -1, dims=1)
        before[0, -1] = codes[-1]
    return codes


def wave_rnn(mels: int, hop: int, rate: int) -> float:
    """torchaudio's, of as many samples a frame, frames and codes as ours."""
    torchaudio_rescue.make_importable()
    import torchaudio

    scales = [scale for scale in (5, 5, hop // 25) if scale > 1]
    network = torchaudio.models.WaveRNN(
        upsample_scales=scales, n_classes=256, hop_length=hop, n_freq=mels
    ).eval()
    frames = torch.zeros(1, mels, THEIRS)
    with torch.inference_mode():
        samples = network.infer(frames)[0].shape[-1]
        return seconds(lambda: network.infer(frames)) / (samples / rate)


if __name__ == "__main__":
    main()
