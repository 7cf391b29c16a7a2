"""Graphs of states: against all paths one by one, and planted words."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.speech import word_graphs
from zoo.speech.graph import NEVER, Graph, GraphBuilder
from zoo.speech.word_graphs import SILENCE_STATES, spans

Scores = NDArray[np.float64]


def random_graph(states: int, seed: int) -> Graph:
    """Some arcs, some beginnings and some ends, all with random weights."""
    random = np.random.default_rng(seed)
    builder = GraphBuilder(densities=list(range(states)), tags=[0] * states)
    for source, target in product(range(states), repeat=2):
        if random.random() < 0.5:
            builder.arc(source, target, random.uniform(0.05, 1))
    for some in (builder.starts, builder.ends):
        for state in random.permutation(states)[: 1 + states // 2].tolist():
            some[state] = float(random.normal())
    return builder.build()


def log_weight(graph: Graph, scores: Scores, path: tuple[int, ...]) -> float:
    """Of one path: what beginning, every arc, ending and every frame are worth."""
    total = float(graph.start[path[0]] + graph.end[path[-1]])
    total += sum(float(scores[t, state]) for t, state in enumerate(path))
    for source, target in pairwise(path):
        into = range(graph.arrows[target], graph.arrows[target + 1])
        weights = [float(graph.weights[a]) for a in into if graph.sources[a] == source]
        total += weights[0] if weights else NEVER
    return total


# --- against all paths ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("states", "frames"), [(2, 5), (3, 4), (4, 4), (5, 1)])
def test_best_path_and_occupancies_are_those_of_all_paths(
    states: int, frames: int, seed: int
) -> None:
    graph = random_graph(states, seed)
    scores = np.random.default_rng(seed + 100).normal(0, 2, (frames, states))
    weights = {
        path: log_weight(graph, scores, path) for path in product(range(states), repeat=frames)
    }
    possible = {path: weight for path, weight in weights.items() if weight > NEVER / 2}
    path, best = graph.best_path(scores)
    occupancies, total = graph.occupancies(scores)
    if not possible:
        assert (len(path), best, total) == (0, NEVER, NEVER)
        assert not occupancies.any()
        return
    assert tuple(path.tolist()) == max(possible, key=lambda one: possible[one])
    assert best == pytest.approx(max(possible.values()), abs=1e-9)
    whole = np.logaddexp.reduce(list(possible.values()))
    assert total == pytest.approx(whole, abs=1e-9)
    expected = np.zeros((frames, states))
    for one, weight in possible.items():
        expected[range(frames), one] += np.exp(weight - whole)
    assert np.allclose(occupancies, expected, atol=1e-9)


def test_scores_of_thousands_of_frames_neither_vanish_nor_overflow() -> None:
    graph = word_graphs.sequence([0, 1], 2, 3)
    for level in (-150.0, 60.0):
        scores = np.full((3000, len(graph.densities)), level)
        occupancies, total = graph.occupancies(scores)
        assert np.allclose(occupancies.sum(axis=1), 1, atol=1e-6)
        assert 3000 * level - 3000 < total < 3000 * level + 3000
        assert graph.best_path(scores)[1] <= total


def test_narrow_scores_are_as_good() -> None:
    graph = random_graph(4, 0)
    scores = np.random.default_rng(0).normal(size=(6, 4))
    path, best = graph.best_path(scores.astype(np.float32))
    assert np.array_equal(path, graph.best_path(scores)[0])
    assert best == pytest.approx(graph.best_path(scores)[1], abs=1e-4)


# --- chains ---------------------------------------------------------------------------------------


def test_a_planted_path_through_a_chain() -> None:
    builder = GraphBuilder()
    first, last = builder.chain([4, 5, 6, 7], 9, stay=0.5, skip=0.2)
    assert (first, last) == (0, 3)
    builder.starts[first] = builder.ends[last] = 0.0
    graph = builder.build()
    assert graph.densities.tolist() == [4, 5, 6, 7]
    assert graph.tags.tolist() == [9] * 4
    planted = [0, 0, 2, 2, 2, 3]  # the second state is left out
    scores = np.full((6, 4), -50.0)
    scores[range(6), planted] = -1.0
    path, best = graph.best_path(scores)
    assert path.tolist() == planted
    # Stay, skip, stay, stay, go on: from the last but one there is no other way than that.
    assert best == pytest.approx(-6 + np.log([0.5, 0.2, 0.5, 0.5, 0.5]).sum())


@pytest.mark.parametrize("states", [255, 256, 257, 70_000])
def test_states_may_be_many(states: int) -> None:
    builder = GraphBuilder()
    _, last = builder.chain(range(states), 0, stay=0.5, skip=0.0)
    builder.starts[last - 2] = builder.ends[last] = 0.0
    path, _ = builder.build().best_path(np.zeros((3, states), np.float32))
    assert path.tolist() == [states - 3, states - 2, states - 1]


def test_sound_too_short_for_a_chain() -> None:
    graph = word_graphs.alone(0, 7)  # 4 frames at least: states 0, 2, 4, 6
    for frames, possible in ((3, False), (4, True)):
        scores = np.zeros((frames, 7))
        path, best = graph.best_path(scores)
        occupancies, total = graph.occupancies(scores)
        assert (best > NEVER / 2) is (total > NEVER / 2) is possible
        assert len(path) == (frames if possible else 0)
        assert occupancies.sum() == pytest.approx(frames if possible else 0)
    assert graph.best_path(np.zeros((4, 7)))[0].tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize("states", [1, 2, 3, 8])
@pytest.mark.parametrize("skip", [0.0, 0.1])
def test_the_ways_out_of_a_state_sum_to_one(states: int, skip: float) -> None:
    builder = GraphBuilder()
    first, last = builder.chain(range(states), 0, stay=0.6, skip=skip)
    other, _ = builder.chain([0], 1, stay=0.3, skip=0.0)
    builder.leave(last, other)
    out = np.zeros(states)
    for (source, _), weight in builder.arcs.items():
        if source <= last:
            out[source] += np.exp(weight)
    assert np.allclose(out, 1)
    assert all(source <= target <= source + 2 for source, target in builder.arcs)
    assert first == 0


# --- words ----------------------------------------------------------------------------------------

WORDS, STATES = 3, 4
SILENCE = WORDS * STATES


def planted(*parts: int | None, each: int = 2, quiet: int = 6) -> Scores:
    """Scores [T, densities] of words, every state for so many frames, and silence for None."""
    emitted: list[int] = []
    for part in parts:
        if part is None:
            emitted += [SILENCE + i * SILENCE_STATES // quiet for i in range(quiet)]
        else:
            emitted += [part * STATES + state for state in range(STATES) for _ in range(each)]
    scores = np.full((len(emitted), SILENCE + SILENCE_STATES), -8.0)
    scores[range(len(emitted)), emitted] = 0.0
    return scores


def heard(graph: Graph, scores: Scores) -> list[tuple[int, int, int]]:
    path, best = graph.best_path(scores[:, graph.densities])
    assert best > NEVER / 2
    return spans(graph, path)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((None,), []),
        ((1,), [(1, 0, 7)]),
        ((None, 2, None), [(2, 6, 13)]),
        ((0, 1, 2), [(0, 0, 7), (1, 8, 15), (2, 16, 23)]),
        ((None, 0, None, 0, 0, None), [(0, 6, 13), (0, 20, 27), (0, 28, 35)]),
        ((2, 2, 2), [(2, 0, 7), (2, 8, 15), (2, 16, 23)]),
    ],
)
def test_planted_words_are_found_in_a_loop(
    parts: tuple[int | None, ...], expected: list[tuple[int, int, int]]
) -> None:
    assert heard(word_graphs.loop(WORDS, STATES, -1.0), planted(*parts)) == expected


@pytest.mark.parametrize(
    ("words", "parts", "expected"),
    [
        ([1], (None, 1), [(1, 6, 13)]),
        ([1], (1, None), [(1, 0, 7)]),
        ([0, 2], (0, 2), [(0, 0, 7), (2, 8, 15)]),
        ([0, 2], (None, 0, None, 2, None), [(0, 6, 13), (2, 20, 27)]),
        ([1, 1], (1, 1), [(1, 0, 7), (1, 8, 15)]),
        ([1, 1, 0, 1], (1, None, 1, 0, 1), [(1, 0, 7), (1, 14, 21), (0, 22, 29), (1, 30, 37)]),
    ],
)
def test_a_known_sequence_is_found_where_it_lies(
    words: list[int], parts: tuple[int | None, ...], expected: list[tuple[int, int, int]]
) -> None:
    assert heard(word_graphs.sequence(words, WORDS, STATES), planted(*parts)) == expected


def test_a_known_sequence_is_all_that_is_heard() -> None:
    # Of other words nothing is found, and of these none is left out.
    graph = word_graphs.sequence([0, 1, 0], WORDS, STATES)
    assert [word for word, *_ in heard(graph, planted(None, 2, 2, None))] == [0, 1, 0]
    path, best = word_graphs.sequence([0] * 4, WORDS, STATES).best_path(
        planted(0)[:, word_graphs.sequence([0] * 4, WORDS, STATES).densities]
    )
    assert (len(path), best) == (0, NEVER)


def test_a_pause_of_a_single_frame_is_silence_too() -> None:
    scores = planted(0, 1)
    pause = np.full((1, scores.shape[1]), -8.0)
    pause[0, SILENCE + 1] = 0.0
    scores = np.concatenate((scores[:8], pause, scores[8:]))
    assert heard(word_graphs.loop(WORDS, STATES, 0.0), scores) == [(0, 0, 7), (1, 9, 16)]
    assert heard(word_graphs.sequence([0, 1], WORDS, STATES), scores) == [(0, 0, 7), (1, 9, 16)]


def test_a_word_said_alone_cannot_be_silence() -> None:
    assert heard(word_graphs.alone(1, STATES), planted(None)) == [(1, 0, 5)]
    assert heard(word_graphs.loop(WORDS, STATES, 0.0), planted(None)) == []


def test_silence_is_heard_from_its_first_state_on_at_either_end() -> None:
    # 60 frames each, of which every state of silence takes a third, then one word and the same.
    scores = planted(None, 0, None, quiet=60)
    frames = len(scores)
    for graph in (word_graphs.loop(WORDS, STATES, 0.0), word_graphs.sequence([0], WORDS, STATES)):
        path, best = graph.best_path(scores[:, graph.densities])
        assert spans(graph, path) == [(0, 60, 67)]
        emitted = graph.densities[path]
        assert np.array_equal(emitted, scores.argmax(axis=1))
        assert best > -2.0 * frames  # transitions only: no frame is where it does not fit


def test_a_penalty_keeps_words_from_being_inserted() -> None:
    random = np.random.default_rng(0)
    scores = planted(None, 0, None, quiet=60) + random.normal(0, 3, (128, SILENCE + 3))
    counts = [
        len(heard(word_graphs.loop(WORDS, STATES, penalty), scores))
        for penalty in (40.0, 20.0, 0.0, -10.0, -500.0)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[1] > 1
    assert counts[-2:] == [1, 0]


def test_the_penalty_is_paid_once_a_word() -> None:
    scores = planted(None, 1, None, 2, 2)
    free = word_graphs.loop(WORDS, STATES, 0.0)
    dear = word_graphs.loop(WORDS, STATES, -2.5)
    difference = free.best_path(scores[:, free.densities])[1]
    difference -= dear.best_path(scores[:, dear.densities])[1]
    assert difference == pytest.approx(3 * 2.5)
