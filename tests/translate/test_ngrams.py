"""The n-gram model: what is estimated, how it is walked, and what is stored of it."""

import math
from collections import Counter

import numpy as np
import pytest

from zoo.translate.corpus import END, START, UNKNOWN, Corpus, Vocabulary, grams
from zoo.translate.kneser_ney import estimate
from zoo.translate.ngrams import NgramModel
from zoo.translate.packing import inflated, packed, quantised, unpacked


def chatter(sentences: int = 300, seed: int = 0) -> list[list[str]]:
    """Sentences in which each word makes some words likely to follow."""
    rng = np.random.default_rng(seed)
    words = [f"w{k}" for k in range(12)]
    found = []
    for _ in range(sentences):
        at = int(rng.integers(12))
        sentence = [words[at]]
        while rng.random() < 0.85:
            at = int((at * 3 + rng.geometric(0.4)) % 12)
            sentence.append(words[at])
        found.append(sentence)
    return found


@pytest.fixture(scope="module")
def text() -> tuple[Vocabulary, Corpus]:
    sentences = chatter()
    vocabulary = Vocabulary.of(sentences)
    return vocabulary, Corpus.of(sentences, vocabulary)


@pytest.fixture(scope="module")
def model(text: tuple[Vocabulary, Corpus]) -> NgramModel:
    vocabulary, corpus = text
    return estimate(corpus, len(vocabulary))


def nodes(model: NgramModel) -> dict[tuple[int, ...], int]:
    """The n-gram of each node, from the tables of the trie alone."""
    names: list[tuple[int, ...]] = [()]
    for parent in range(len(model.trie.words)):
        for node in range(model.trie.children[parent], model.trie.children[parent + 1]):
            names.append((*names[parent], int(model.trie.words[node])))
    return {name: node for node, name in enumerate(names)}


def backed_off(
    model: NgramModel, known: dict[tuple[int, ...], int], history: tuple[int, ...], word: int
) -> float:
    """Log p by Katz's recursion over n-grams that are looked up whole."""
    if (*history, word) in known:
        return float(model.trie.log_probabilities[known[(*history, word)]])
    weight = float(model.trie.back_offs[known[history]]) if history in known else 0.0
    return weight + backed_off(model, known, history[1:], word)


def total(model: NgramModel, state: int) -> float:
    return sum(math.exp(model.advance(state, w)[0]) for w in range(model.size) if w != START)


def test_vocabulary_numbers_frequent_words_first() -> None:
    vocabulary = Vocabulary.of([["b", "a", "b"], ["c", "<s>"]])
    assert vocabulary.words == ("<unk>", "<s>", "</s>", "b", "a", "c")
    assert vocabulary.ids(["c", "nobody", "<s>"]) == [5, UNKNOWN, UNKNOWN]
    assert "b" in vocabulary
    assert "<s>" not in vocabulary
    assert Vocabulary.from_array(vocabulary.to_array()) == vocabulary
    empty = Vocabulary.of([])
    assert Vocabulary.from_array(empty.to_array()) == empty


def test_corpus_is_its_sentences() -> None:
    corpus = Corpus.of_ids([[3, 4], [], [5]])
    assert [one.tolist() for one in corpus] == [[3, 4], [], [5]]
    assert corpus.sentence_of.tolist() == [0, 0, 2]
    bounded = [one.tolist() for one in corpus.bounded()]
    assert bounded == [[START, 3, 4, END], [START, END], [START, 5, END]]


def test_grams_stay_within_sentences() -> None:
    singles, pairs, triples = grams(Corpus.of_ids([[3, 4, 3, 4], [4, 3]]), 3, 5)
    assert singles.counts.tolist() == [0, 0, 0, 3, 3]
    assert list(zip(pairs.prefixes.tolist(), pairs.words.tolist(), strict=True)) == [(3, 4), (4, 3)]
    assert pairs.counts.tolist() == [2, 2]
    assert pairs.at.tolist() == [0, 1, 0, -1, 1, -1]
    assert triples.at.tolist() == [0, 1, -1, -1, -1, -1]


