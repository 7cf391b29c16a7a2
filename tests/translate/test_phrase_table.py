"""Phrase pairs: which are consistent, how they are scored and sieved, what is stored."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import fisher_exact

from zoo.translate.alignment import Links, lexical_weights
from zoo.translate.corpus import Corpus
from zoo.translate.phrase_extraction import extract, phrase_table
from zoo.translate.phrase_table import PhraseTable
from zoo.translate.significance import minus_log_p

MONOTONE, SWAP, DISCONTINUOUS = range(3)


def linked(*pairs: list[tuple[int, int]]) -> Links:
    flat = [link for pair in pairs for link in sorted(pair)]
    offsets = np.cumsum([0, *map(len, pairs)])
    rows = np.array(flat, np.int32).reshape(-1, 2)
    return Links(rows[:, 0].copy(), rows[:, 1].copy(), offsets.astype(np.int64))


def spans(
    length: int, width: int, links: list[tuple[int, int]], longest: int = 7
) -> dict[tuple[int, int, int, int], tuple[int, int]]:
    """The pairs that are extracted, (i1, i2, j1, j2) inclusive, and their orientations."""
    found = extract(
        Corpus.of_ids([list(range(3, 3 + length))]),
        Corpus.of_ids([list(range(3, 3 + width))]),
        linked(links),
        longest,
    )
    return {
        (int(i), int(i + a - 1), int(j), int(j + b - 1)): (int(before), int(after))
        for i, j, a, b, before, after in zip(
            found.source,
            found.target,
            found.source_lengths,
            found.target_lengths,
            found.previous,
            found.following,
            strict=True,
        )
    }


def test_the_textbook_pair_has_its_phrases() -> None:
    """Michael geht davon aus , dass er im Haus bleibt (Koehn 2010, figures 5.3 and 5.6)."""
    german = ["michael", "geht", "davon", "aus", ",", "dass", "er", "im", "haus", "bleibt"]
    english = ["michael", "assumes", "that", "he", "will", "stay", "in", "the", "house"]
    links = [(0, 0), (1, 1), (2, 1), (3, 1), (5, 2), (6, 3), (7, 6), (7, 7), (8, 8), (9, 4), (9, 5)]
    found = spans(10, 9, links, longest=10)
    pairs = {(" ".join(german[i : k + 1]), " ".join(english[j : m + 1])) for i, k, j, m in found}
    expected = {
        "michael": ["michael"],
        "michael geht davon aus": ["michael assumes"],
        "michael geht davon aus ,": ["michael assumes"],
        "michael geht davon aus , dass": ["michael assumes that"],
        "michael geht davon aus , dass er": ["michael assumes that he"],
        "michael geht davon aus , dass er im haus bleibt": [" ".join(english)],
        "geht davon aus": ["assumes"],
        "geht davon aus ,": ["assumes"],
        "geht davon aus , dass": ["assumes that"],
        "geht davon aus , dass er": ["assumes that he"],
        "geht davon aus , dass er im haus bleibt": [" ".join(english[1:])],
        "dass": ["that"],
        ", dass": ["that"],
        "dass er": ["that he"],
        ", dass er": ["that he"],
        "dass er im haus bleibt": [" ".join(english[2:])],
        ", dass er im haus bleibt": [" ".join(english[2:])],
        "er": ["he"],
        "er im haus bleibt": [" ".join(english[3:])],
        "im": ["in the"],
        "im haus": ["in the house"],
        "im haus bleibt": [" ".join(english[4:])],
        "haus": ["house"],
        "bleibt": ["will stay"],
    }
    assert pairs == {(one, other) for one, others in expected.items() for other in others}


def test_extraction_is_the_definition() -> None:
    """Against all spans of random alignments, one by one."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        length, width = rng.integers(1, 7, 2).tolist()
        every = list(itertools.product(range(length), range(width)))
        links = [every[k] for k in rng.choice(len(every), min(len(every), 4), replace=False)]
        expected = set()
        for i1, j1 in every:
            for i2, j2 in itertools.product(range(i1, length), range(j1, width)):
                inside = [(i1 <= i <= i2, j1 <= j <= j2) for i, j in links]
                short = i2 - i1 < 3 and j2 - j1 < 3
                if short and (True, True) in inside and all(a == b for a, b in inside):
                    expected.add((i1, i2, j1, j2))
        assert set(spans(length, width, links, longest=3)) == expected


