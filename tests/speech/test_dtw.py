"""Template matching: against all paths and all sequences, one by one."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from zoo.speech import dtw
from zoo.speech.dtw import DtwRecognizer


def paths(frames: int, length: int) -> list[tuple[int, ...]]:
    """Every way through a template: from its first to its last, by none, one or two at a time."""
    return [
        path
        for path in product(range(length), repeat=frames)
        if path[0] == 0
        and path[-1] == length - 1
        and all(0 <= b - a <= 2 for a, b in pairwise(path))
    ]


@pytest.mark.parametrize(("frames", "length"), [(1, 1), (1, 2), (3, 2), (4, 5), (2, 4), (5, 3)])
def test_the_distance_to_a_template_is_the_least_of_all_paths(frames: int, length: int) -> None:
    near = np.random.default_rng(frames).uniform(0, 1, (frames, length)).astype(np.float32)
    sums = [sum(float(near[t, j]) for t, j in enumerate(path)) for path in paths(frames, length)]
    expected = min(sums, default=np.inf)
    assert dtw._distance(near) == pytest.approx(expected, abs=1e-5)


def recogniser_of(templates: list[dtw.Features], words: list[int], penalty: float) -> DtwRecognizer:
    made = DtwRecognizer.__new__(DtwRecognizer)
    made.frames = np.concatenate(templates)
    made.lengths = np.array([len(one) for one in templates], np.int32)
    made.words = np.array(words, np.int32)
    made.penalty = penalty
    return made


def nearest_sequence(
    features: dtw.Features, templates: list[dtw.Features], costs: list[float]
) -> tuple[float, list[tuple[int, int, int]]]:
    """By trying every way to cut the frames up and every template for each part."""
    if len(features) == 0:
        return 0.0, []
    best: tuple[float, list[tuple[int, int, int]]] = (np.inf, [])
    for begin in range(len(features)):
        before, found = nearest_sequence(features[:begin], templates, costs)
        for number, template in enumerate(templates):
            part = features[begin:]
            apart = ((part[:, None] - template) ** 2).sum(axis=-1)
            sums = [
                sum(float(apart[t, j]) for t, j in enumerate(path))
                for path in paths(len(part), len(template))
            ]
            total = before + costs[number] + min(sums, default=np.inf)
            if total < best[0]:
                best = total, [*found, (number, begin, len(features) - 1)]
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("block", [2, 500])
def test_one_pass_finds_the_nearest_sequence_of_all(
    seed: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dtw, "_BLOCK", block)
    random = np.random.default_rng(seed)
    templates = [random.normal(0, 1, (size, 2)).astype(np.float32) for size in (2, 3, 3, 1)]
    words = [0, 1, 0, -1]
    features = random.normal(0, 1, (6, 2)).astype(np.float32)
    for penalty in (0.0, 0.7, 50.0):
        costs = [penalty if word >= 0 else 0.0 for word in words]
        _, expected = nearest_sequence(features, templates, costs)
        spans = [(words[k], first, last) for k, first, last in expected if words[k] >= 0]
        assert recogniser_of(templates, words, penalty)._spans(features, penalty) == spans


def test_templates_are_the_middles_of_clusters() -> None:
    random = np.random.default_rng(0)
    centres = [0.0, 10.0, 25.0]
    recordings = [
        np.full((8, 2), centre + spread, np.float32) + random.normal(0, 0.01, (8, 2)).astype("f4")
        for centre in centres
        for spread in (-1.0, 0.0, 1.0, 0.2, -0.3)
    ]
    assert sorted(dtw._medoids(recordings, 3, seed=0)) == [1, 6, 11]
    assert dtw._medoids(recordings[:3], 3, seed=0) == [0, 1, 2]