def test_tiny_bigrams_by_hand() -> None:
    """Two sentences, "a b" and "a c": too few for counts of counts, so that D1 = D2 / 2 = 1/2."""
    vocabulary = Vocabulary.of([["a", "b"], ["a", "c"]])
    corpus = Corpus.of([["a", "b"], ["a", "c"]], vocabulary)
    model = estimate(corpus, len(vocabulary), order=2)
    a, b, c = vocabulary.ids(["a", "b", "c"])
    # Kinds of words before: one before a, b and c each, two before the end: five in all. Three
    # discounts of 1/2 and one of 1 are shared by five words: unknown, end, a, b and c.
    unigram = {a: 0.5 / 5 + 0.1, b: 0.5 / 5 + 0.1, END: 1 / 5 + 0.1, UNKNOWN: 0.1}
    assert np.exp(model.advance(0, a)[0]) == pytest.approx(unigram[a])
    assert np.exp(model.advance(0, END)[0]) == pytest.approx(unigram[END])
    assert np.exp(model.advance(0, UNKNOWN)[0]) == pytest.approx(unigram[UNKNOWN])
    # After the start: a twice, discounted by 1; after a: b and c once each, discounted by 1/2.
    start_a, after_a = model.advance(model.start_state, a)
    assert np.exp(start_a) == pytest.approx((2 - 1) / 2 + 1 / 2 * unigram[a])
    a_b, after_b = model.advance(after_a, b)
    assert np.exp(a_b) == pytest.approx((1 - 0.5) / 2 + 1 / 2 * unigram[b])
    assert np.exp(model.advance(after_a, END)[0]) == pytest.approx(1 / 2 * unigram[END])
    b_end = model.advance(after_b, END)[0]
    assert np.exp(b_end) == pytest.approx((1 - 0.5) / 1 + 1 / 2 * unigram[END])
    assert model.score([a, b]) == pytest.approx(start_a + a_b + b_end)
    assert model.advance(after_a, c)[1] != after_b


def test_probabilities_sum_to_one(text: tuple[Vocabulary, Corpus], model: NgramModel) -> None:
    vocabulary, corpus = text
    pruned = estimate(corpus, len(vocabulary), largest=100)
    assert len(pruned.trie.words) < 160 < len(model.trie.words)
    for one in (model, pruned):
        for state in set(one.trie.states.tolist()):
            assert total(one, state) == pytest.approx(1, abs=1e-5)


def test_walking_the_trie_is_looking_up(text: tuple[Vocabulary, Corpus], model: NgramModel) -> None:
    vocabulary, corpus = text
    for one in (model, estimate(corpus, len(vocabulary), largest=80)):
        known = nodes(one)
        words = np.random.default_rng(1).integers(3, one.size, 400).tolist()
        words[50] = UNKNOWN
        state, history = one.start_state, (START,)
        for word in [*words, *corpus.tokens[:200].tolist()]:
            expected = backed_off(one, known, history, word)
            found, state = one.advance(state, word)
            assert found == pytest.approx(expected, abs=1e-5)
            history = (*history, word)[-3:]


def test_states_are_equal_when_futures_are(model: NgramModel) -> None:
    known = nodes(model)
    for name, node in known.items():
        state = int(model.trie.states[node])
        grown = [name[k:] for k in range(len(name) + 1)]
        expected = next(
            one
            for one in grown
            if not one
            or (
                one in known
                and model.trie.children[known[one]] < model.trie.children[known[one] + 1]
            )
        )
        assert state == known[expected]


