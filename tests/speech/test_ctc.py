"""Reading words off distributions: against all alignments, and planted spikes."""

from __future__ import annotations

from itertools import groupby, product

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.speech.ctc import BLANK, Spike, align, beam_search, extent, greedy

Probabilities = NDArray[np.float32]


def planted(*frames: int, sure: float = 0.9, outputs: int = 4) -> Probabilities:
    """The likeliest word of each frame; a tenth less sure with each frame of the same word."""
    rows = []
    for word, run in groupby(frames):
        for number, _ in enumerate(run):
            row = np.full(outputs, (1 - sure * 0.9**number) / (outputs - 1))
            row[word] = sure * 0.9**number
            rows.append(row)
    return np.array(rows, np.float32)


def random_rows(frames: int, outputs: int, seed: int) -> Probabilities:
    """None of whose numbers is too little to count."""
    rows = np.random.default_rng(seed).dirichlet(np.full(outputs, 0.7), frames) + 0.01
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def told(path: tuple[int, ...]) -> tuple[int, ...]:
    """Equation 1: repetitions as one, then without blanks."""
    return tuple(word for word, _ in groupby(path) if word != BLANK)


def of_all_alignments(
    rows: Probabilities,
) -> dict[tuple[int, ...], list[tuple[float, tuple[int, ...]]]]:
    """Of each text, the probability of every way to tell it, and that way."""
    found: dict[tuple[int, ...], list[tuple[float, tuple[int, ...]]]] = {}
    for path in product(range(rows.shape[1]), repeat=len(rows)):
        probability = float(np.prod(rows[range(len(rows)), path].astype(np.float64)))
        found.setdefault(told(path), []).append((probability, path))
    return found


def words_of(spikes: list[Spike]) -> tuple[int, ...]:
    return tuple(spike.word for spike in spikes)


# --- the best path --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ((0, 0, 0), []),
        ((1,), [(1, 0)]),
        ((0, 2, 0), [(2, 1)]),
        ((2, 2, 2, 0), [(2, 0)]),
        ((1, 2, 3), [(1, 0), (2, 1), (3, 2)]),
        ((3, 0, 3, 3, 0, 3), [(3, 0), (3, 2), (3, 5)]),
        ((0, 1, 1, 2, 2, 0, 0, 1), [(1, 1), (2, 3), (1, 7)]),
    ],
)
def test_the_best_path_of_planted_frames(
    frames: tuple[int, ...], expected: list[tuple[int, int]]
) -> None:
    spikes = greedy(planted(*frames))
    assert [(spike.word, spike.frame) for spike in spikes] == expected
    assert all(spike.confidence == pytest.approx(0.9) for spike in spikes)


def test_a_spike_is_the_surest_frame_of_its_word() -> None:
    rows = planted(0, 2, 2, 2, 0)
    rows[1:4, 2] = 0.5, 0.8, 0.6
    assert greedy(rows) == [Spike(2, 2, pytest.approx(0.8))]


@pytest.mark.parametrize("seed", range(10))
def test_the_best_path_is_the_likeliest_alignment(seed: int) -> None:
    rows = random_rows(5, 3, seed)
    likeliest = max(way for ways in of_all_alignments(rows).values() for way in ways)
    assert words_of(greedy(rows)) == told(likeliest[1])


# --- the likeliest words --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(("frames", "outputs"), [(1, 4), (4, 4), (6, 3), (7, 2)])
def test_a_wide_beam_finds_the_likeliest_words_of_all(frames: int, outputs: int, seed: int) -> None:
    rows = random_rows(frames, outputs, seed)
    totals = {
        words: sum(probability for probability, _ in ways)
        for words, ways in of_all_alignments(rows).items()
    }
    assert sum(totals.values()) == pytest.approx(1, abs=1e-5)
    assert words_of(beam_search(rows, 10_000)) == max(totals, key=lambda words: totals[words])


def test_many_ways_to_tell_a_word_outweigh_the_best_path() -> None:
    # The example of Graves: blanks are likeliest in both frames, but the word is said three ways.
    rows = np.array([[0.6, 0.4], [0.6, 0.4]], np.float32)
    assert greedy(rows) == []
    assert words_of(beam_search(rows, 4)) == (1,)
    assert words_of(beam_search(rows, 1)) == ()


@pytest.mark.parametrize("width", [1, 2, 8])
def test_what_is_certain_is_found_by_any_beam(width: int) -> None:
    certain = np.eye(4, dtype=np.float32)[[0, 1, 1, 0, 1, 2, 3, 3, 0]]
    assert beam_search(certain, width) == [
        Spike(1, 1, 1.0),
        Spike(1, 4, 1.0),
        Spike(2, 5, 1.0),
        Spike(3, 6, 1.0),
    ]


def test_long_sound_does_not_vanish() -> None:
    frames = ([0] * 20 + [1, 1] + [0] * 20 + [2]) * 60
    spikes = beam_search(
        np.float32(0.96) * np.eye(4, dtype=np.float32)[frames] + np.float32(0.01), 4
    )
    assert words_of(spikes) == (1, 2) * 60
    assert [spike.frame for spike in spikes[:2]] == [20, 42]


