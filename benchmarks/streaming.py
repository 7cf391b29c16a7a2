"""How soon live sound is answered.

    ZOO_DATA=... python benchmarks/streaming.py speech/conformer-digits

The strings of the data set `fsdd-strings` are given to `stream` in pieces of 20 ms, as a microphone
would. Measured: how long after the end of the first word there is sound enough for it to be told
(the delay of the method), and how long each piece then takes to compute.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import zoo
from zoo.audio import read_audio
from zoo.files import write_atomically
from zoo.registry import data_set

PIECE = 0.02  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="speech/conformer-digits")
    parser.add_argument("--out", type=Path, default=Path("studies/streaming.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    model: Any = zoo.load(options.model, device="cpu")
    recordings = [read_audio(one.input) for one in data_set("fsdd-strings").examples("test")]
    rows = []
    for chunk in (0.32, 0.64, 1.28):
        delays, computing, same = [], [], 0
        for audio in recordings:
            delay, seconds, text = heard_live(model, audio.samples, audio.rate, chunk)
            whole = model.predict(audio, chunk=chunk)
            same += text == whole.text
            computing += seconds
            if whole.words and delay is not None:
                delays.append(delay - whole.words[0].end)
        rows.append(
            {
                "chunk": chunk,
                "recordings": len(recordings),
                "same_as_offline": same,
                "delay_p50": float(np.median(delays)),
                "delay_p95": float(np.quantile(delays, 0.95)),
                "computing_p50": float(np.median(computing)),
                "computing_p95": float(np.quantile(computing, 0.95)),
            }
        )
        print(rows[-1], flush=True)
    about = {"model": options.model, "piece": PIECE, "threads": 1, "rows": rows}
    write_atomically(options.out, json.dumps(about, indent=2) + "\n")


def heard_live(
    model: Any, samples: Any, rate: int, chunk: float
) -> tuple[float | None, list[float], str]:
    """When the first word was told, in seconds of sound; how long each answer took; the last."""
    given = 0
    asked = 0.0

    def microphone() -> Any:
        nonlocal given, asked
        size = round(PIECE * rate)
        for start in range(0, len(samples), size):
            given = min(start + size, len(samples))
            asked = time.perf_counter()
            yield samples[start:given]
        asked = time.perf_counter()

    first, seconds, text = None, [], ""
    for partial in model.stream(microphone(), rate, chunk=chunk):
        seconds.append(time.perf_counter() - asked)
        text = partial.text
        if first is None and text:
            first = given / rate
    return first, seconds, text


if __name__ == "__main__":
    main()