def test_estimates_are_kneser_neys(text: tuple[Vocabulary, Corpus]) -> None:
    """Against a plain computation of an unpruned trigram model."""
    vocabulary, corpus = text
    model = estimate(corpus, len(vocabulary), order=3)
    sentences = [(START, *one.tolist(), END) for one in corpus]
    runs = [
        Counter(s[k : k + n] for s in sentences for k in range(len(s) - n + 1)) for n in (1, 2, 3)
    ]
    before = Counter(run[1:] for run in runs[2])
    adjusted = {
        1: Counter(run[1:] for run in runs[1]),
        2: {run: runs[1][run] if run[0] == START else before[run] for run in runs[1]},
        3: dict(runs[2]),
    }

    def probability(run: tuple[int, ...]) -> float:
        if not run:
            return 1 / (model.size - 1)
        counts = adjusted[len(run)]
        n = [sum(count == k for count in counts.values()) for k in (1, 2, 3, 4)]
        discounts = [0.5, 1, 1.5]
        if all(n):
            y = n[0] / (n[0] + 2 * n[1])
            discounts = [k - (k + 1) * y * n[k] / n[k - 1] for k in (1, 2, 3)]
        same = [count for one, count in counts.items() if one[:-1] == run[:-1]]
        spared = sum(discounts[min(count, 3) - 1] for count in same)
        own = counts[run] - discounts[min(counts[run], 3) - 1] if counts.get(run) else 0
        return (own + spared * probability(run[1:])) / sum(same)

    known = nodes(model)
    for run in [*list(runs[1])[:60], *list(runs[2])[:60]]:
        found = float(model.trie.log_probabilities[known[run]])
        assert found == pytest.approx(math.log(probability(run)), abs=1e-4)


def test_pruning_drops_what_matters_least(text: tuple[Vocabulary, Corpus]) -> None:
    vocabulary, corpus = text
    sizes = [None, 300, 100, 20]
    models = [estimate(corpus, len(vocabulary), largest=size) for size in sizes]
    counts = [len(model.trie.words) for model in models]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < 20 + 2 * 20
    scores = [sum(model.score(one.tolist()) for one in corpus) for model in models]
    assert scores == sorted(scores, reverse=True)
    perplexity = math.exp(-scores[-1] / (len(corpus.tokens) + len(corpus)))
    assert perplexity < len(vocabulary)


def test_what_is_stored_is_what_is_used(model: NgramModel) -> None:
    rounded = model.quantised()
    again = NgramModel.from_arrays(rounded.to_arrays())
    assert again.size == rounded.size == model.size
    for a, b in zip(rounded.trie, again.trie, strict=True):
        assert np.array_equal(a, b)
        assert a.dtype == b.dtype
    for name in ("words", "children", "suffixes", "states"):
        assert np.array_equal(getattr(model.trie, name), getattr(rounded.trie, name))
    assert np.allclose(model.trie.log_probabilities, rounded.trie.log_probabilities, atol=0.2)
    assert total(rounded, 0) == pytest.approx(1, abs=1e-5)


def test_numbers_are_packed_by_size() -> None:
    numbers = np.array([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, (1 << 28) - 1, 5])
    assert unpacked(packed(numbers)).tolist() == numbers.tolist()
    assert len(inflated(packed(numbers))) == 3 + 2 * 2 + 2 * 3 + 2 * 4 + 1
    assert len(packed(np.zeros(10_000, np.int64))) < 100
    assert unpacked(packed(np.zeros(0, np.int64))).tolist() == []


def test_codebooks_keep_few_values_and_come_near_many() -> None:
    few = np.repeat(np.float32([[0.1, 2], [0.3, 1]]), 300, axis=0)
    codes, book = quantised(few)
    assert np.array_equal(book[codes], few)
    many = np.random.default_rng(0).normal(size=(5_000, 1)).astype(np.float32)
    codes, book = quantised(many)
    assert len(book) <= 256
    assert codes.dtype == np.uint8
    assert np.abs(book[codes] - many).mean() < 0.01
    assert np.array_equal(quantised(book[codes])[1][quantised(book[codes])[0]], book[codes])
