"""How long a translation takes, by the length of the sentence.

    ZOO_DATA=... python benchmarks/sentence_lengths.py translate/phrase-based-en-de \
        translate/transformer-multi

Each sentence of Multi30k's test split (English to German) is translated alone, on one thread, three
times, of which the fastest counts, so that what the machine did besides does not.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

import zoo
from zoo.data import content_hash
from zoo.files import write_atomically
from zoo.machine import describe, versions
from zoo.registry import data_set

DATA = "multi30k-en-de"
EDGES = (1, 8, 12, 16, 20, 100)  # words; each bin begins at one and ends before the next
TRIES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--out", type=Path, default=Path("studies/sentence-lengths.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    source = data_set(DATA)
    examples = list(source.examples("test"))
    rows: list[dict[str, Any]] = []
    for name in options.models:
        model = zoo.load(name, device="cpu")
        model.predict_batch([example.input for example in examples[:5]])  # compiles what it does
        seconds = [
            min(_seconds(model, example.input) for _ in range(TRIES)) for example in examples
        ]
        words = np.array([len(example.input.text.split()) for example in examples])
        for low, high in pairwise(EDGES):
            own = np.array(seconds)[(words >= low) & (words < high)]
            p50, p90, p99 = np.quantile(own, (0.5, 0.9, 0.99)).tolist()
            row = {"model": name, "words": [low, high - 1], "sentences": len(own)}
            rows.append({**row, "p50": p50, "p90": p90, "p99": p99})
            print(rows[-1], flush=True)
    about = {
        "data": DATA,
        "content_sha256": content_hash(source.info, examples),
        "threads": 1,
        "tries": TRIES,
        "rows": rows,
        "machine": describe(),
        "versions": versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_atomically(options.out, json.dumps(about, indent=2) + "\n")


def _seconds(model: Any, passage: Any) -> float:
    began = time.perf_counter()
    model.predict(passage)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