def test_orientations_of_neighbours() -> None:
    # The second and third word of four change places.
    found = spans(4, 4, [(0, 0), (1, 2), (2, 1), (3, 3)])
    assert found[0, 0, 0, 0] == (MONOTONE, DISCONTINUOUS)
    assert found[2, 2, 1, 1] == (DISCONTINUOUS, SWAP)
    assert found[1, 1, 2, 2] == (SWAP, DISCONTINUOUS)
    assert found[1, 2, 1, 2] == (MONOTONE, MONOTONE)
    assert found[3, 3, 3, 3] == (DISCONTINUOUS, MONOTONE)
    assert found[0, 3, 0, 3] == (MONOTONE, MONOTONE)


@pytest.fixture(scope="module")
def table() -> PhraseTable:
    """Words 3, 4, 5 are 13, 14, 15; now and then 3 is 23; 4 and 5 change places."""
    source, target, links = [], [], []
    for k in range(60):
        source.append([3, 4, 5][: 1 + k % 3])
        goal = [13 if k % 4 else 23, 14, 15][: 1 + k % 3]
        swapped = len(goal) == 3 and k % 2 == 0
        target.append([goal[0], goal[2], goal[1]] if swapped else goal)
        links.append([(0, 0), (1, 2), (2, 1)] if swapped else [(i, i) for i in range(len(goal))])
    return phrase_table(Corpus.of_ids(source), Corpus.of_ids(target), linked(*links))


def option(table: PhraseTable, source: list[int], target: tuple[int, ...]) -> int:
    return next(k for k in table.options_of(source) if table.target(k) == target)


def test_scores_are_relative_frequencies(table: PhraseTable) -> None:
    assert [table.target(k) for k in table.options_of([3])] == [(13,), (23,)]
    often = option(table, [3], (13,))
    rare = option(table, [3], (23,))
    assert np.exp(table.scores[often]) == pytest.approx([1, 1, 0.75, 0.75])
    assert np.exp(table.scores[rare]) == pytest.approx([1, 1, 0.25, 0.25])
    swapped = option(table, [4, 5], (15, 14))
    assert np.exp(table.scores[swapped]) == pytest.approx([1, 1, 0.5, 1])
    assert len(table.options_of([3, 3])) == len(table.options_of([])) == 0
    assert len(table.options_of([9])) == 0


def test_reordering_is_counted_and_smoothed(table: PhraseTable) -> None:
    five = option(table, [5], (15,))  # ten times after 4, ten times before it
    found = np.exp(table.reordering[five]).reshape(2, 3)
    assert found[0] == pytest.approx([10.5 / 21.5, 0.5 / 21.5, 10.5 / 21.5])
    assert found[1] == pytest.approx([10.5 / 21.5, 10.5 / 21.5, 0.5 / 21.5])


def test_phrases_are_in_lexicographic_order(table: PhraseTable) -> None:
    phrases = [table.source(k) for k in range(len(table.source_offsets) - 1)]
    assert phrases == sorted(set(phrases))
    for k, phrase in enumerate(phrases):
        begin, end = table.option_offsets[k : k + 2]
        assert table.options_of(phrase) == range(begin, end)
        probabilities = table.scores[begin:end, 2].tolist()
        assert probabilities == sorted(probabilities, reverse=True)


def test_lexical_weights_are_of_the_best_alignment() -> None:
    source, target = Corpus.of_ids([[3, 4]] * 3), Corpus.of_ids([[3, 4]] * 3)
    links = linked([(0, 0), (1, 1)], [(0, 0), (1, 1)], [(0, 1), (1, 0)])
    table = phrase_table(source, target, links)
    forward, _ = lexical_weights(source, target, links)
    assert forward.tolist() == pytest.approx(np.log([2 / 3] * 4 + [1 / 3] * 2).tolist())
    both = option(table, [3, 4], (3, 4)) if table.options_of([3, 4]) else None
    assert both is None  # all sentences are the same: nothing is significant
    assert np.exp(table.scores[option(table, [3], (3,))]) == pytest.approx([2 / 3] * 4)


