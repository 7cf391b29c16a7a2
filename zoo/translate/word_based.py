"""Translation word by word, as it was before phrases: a lexicon, a language model, a small search.

Brown, Della Pietra, Della Pietra and Mercer, "The Mathematics of Statistical Machine Translation:
Parameter Estimation", Computational Linguistics 19, 1993: Model 1, and the noisy channel that it is
one half of. Words keep their order and their number.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from zoo.translate.alignment import Alignment
from zoo.translate.corpus import Corpus
from zoo.translate.phrase_table import PhraseTable
from zoo.translate.statistical import StatisticalTranslator

_MOST, _LEAST = 20, 0.001  # translations of a word, and their least probability
_RAREST = 1e-6  # p(source word | target word) where the lexicon has none


class WordBasedTranslator(StatisticalTranslator):
    """Each word becomes one of those that Model 1 holds it to mean, whatever stands around it."""

    limit: ClassVar[int] = 0
    tuned: ClassVar[tuple[str, ...]] = (
        "lex(source | target)",
        "lex(target | source)",
        "language model",
    )

    @classmethod
    def _table(cls, source: Corpus, target: Corpus, alignment: Alignment, most: int) -> PhraseTable:
        words = int(source.tokens.max()) + 1  # the empty word, which comes after them, is not said
        for each in range(_MOST, 0, -1):
            lexicon = alignment.forward.pruned(each, _LEAST)
            counts = np.diff(lexicon.offsets)[:words]
            size = int(counts.sum())
            if size <= most:
                break
        origins = np.repeat(np.arange(words), counts)
        goals = lexicon.words[:size]
        pairs = zip(origins.tolist(), goals.tolist(), strict=True)
        backward = [alignment.backward.of(word) for word in range(int(target.tokens.max()) + 1)]
        scores = np.zeros((size, 4), np.float32)
        scores[:, 1] = np.log([backward[b].get(a, _RAREST) for a, b in pairs])
        scores[:, 3] = np.log(lexicon.probabilities[:size])
        known = np.flatnonzero(counts)
        return PhraseTable(
            source_tokens=known.astype(np.int32),
            source_offsets=np.arange(len(known) + 1, dtype=np.int32),
            option_offsets=np.concatenate(([0], np.cumsum(counts[known]))).astype(np.int32),
            target_tokens=goals.astype(np.int32),
            target_offsets=np.arange(size + 1, dtype=np.int32),
            scores=scores,
            reordering=np.zeros((size, 6), np.float32),
        )
