"""Small tables of phrases and language models, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.translate.corpus import Corpus
from zoo.translate.kneser_ney import estimate
from zoo.translate.ngrams import NgramModel
from zoo.translate.phrase_table import PhraseTable

Option = tuple[Sequence[int], Sequence[float], Sequence[float]]


def phrase_table(phrases: Mapping[tuple[int, ...], Sequence[Option]]) -> PhraseTable:
    """Of source phrase -> options: target words, 4 scores, 6 logarithms of orientations."""
    ordered = sorted(phrases)
    options = [option for phrase in ordered for option in phrases[phrase]]
    return PhraseTable(
        source_tokens=np.array([word for phrase in ordered for word in phrase], np.int32),
        source_offsets=_offsets([len(phrase) for phrase in ordered]),
        option_offsets=_offsets([len(phrases[phrase]) for phrase in ordered]),
        target_tokens=np.array([word for target, *_ in options for word in target], np.int32),
        target_offsets=_offsets([len(target) for target, *_ in options]),
        scores=np.array([scores for _, scores, _ in options], np.float32).reshape(-1, 4),
        reordering=np.array([turns for *_, turns in options], np.float32).reshape(-1, 6),
    )


def random_table(rng: np.random.Generator, words: int, targets: int) -> PhraseTable:
    """All single words from 3 on but the last, some pairs and triples, up to 3 options each."""
    singles = [(word,) for word in range(3, words - 1)]
    longer = [tuple(rng.integers(3, words, length).tolist()) for length in (2, 2, 2, 2, 3, 3)]
    return phrase_table(
        {
            phrase: [
                (
                    tuple(rng.integers(3, targets, rng.integers(1, 3)).tolist()),
                    np.log(rng.uniform(0.05, 1, 4)).tolist(),
                    np.log(rng.dirichlet(np.ones(3), 2)).ravel().tolist(),
                )
                for _ in range(rng.integers(1, 4))
            ]
            for phrase in {*singles, *longer}
        }
    )


def language_model(sentences: Sequence[Sequence[int]], size: int) -> NgramModel:
    return estimate(Corpus.of_ids(sentences), size, order=3)


def random_model(rng: np.random.Generator, size: int) -> NgramModel:
    return language_model([rng.integers(3, size, 5).tolist() for _ in range(40)], size)


def _offsets(lengths: Sequence[int]) -> np.ndarray:
    return np.cumsum([0, *lengths]).astype(np.int32)
