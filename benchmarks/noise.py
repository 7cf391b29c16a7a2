"""How recognisers of digits bear noise: accuracy against the ratio of signal to noise.

    ZOO_DATA=... python benchmarks/noise.py speech/gmm-hmm-digits speech/conformer-digits

The test recordings of the data set `fsdd`, each with noise added at a stated ratio of mean powers:
white, or the babble of three to six voices at once, put together from the same recordings. The
noise is the same for all models.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import zoo
from zoo.audio import Audio, read_audio
from zoo.files import write_atomically
from zoo.metrics import score
from zoo.registry import data_set
from zoo.speech.augmentation import Voices, babble, coloured_noise, with_noise
from zoo.tasks import task

RATIOS = (None, 20, 10, 5, 0)  # decibels; None is the recording as it is
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--out", type=Path, default=Path("studies/noise.json"))
    options = parser.parse_args()
    examples = list(data_set("fsdd").examples("test"))
    clean = [(read_audio(one.input), one.target) for one in examples]
    curves = []
    for name in options.models:
        model = zoo.load(name, device="cpu")
        about = task(model.task)
        for kind in ("white", "babble"):
            for ratio in RATIOS:
                random = np.random.default_rng(SEED)
                answers = model.predict_batch(noisy(clean, kind, ratio, random))
                rows = [about.record(x, word) for x, (_, word) in zip(answers, clean, strict=True)]
                records = {key: [row[key] for row in rows] for key in rows[0]}
                metric = next(m for m in about.metrics if m.name == "string-accuracy")
                found = score(metric, records)
                curves.append(
                    {
                        "model": name,
                        "noise": kind,
                        "decibels": ratio,
                        "recordings": len(rows),
                        "accuracy": [found.value, found.low, found.high],
                    }
                )
                print(f"{name} {kind} {ratio} dB: {found.value:.2%} right", flush=True)
    write_atomically(options.out, json.dumps({"seed": SEED, "points": curves}, indent=2) + "\n")


def noisy(
    clean: list[tuple[Audio, str]], kind: str, ratio: float | None, random: np.random.Generator
) -> list[Audio]:
    """The recordings with noise of that kind."""
    if ratio is None:
        return [audio for audio, _ in clean]
    heard = []
    for audio, _ in clean:
        count = len(audio.samples)
        noise = (
            babble(Voices([clean]), count, random)
            if kind == "babble"
            else coloured_noise(count, 0.0, random)
        )
        heard.append(Audio(with_noise(audio.samples, noise, ratio), audio.rate))
    return heard


if __name__ == "__main__":
    main()
