"""Word alignment: planted translations are found again."""

import numpy as np
import pytest

from zoo.translate.alignment import Alignment, Links, align, lexical_weights
from zoo.translate.corpus import Corpus
from zoo.translate.hmm_alignment import grow_diag_final_and

FIRST, WORDS = 3, 20  # of the toy languages: word w of one is word 22 - w + 3 of the other


def foreign(word: int) -> int:
    return 2 * FIRST + WORDS - 1 - word


@pytest.fixture(scope="module")
def toys() -> tuple[list[list[int]], list[list[int]], list[list[tuple[int, int]]]]:
    """Sentences, their translations word for word, the first two words exchanged, and the links."""
    rng = np.random.default_rng(0)
    source, target, links = [], [], []
    for _ in range(300):
        length = int(rng.integers(2, 7))
        sentence = (FIRST + rng.choice(WORDS, length, replace=False)).tolist()
        order = [1, 0, *range(2, length)]
        source.append(sentence)
        target.append([foreign(sentence[k]) for k in order])
        links.append([(i, order.index(i)) for i in range(length)])
    return source, target, links


@pytest.fixture(scope="module")
def found(toys: tuple[list[list[int]], list[list[int]], object]) -> Alignment:
    return align(Corpus.of_ids(toys[0]), Corpus.of_ids(toys[1]))


def test_planted_links_are_found(
    toys: tuple[object, object, list[list[tuple[int, int]]]], found: Alignment
) -> None:
    assert [found.links.of(k) for k in range(300)] == toys[2]


def test_model_1_learns_the_planted_lexicon(found: Alignment) -> None:
    for word in range(FIRST, FIRST + WORDS):
        for lexicon in (found.forward, found.backward):
            best, probability = next(iter(lexicon.of(word).items()))
            assert best == foreign(word)
            assert probability > 0.6
            assert sum(lexicon.of(word).values()) == pytest.approx(1, abs=1e-4)


def test_a_word_that_translates_nothing_stays_alone() -> None:
    """Some target sentences begin with a word that nothing in the source explains."""
    rng = np.random.default_rng(1)
    source = [(FIRST + rng.choice(WORDS, 4, replace=False)).tolist() for _ in range(300)]
    particle = FIRST + WORDS
    target = [
        [particle] * (k % 2) + [foreign(word) for word in sentence]
        for k, sentence in enumerate(source)
    ]
    links = align(Corpus.of_ids(source), Corpus.of_ids(target)).links
    expected = [[(i, i + k % 2) for i in range(4)] for k in range(300)]
    assert np.mean([links.of(k) == expected[k] for k in range(300)]) > 0.95


def test_empty_and_lone_sentences_are_taken() -> None:
    source, target = [[], [3], [3, 4], [4]], [[3], [], [3, 4], [4]]
    links = align(Corpus.of_ids(source), Corpus.of_ids(target)).links
    assert [links.of(k) for k in range(4)] == [[], [], [(0, 0), (1, 1)], [(0, 0)]]


def joined(origins: list[int], goals: list[int]) -> list[tuple[int, int]]:
    source, target, offsets = grow_diag_final_and(
        np.array(origins, np.int32),
        np.array(goals, np.int32),
        np.array([0, len(goals)], np.int64),
        np.array([0, len(origins)], np.int64),
    )
    return Links(source, target, offsets).of(0)


def test_growing_follows_neighbours() -> None:
    # Both agree on (0, 0); (1, 1) is diagonal to it and only in one; (3, 3) is nobody's neighbour.
    assert joined([0, 1, -1, -1], [0, -1, -1, -1]) == [(0, 0), (1, 1)]
    # Far from all others it is taken at the end, its two words being without a link.
    assert joined([0, -1, -1, 3], [0, -1, -1, -1]) == [(0, 0), (3, 3)]
    # Not where one of its words has a link already: "and".
    assert joined([0, -1, -1, 0], [0, -1, -1, -1]) == [(0, 0)]
    # A neighbour is taken though one of its words has a link: several words for one.
    assert joined([0, 0, 0], [0]) == [(0, 0), (0, 1), (0, 2)]


def test_lexical_weights_are_means_of_shares() -> None:
    """Two pairs: "3 4" and "3 5" are linked one to one, "3" and "5 6" one to two."""
    source, target = Corpus.of_ids([[3, 4], [3]]), Corpus.of_ids([[3, 5], [5, 6]])
    links = Links(
        np.array([0, 0, 0], np.int32), np.array([0, 0, 1], np.int32), np.array([0, 1, 3], np.int64)
    )
    forward, backward = lexical_weights(source, target, links)
    # Source: w(3|3) = 1; 4 is linked to the empty word, from which nothing else comes; w(3|5) = 1.
    assert np.exp(forward) == pytest.approx([1, 1, 1])
    # Target: of three links of 3 one each is to 3, 5 and 6; 5 stands once beside the empty word.
    assert np.exp(backward) == pytest.approx([1 / 3, 1, 1 / 3, 1 / 3])


def test_a_lexicon_is_pruned(found: Alignment) -> None:
    pruned = found.forward.pruned(most=2, least=0.0)
    assert len(pruned.of(FIRST)) == 2
    assert list(pruned.of(FIRST)) == list(found.forward.of(FIRST))[:2]
    assert all(p >= 0.5 for p in found.forward.pruned(least=0.5).probabilities)
