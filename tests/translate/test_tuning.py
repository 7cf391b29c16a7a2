"""Tuning where the best weights are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from zoo.progress import Progress
from zoo.translate.tuning import (
    COUNTS,
    Candidate,
    Candidates,
    bleu,
    bleu_counts,
    climb,
    line_search,
    tune,
)


def counts_of(words: str, reference: str) -> np.ndarray:
    numbers: dict[str, int] = {}

    def numbered(text: str) -> np.ndarray:
        return np.array([numbers.setdefault(word, len(numbers)) for word in text.split()], np.int64)

    return bleu_counts(numbered(words), numbered(reference))


def test_counts_and_score_are_those_of_sacrebleu() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    pairs = [
        ("the the the cat sat on a mat", "the cat sat on the mat"),
        ("a dog runs over the green grass", "a dog runs on the green grass today"),
        ("yes", "yes it is"),
    ]
    counts = np.array([counts_of(*pair) for pair in pairs])
    texts, references = zip(*pairs, strict=True)
    wanted = sacrebleu.corpus_bleu(list(texts), [list(references)], tokenize="none", force=True)
    assert counts.sum(axis=0)[:8].tolist() == [*wanted.counts, *wanted.totals]
    assert counts.sum(axis=0)[8:].tolist() == [wanted.sys_len, wanted.ref_len]
    assert 100 * bleu(counts.sum(axis=0)) == pytest.approx(wanted.score)


def test_no_word_right_is_little_but_something() -> None:
    assert 0 < bleu(counts_of("x y", "a b c")) < 0.5
    assert counts_of("", "a").tolist() == [0] * 9 + [1]


def random_candidates(rng: np.random.Generator, sentences: int, each: int, features: int) -> tuple:
    counts = []
    for _ in range(sentences * each):
        right = np.sort(rng.integers(0, 10, 4))[::-1]
        counts.append([*right, 10, 9, 8, 7, 10, 10])
    return (
        rng.normal(size=(sentences * each, features)).round(2),
        np.array(counts, np.int64),
        np.arange(0, sentences * each + 1, each),
    )


def bleu_at(features: np.ndarray, counts: np.ndarray, offsets: np.ndarray, weights) -> float:
    scores = features @ weights
    chosen = [a + int(np.argmax(scores[a:b])) for a, b in pairwise(offsets)]
    return float(bleu(counts[chosen].sum(axis=0)))


@pytest.mark.parametrize("seed", range(5))
def test_a_line_is_searched_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = random_candidates(rng, 6, 8, 3)
    weights, direction = rng.normal(size=3), rng.normal(size=3)
    step, score = line_search(*arrays, weights, direction)
    assert score == pytest.approx(bleu_at(*arrays, weights + step * direction))
    tried = [bleu_at(*arrays, weights + x * direction) for x in np.linspace(-50, 50, 5001)]
    assert score >= max(tried) - 1e-12


def test_a_step_may_be_bounded() -> None:
    rng = np.random.default_rng(7)
    arrays = random_candidates(rng, 6, 8, 3)
    weights, direction = rng.normal(size=3), rng.normal(size=3)
    step, score = line_search(*arrays, weights, direction, (-0.05, 0.2))
    assert -0.05 <= step <= 0.2
    tried = [bleu_at(*arrays, weights + x * direction) for x in np.linspace(-0.05, 0.2, 2001)]
    assert score == pytest.approx(max(tried))


def test_a_climb_stays_near_where_it_is_told_to() -> None:
    rng = np.random.default_rng(8)
    arrays = random_candidates(rng, 10, 8, 3)
    start = np.array([0.3, -0.3, 0.4])
    before = bleu_at(*arrays, start)
    weights, score = climb(*arrays, start, np.array([0, 2]), rng, start, 0.1)
    assert np.abs(weights - start).max() <= 0.1 + 1e-12
    assert weights[1] == start[1]
    assert score >= before
    assert score == pytest.approx(bleu_at(*arrays, weights))


def test_a_line_on_which_nothing_changes_is_not_left() -> None:
    arrays = random_candidates(np.random.default_rng(0), 4, 3, 2)
    step, score = line_search(*arrays, np.ones(2), np.zeros(2))
    assert step == 0
    assert score == pytest.approx(bleu_at(*arrays, np.ones(2)))


def test_tuning_finds_the_features_that_tell_good_from_bad() -> None:
    rng = np.random.default_rng(1)
    right = counts_of("a b c d e f", "a b c d e f")
    wrong = counts_of("a x c y e z", "a b c d e f")
    sentences = []
    for _ in range(60):
        # The difference of the first two tells; the third is noise, the fourth is not tuned.
        noise = rng.normal(size=4) * 3
        good = Candidate((1,), np.array([noise[0] + 1, noise[0], noise[2], 0.3]), right)
        bad = Candidate((2,), np.array([noise[1], noise[1], noise[3], 0.3]), wrong)
        sentences.append([good, bad])

    def translate(weights: np.ndarray) -> list[list[Candidate]]:
        return [sorted(one, key=lambda c: -float(c.features @ weights)) for one in sentences]

    start = np.array([0.2, 0.2, 0.6, -7.0])

    def tuned() -> tuple[np.ndarray, float]:
        return tune(translate, start, [0, 1, 2], rounds=12, restarts=3, seed=0, report=Progress())

    weights, score = tuned()
    assert score == pytest.approx(1.0)
    assert weights[0] > 0 > weights[1]
    assert weights[3] == -7
    assert np.abs(weights[:3]).sum() == pytest.approx(1)
    again, _ = tuned()
    assert weights.tolist() == again.tolist()


def test_candidates_are_kept_once() -> None:
    pool = Candidates(1)
    one = Candidate((1, 2), np.array([1.0]), np.zeros(COUNTS, np.int64))
    other = Candidate((1, 2), np.array([2.0]), np.zeros(COUNTS, np.int64))
    assert pool.add([[one, one, other]]) == 2
    assert pool.add([[other]]) == 0
    features, counts, offsets = pool.arrays()
    assert features.tolist() == [[1], [2]]
    assert counts.shape == (2, COUNTS)
    assert offsets.tolist() == [0, 2]
