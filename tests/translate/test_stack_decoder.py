"""The search against brute force, and on languages whose translations are planted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.translate.tables import language_model, phrase_table, random_model, random_table
from zoo.translate.ngrams import NgramModel
from zoo.translate.phrase_options import FEATURES
from zoo.translate.phrase_table import PhraseTable
from zoo.translate.stack_decoder import Derivation, StackDecoder, default_weights
from zoo.translate.stack_search import LONGEST_SENTENCE

END = 2
EVEN = np.log(np.full(6, 1 / 3)).tolist()


def every_derivation(
    sentence: list[int], table: PhraseTable, model: NgramModel, weights: np.ndarray, limit: int
) -> Iterator[tuple[float, tuple[tuple[int, int, tuple[int, ...] | None], ...]]]:
    """(score, steps) of all derivations, each scored by itself, as the book says."""
    named = dict(zip(FEATURES, weights.tolist(), strict=True))
    turn_names = ("monotone", "swap", "discontinuous")

    def options(begin: int, end: int) -> list[tuple[tuple[int, ...] | None, int]]:
        found = [(table.target(o), o) for o in table.options_of(sentence[begin:end])]
        return found or ([(None, -1)] if end == begin + 1 else [])

    def turn(begin: int, end: int, before: tuple[int, int]) -> str:
        return turn_names[0 if begin == before[1] else 1 if end == before[0] else 2]

    def reordering(option: int, which: str, side: str) -> float:
        if option < 0:
            return 0.0
        column = turn_names.index(which) + (3 if side == "next" else 0)
        return named[f"{which}, {side}"] * float(table.reordering[option, column])

    def extend(
        covered: frozenset[int], before: tuple[int, int], last: int, state: int, score: float, steps
    ):
        if len(covered) == len(sentence):
            score += named["language model"] * model.advance(state, END)[0]
            which = "monotone" if before[1] == len(sentence) else "discontinuous"
            yield score + reordering(last, which, "next"), steps
            return
        gap = min(set(range(len(sentence))) - covered)
        for begin in range(len(sentence)):
            for end in range(begin + 1, len(sentence) + 1):
                if covered & set(range(begin, end)) or abs(begin - before[1]) > limit:
                    continue
                if begin != gap and end - gap > limit:
                    continue
                for words, option in options(begin, end):
                    gain = named["phrases"] - named["distortion"] * abs(begin - before[1])
                    after = state
                    for word in words or (0,):
                        one, after = model.advance(after, word)
                        gain += named["words"] + named["language model"] * one
                    if option < 0:
                        gain += named["unknown words"]
                    else:
                        gain += float(weights[:4] @ table.scores[option])
                    which = turn(begin, end, before)
                    gain += reordering(option, which, "previous")
                    gain += reordering(last, which, "next") if steps else 0.0
                    yield from extend(
                        covered | set(range(begin, end)),
                        (begin, end),
                        option,
                        after,
                        score + gain,
                        (*steps, (begin, end, words)),
                    )

    yield from extend(frozenset(), (0, 0), -1, model.start_state, 0.0, ())


def steps_of(derivation: Derivation) -> tuple[tuple[int, int, tuple[int, ...] | None], ...]:
    return tuple((step.begins, step.ends, step.words) for step in derivation.steps)


@pytest.mark.parametrize(("seed", "limit"), [(0, 6), (1, 6), (2, 1), (3, 2), (4, 0)])
def test_a_wide_search_finds_what_brute_force_finds(seed: int, limit: int) -> None:
    rng = np.random.default_rng(seed)
    table, model = random_table(rng, 8, 9), random_model(rng, 9)
    weights = rng.uniform(0.1, 1, len(FEATURES))
    weights[FEATURES.index("unknown words")] = -2
    sentence = rng.integers(3, 8, 4).tolist()  # 7 is mostly unknown
    wanted = sorted(every_derivation(sentence, table, model, weights, limit), reverse=True)
    found = StackDecoder(table, model).decode(
        sentence, weights, stack=20_000, limit=limit, count=30
    )
    assert [one.score for one in found] == pytest.approx([score for score, _ in wanted[:30]])
    assert steps_of(found[0]) == wanted[0][1]


def test_a_narrow_search_finds_no_better_and_says_the_same_again() -> None:
    rng = np.random.default_rng(5)
    table, model = random_table(rng, 12, 14), random_model(rng, 14)
    decoder = StackDecoder(table, model)
    sentence = rng.integers(3, 12, 9).tolist()
    scores = [decoder.decode(sentence, default_weights(), stack=n)[0].score for n in (1, 30, 3000)]
    assert scores[0] <= scores[2] + 1e-9
    assert scores[1] <= scores[2] + 1e-9
    again = decoder.decode(sentence, default_weights(), stack=30, count=20)
    assert again[0].score == scores[1]
    other = decoder.decode(sentence, default_weights(), stack=30, count=20)
    assert [steps_of(one) for one in again] == [steps_of(one) for one in other]
    assert [one.score for one in again] == pytest.approx(
        sorted((one.score for one in again), reverse=True)
    )


def test_words_are_put_in_the_order_that_the_language_model_likes() -> None:
    # "adjective noun" becomes "noun adjective": 3 4 -> 14 13, and 5 after them stays.
    table = phrase_table({(word,): [((word + 10,), (-0.1,) * 4, EVEN)] for word in (3, 4, 5)})
    model = language_model([[14, 13, 15]] * 20 + [[14, 13]] * 5 + [[15]] * 5, 16)
    best = StackDecoder(table, model).decode([3, 4, 5], default_weights())[0]
    assert [step.words for step in best.steps] == [(14,), (13,), (15,)]
    straight = StackDecoder(table, model).decode([3, 4, 5], default_weights(), limit=0)[0]
    assert [step.words for step in straight.steps] == [(13,), (14,), (15,)]


def test_a_swap_that_was_learned_is_made() -> None:
    swaps = np.log([0.01, 0.98, 0.01] * 2).tolist()
    table = phrase_table({(3,): [((13,), (-0.1,) * 4, swaps)], (4,): [((14,), (-0.1,) * 4, swaps)]})
    model = language_model([[13], [14], [13, 14], [14, 13]], 16)
    best = StackDecoder(table, model).decode([3, 4], default_weights())[0]
    assert [(step.begins, step.words) for step in best.steps] == [(1, (14,)), (0, (13,))]


def test_what_no_phrase_covers_is_copied() -> None:
    table = phrase_table({(3,): [((13,), (-0.1,) * 4, EVEN)], (4, 5): [((14,), (-1,) * 4, EVEN)]})
    decoder = StackDecoder(table, language_model([[13, 14]], 16))
    known = decoder.decode([3, 0, 4], default_weights())[0]
    assert sorted((step.begins, step.words) for step in known.steps if step.words is None) == [
        (1, None),
        (2, None),
    ]
    assert [step.words for step in decoder.decode([0], default_weights())[0].steps] == [None]


def test_features_add_up_to_the_score_of_the_search() -> None:
    rng = np.random.default_rng(6)
    table, model = random_table(rng, 10, 12), random_model(rng, 12)
    weights = rng.uniform(0.1, 1, len(FEATURES))
    sentence = rng.integers(3, 10, 5).tolist()
    best = StackDecoder(table, model).decode(sentence, weights, stack=500)[0]
    assert best.features.shape == (len(best.steps), len(FEATURES))
    assert best.score == pytest.approx(float((best.features @ weights).sum()))
    wanted = {steps: score for score, steps in every_derivation(sentence, table, model, weights, 6)}
    assert wanted[steps_of(best)] == pytest.approx(best.score)


def test_a_long_sentence_is_searched_and_a_longer_one_refused() -> None:
    rng = np.random.default_rng(7)
    table, model = random_table(rng, 10, 12), random_model(rng, 12)
    decoder = StackDecoder(table, model)
    sentence = rng.integers(3, 10, LONGEST_SENTENCE).tolist()
    steps = decoder.decode(sentence, default_weights(), stack=20)[0].steps
    covered = sorted(place for step in steps for place in range(step.begins, step.ends))
    assert covered == list(range(LONGEST_SENTENCE))
    wide = decoder.decode(sentence, default_weights(), stack=20, limit=100)[0].steps
    assert sum(step.ends - step.begins for step in wide) == LONGEST_SENTENCE
    for size in (0, LONGEST_SENTENCE + 1):
        with pytest.raises(ValueError, match=f"a sentence of {size} words"):
            decoder.decode([3] * size, default_weights())
