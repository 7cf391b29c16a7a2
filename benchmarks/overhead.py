"""What the common API costs over doing the same by hand, as ratios measured in one run.

    python benchmarks/overhead.py [MODEL]

Alone: `predict` against preprocessing plus a bare forward pass of one image. In batches: images a
second of `predict_batch` against a bare loop over the same preprocessing, the same forward pass and
the same batch size. Both sides run in turn, A B A B, so that a machine whose speed drifts treats
them alike; the figure is the median of the paired ratios.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

import zoo
from zoo.images import image_array
from zoo.vision.resnet import ResNetClassifier

PAIRS = 40


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def paired_ratio(a: Callable[[], object], b: Callable[[], object]) -> tuple[float, float, float]:
    """Median seconds of a, median seconds of b, median of the ratios a / b."""
    for _ in range(3):
        a()
        b()
    times = [(seconds(a), seconds(b)) for _ in range(PAIRS)]
    return (
        statistics.median(t for t, _ in times),
        statistics.median(t for _, t in times),
        statistics.median(ta / tb for ta, tb in times),
    )


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "vision/resnet-mnist"
    model = zoo.load(name, device="cpu")
    if not isinstance(model, ResNetClassifier):
        sys.exit(f"{name} has no network to run by hand; name a residual network.")
    rng = np.random.default_rng(0)
    shape = (*model.interface.size, 3) if model.interface.mode == "RGB" else model.interface.size
    images = [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(512)]

    def forward_by_hand(batch: list[np.ndarray]) -> None:
        prepared = np.stack(
            [image_array(x, model.interface.size, model.interface.mode) for x in batch]
        )
        with torch.inference_mode():
            pixels = torch.from_numpy(prepared).permute(0, 3, 1, 2).float()
            views, _ = model._views(pixels)
            model.network(views)

    def alone_by_hand() -> None:
        for x in images[:32]:
            forward_by_hand([x])

    def alone() -> None:
        for x in images[:32]:
            model.predict(x)

    def batches_by_hand() -> None:
        for start in range(0, len(images), model.batch_size):
            forward_by_hand(images[start : start + model.batch_size])

    def batches() -> None:
        model.predict_batch(images)

    print(f"{name}, {torch.get_num_threads()} threads, batch size {model.batch_size}")
    api, hand, ratio = paired_ratio(alone, alone_by_hand)
    print(
        f"alone:      predict {api / 32 * 1e3:.3f} ms, by hand {hand / 32 * 1e3:.3f} ms, "
        f"time ratio {ratio:.3f} (goal: at most 1.10)"
    )
    api, hand, ratio = paired_ratio(batches, batches_by_hand)
    print(
        f"in batches: predict_batch {len(images) / api:,.0f}/s, "
        f"by hand {len(images) / hand:,.0f}/s, "
        f"throughput ratio {1 / ratio:.3f} (goal: at least 0.95)"
    )


if __name__ == "__main__":
    main()