def test_the_search_begins_anew_where_certainly_nothing_is_told() -> None:
    silence = np.eye(3, dtype=np.float32)[[0]]
    parts = [random_rows(5, 3, seed) for seed in range(6)]
    found = beam_search(np.concatenate([one for part in parts for one in (silence, part)]), 1000)
    expected = [
        Spike(spike.word, spike.frame + 6 * number + 1, spike.confidence)
        for number, part in enumerate(parts)
        for spike in beam_search(part, 1000)
    ]
    assert found == expected
    assert len(found) > 3
    assert beam_search(np.repeat(silence, 4, axis=0), 3) == []


def test_an_hour_takes_no_more_memory_than_its_longest_stretch() -> None:
    # Alignments of all 9,000 words to all 90,000 frames would be gigabytes.
    frames = ([0] * 4 + [1] + [0] * 4 + [2]) * 9000
    spikes = beam_search(np.eye(3, dtype=np.float32)[frames], 4)
    assert words_of(spikes) == (1, 2) * 9000
    assert spikes[-1].frame == 89_999


# --- where given words are ------------------------------------------------------------------------


def test_planted_spikes_are_found() -> None:
    rows = planted(0, 0, 3, 0, 1, 1, 0, 1, 2, 0)
    expected = [(3, 2), (1, 4), (1, 7), (2, 8)]
    found = align(rows, (3, 1, 1, 2))
    assert [(spike.word, spike.frame) for spike in found] == expected
    assert all(spike.confidence == pytest.approx(0.9) for spike in found)
    assert align(rows, ()) == []


@pytest.mark.parametrize("seed", range(8))
def test_given_words_lie_on_the_likeliest_way_to_tell_them(seed: int) -> None:
    rows = random_rows(5, 3, seed)
    for words, ways in of_all_alignments(rows).items():
        _, path = max(ways)
        found = align(rows, words)
        assert words_of(found) == words
        runs = [(word, len(list(run))) for word, run in groupby(path)]
        begins = np.cumsum([0, *(length for _, length in runs)])
        expected = []
        for begin, (word, length) in zip(begins.tolist(), runs, strict=False):
            if word != BLANK:
                frame = begin + int(rows[begin : begin + length, word].argmax())
                expected.append(Spike(word, frame, float(rows[frame, word])))
        assert found == expected


@pytest.mark.parametrize(
    ("frames", "words", "fits"),
    [
        (1, (1,), True),
        (1, (1, 2), False),
        (2, (1, 2), True),
        (2, (1, 1), False),  # between the same two there is a blank
        (3, (1, 1), True),
        (4, (2, 2, 2), False),
        (5, (2, 2, 2), True),
    ],
)
def test_words_need_frames(frames: int, words: tuple[int, ...], fits: bool) -> None:
    rows = random_rows(frames, 3, 0)
    if fits:
        assert words_of(align(rows, words)) == words
    else:
        with pytest.raises(ValueError, match=f"^{len(words)} words in {frames} frames$"):
            align(rows, words)


# --- where a word is being spoken -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("speaking", "word", "frame", "first", "after", "expected"),
    [
        ((0, 0, 2, 2, 2, 0, 0), 2, 4, 0, 7, (2, 5)),  # told at its end
        ((0, 0, 2, 2, 2, 0, 0), 2, 6, 0, 7, (2, 5)),  # told after its end
        ((0, 0, 2, 2, 2, 0, 0), 2, 3, 0, 7, (2, 5)),  # told before its end
        ((0, 0, 2, 2, 2, 0, 0), 2, 3, 0, 4, (2, 4)),  # the next word is told at 4
        ((0, 2, 2, 2, 2, 2, 0), 2, 5, 3, 7, (3, 6)),  # the word before ends at 3
        ((2, 2, 0, 2, 2, 0, 0), 2, 5, 0, 7, (3, 5)),  # the last of two stretches
        ((0, 1, 1, 2, 2, 1, 0), 2, 6, 3, 7, (3, 5)),
        ((0, 0, 1, 1, 0, 0, 0), 2, 4, 0, 7, (4, 5)),  # never spoken: where it is told
        ((2, 2, 0, 0, 0, 0, 0), 2, 4, 3, 7, (4, 5)),  # only within the word before
        ((0, 0, 0, 0, 2, 2, 0), 2, 3, 0, 7, (3, 4)),  # only later
        ((2, 2, 2, 2, 2, 2, 2), 2, 6, 0, 7, (0, 7)),
    ],
)
def test_the_extent_of_a_word(
    speaking: tuple[int, ...],
    word: int,
    frame: int,
    first: int,
    after: int,
    expected: tuple[int, int],
) -> None:
    rows = planted(*speaking, sure=0.99)
    assert extent(rows, Spike(word, frame, 1.0), first, after) == expected