def test_fishers_p_values() -> None:
    every = 500
    factorials = gammaln(np.arange(every + 2) + 1.0)
    for both, one, other in ((1, 1, 1), (3, 5, 4), (10, 100, 40), (20, 30, 20), (0, 3, 3)):
        cells = [[both, one - both], [other - both, every - one - other + both]]
        expected = -math.log(fisher_exact(cells, alternative="greater").pvalue)
        assert minus_log_p(both, one, other, factorials) == pytest.approx(expected, abs=1e-6)
    # Once each and together: exactly one in N.
    assert minus_log_p(1, 1, 1, factorials) == pytest.approx(math.log(every))


def test_a_word_within_longer_phrases_only_gets_what_it_is_linked_to() -> None:
    """Both words of the one side are both words of the other."""
    corpus = Corpus.of_ids([[3, 4], [5]])
    table = phrase_table(corpus, corpus, linked([(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 0)]))
    for word, targets in ((3, {(3,), (4,)}), (4, {(3,), (4,)}), (5, {(5,)})):
        options = table.options_of([word])
        assert {table.target(k) for k in options} == targets
        assert np.exp(table.scores[options, 2]) == pytest.approx(1 / len(targets))


def test_accidents_are_sieved_out() -> None:
    """Of two words that always come together the phrase stays; of two that met once, it goes."""
    rng = np.random.default_rng(0)
    source = [
        [3, 4, *rng.integers(5, 60, 3).tolist()] if k % 4 == 0 else rng.integers(5, 60, 5).tolist()
        for k in range(200)
    ]
    links = linked(*[[(i, i) for i in range(len(one))] for one in source])
    corpus = Corpus.of_ids(source)
    table = phrase_table(corpus, corpus, links)
    assert [table.target(k) for k in table.options_of([3, 4])] == [(3, 4)]
    longer = np.diff(table.source_offsets) > 1
    assert 0 < longer.sum() < 200
    assert all(len(table.options_of([word])) for word in range(5, 60))
    fewer = phrase_table(corpus, corpus, links, largest=65)
    assert 57 <= len(fewer.scores) <= 65
    assert len(fewer.options_of([3, 4]))
    one = phrase_table(corpus, corpus, links, options=1)
    assert np.diff(one.option_offsets).max() == 1


def test_what_is_stored_is_what_is_used() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 8, 3000)
    phrases = sorted({tuple(rng.integers(3, 30, n).tolist()) for n in lengths})
    counts = rng.integers(1, 21, len(phrases))
    sizes = rng.integers(1, 8, counts.sum())
    table = PhraseTable(
        source_tokens=np.array([w for phrase in phrases for w in phrase], np.int32),
        source_offsets=np.cumsum([0, *map(len, phrases)]).astype(np.int32),
        option_offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        target_tokens=rng.integers(3, 40_000, sizes.sum()).astype(np.int32),
        target_offsets=np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
        scores=-rng.exponential(3, (counts.sum(), 4)).astype(np.float32),
        reordering=np.log(rng.dirichlet([1, 1, 1], 2 * counts.sum())).reshape(-1, 6).astype("f4"),
    )
    rounded = table.quantised()
    again = PhraseTable.from_arrays(rounded.to_arrays())
    for name in ("source_tokens", "source_offsets", "option_offsets"):
        assert np.array_equal(getattr(table, name), getattr(rounded, name))
    for name in table.__dataclass_fields__:
        a, b = getattr(rounded, name), getattr(again, name)
        assert np.array_equal(a, b)
        assert a.dtype == b.dtype == getattr(table, name).dtype
    assert np.abs(rounded.scores - table.scores).mean() < 0.05
    assert np.abs(np.exp(rounded.reordering) - np.exp(table.reordering)).mean() < 0.03
    assert rounded.options_of(phrases[100]) == table.options_of(phrases[100])
