"""What translators share that count in parallel texts: words, learning, searching, weights."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from zoo.data import Example
from zoo.errors import InputError
from zoo.options import check_known
from zoo.predictions import Phrase
from zoo.progress import Progress
from zoo.text import Passage
from zoo.translate.alignment import Alignment, align
from zoo.translate.bitext import Pair, direction_of, fit_together, lent, pairs_of
from zoo.translate.checks import SIDES, check_direction, check_settings, check_whole
from zoo.translate.corpus import END, START, UNKNOWN, Corpus, Vocabulary
from zoo.translate.kneser_ney import estimate
from zoo.translate.ngrams import NgramModel
from zoo.translate.phrase_options import FEATURES, Floats
from zoo.translate.phrase_table import PhraseTable
from zoo.translate.sentences import equal_parts
from zoo.translate.stack_decoder import LIMIT, STACK, Derivation, StackDecoder, default_weights
from zoo.translate.stack_search import LONGEST_SENTENCE
from zoo.translate.tokens import Tokens, TrueCase, begins_with_capital, raised
from zoo.translate.translator import Hypothesis, Translator
from zoo.translate.tuning import Candidate, bleu_counts, tune

Arrays = Mapping[str, NDArray[Any]]
_RANGES = {"stack": (1, 2000), "distortion": (0, 100)}  # of the options of predict
_FIT_RANGES = {  # of the options of fit
    "phrases": (1, 1 << 28),
    "ngrams": (1, 1 << 28),
    "order": (2, 9),
    "rounds": (0, 1000),
    "restarts": (0, 1000),
    "candidates": (1, 10_000),
}
_TUNING_LENGTH = 50  # words of a sentence to tune on


@dataclass(frozen=True)
class Side:
    """A language: its words, their case, and the numbers of those that are known."""

    language: str
    tokens: Tokens
    case: TrueCase
    vocabulary: Vocabulary

    def known(self, word: str) -> str:
        """The word, or how it is written in the vocabulary if it is in another case there."""
        if word not in self.vocabulary:
            for other in (self.case.usual.get(word.lower(), word), word.lower(), word.capitalize()):
                if other in self.vocabulary:
                    return other
        return word


class StatisticalTranslator(Translator):
    """Translates one direction by a table of phrases and a language model.

    weights: [F] of the features. choices: what was chosen on validation texts, and how it fared.
    """

    batch_size = 16
    longest_piece: ClassVar[int] = 50
    predict_options: ClassVar[frozenset[str]] = frozenset({"source", "target", "stack"})
    limit: ClassVar[int] = LIMIT
    tuned: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        source: Side,
        target: Side,
        table: PhraseTable,
        model: NgramModel,
        weights: Floats,
        choices: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.source, self.target = source, target
        self.table, self.model = table, model
        self.weights = weights
        self.choices = choices
        self._decoder = StackDecoder(table, model)

    @property
    def directions(self) -> frozenset[tuple[str, str]]:
        return frozenset({(self.source.language, self.target.language)})

    # --- translating ---

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        check_whole(options, _RANGES)

    def _translate(  # type: ignore[override]
        self, pieces: Sequence[Passage], *, stack: int = STACK, distortion: int | None = None
    ) -> list[Hypothesis]:
        limit = self.limit if distortion is None else distortion
        return [self._hypothesis(piece.text, stack, limit) for piece in pieces]

    def _hypothesis(self, text: str, stack: int, limit: int) -> Hypothesis:
        written = self.source.tokens.split(text)
        words = self.source.case.lowered(written)
        translation: list[str] = []
        phrases: list[Phrase] = []
        for part in equal_parts(words, LONGEST_SENTENCE) if words else ():
            derivation = self._derivations(part, self.weights, stack, limit, 1)[0]
            weighted = derivation.features * self.weights
            for step, scores in zip(derivation.steps, weighted.tolist(), strict=True):
                source = part[step.begins : step.ends]
                target = self._target_words(step.words, source)
                translation += target
                phrases.append(
                    Phrase(
                        self.source.tokens.join(source),
                        self.target.tokens.join(target),
                        dict(zip(FEATURES, scores, strict=True)),
                    )
                )
        if begins_with_capital(written):
            translation = raised(translation)
        score = sum(sum(phrase.scores.values()) for phrase in phrases)
        return Hypothesis(self.target.tokens.join(translation), score, tuple(phrases))

    def _derivations(
        self, words: Sequence[str], weights: Floats, stack: int, limit: int, count: int
    ) -> list[Derivation]:
        numbers = self.source.vocabulary.ids(map(self.source.known, words))
        return self._decoder.decode(numbers, weights, stack=stack, limit=limit, count=count)

    def _target_words(self, numbers: tuple[int, ...] | None, source: Sequence[str]) -> list[str]:
        if numbers is None:
            return list(source)
        return [self.target.vocabulary.words[number] for number in numbers]

    # --- learning ---

    @classmethod
    def fit(
        cls,
        train: Iterable[Example],
        validation: Iterable[Example] | None = None,
        *,
        seed: int = 0,
        progress: bool = True,
        workspace: Path | None = None,
        **options: Any,
    ) -> Self:
        """Learn from passages of one direction and their translations; tune on validation ones.

        options: the method's own; see `_train` of its class.
        """
        check_known(f"{cls.__name__} learns with", options, cls.fit_options())
        check_whole(options, _FIT_RANGES)
        also = options.get("also", ())
        if not isinstance(also, list | tuple) or not all(isinstance(name, str) for name in also):
            raise InputError(f"also is a list of names of data sets; {also!r} came.")
        learn, held_out = list(train), list(validation or ())
        direction = direction_of([*learn, *held_out])
        check_direction(*direction)
        return cls._train(
            pairs_of(learn, direction),
            pairs_of(held_out, direction),
            direction,
            seed=seed,
            report=Progress.kept_in(workspace, show=progress),
            **options,
        )

    @classmethod
    def fit_options(cls) -> set[str]:
        """The names of the options of `fit` that are the method's own."""
        common = {"train", "validation", "direction", "seed", "report"}
        return set(inspect.signature(cls._train).parameters) - common

    @classmethod
    def _train(
        cls,
        train: list[Pair],
        validation: list[Pair],
        direction: Pair,
        *,
        seed: int,
        report: Progress,
        also: Sequence[str] = (),
        phrases: int = 200_000,
        ngrams: int = 350_000,
        order: int = 4,
        rounds: int = 6,
        restarts: int = 3,
        candidates: int = 100,
    ) -> Self:
        """Align, count, tune; without validation texts that are short enough, don't tune.

        also: names of data sets whose training texts are learned from, too. phrases, ngrams: how
        many are kept at most. order: of the language model. rounds, restarts: of tuning; see
        `tune`. candidates: translations of each sentence that a round of it looks at.
        """
        every = [*train, *(pair for name in also for pair in lent(name, direction))]
        if not every:
            raise InputError("Of the texts to learn from, none has a translation.")
        tokens = tuple(map(Tokens, direction))
        split = [
            [one.split(text) for text in report.track(column, f"Words of {language}")]
            for one, language, column in zip(
                tokens, direction, zip(*every, strict=True), strict=True
            )
        ]
        cases = [TrueCase.of(column) for column in split]
        lowered = [
            [case.lowered(words) for words in column]
            for case, column in zip(cases, split, strict=True)
        ]
        parallel = [pair for pair in zip(*lowered, strict=True) if fit_together(*pair)]
        if not parallel:
            raise InputError("Of the texts to learn from, no two fit together.")
        vocabularies = [Vocabulary.of(column) for column in zip(*parallel, strict=True)]
        source, target = (
            Corpus.of(column, vocabulary)
            for column, vocabulary in zip(zip(*parallel, strict=True), vocabularies, strict=True)
        )
        table = cls._table(source, target, align(source, target, progress=report), phrases)
        report.log(pairs=len(parallel), phrases=len(table.scores))
        table, known = _reduced(table, vocabularies)
        text = Corpus.of(lowered[1], known[1])
        model = estimate(text, len(known[1]), order=order, largest=ngrams)
        report.log(ngrams=len(model.trie.words))
        sides = [Side(*one) for one in zip(direction, tokens, cases, known, strict=True)]
        untuned = {"tuned": False}
        new = cls(
            sides[0], sides[1], table.quantised(), model.quantised(), default_weights(), untuned
        )
        if rounds:
            new._tune(validation, rounds, restarts, candidates, seed, report)
        return new

    @classmethod
    @abstractmethod
    def _table(cls, source: Corpus, target: Corpus, alignment: Alignment, most: int) -> PhraseTable:
        """The phrases of a parallel corpus, `most` at most."""

    def _tune(
        self,
        validation: list[Pair],
        rounds: int,
        restarts: int,
        candidates: int,
        seed: int,
        report: Progress,
    ) -> None:
        """Choose the weights with which short validation texts are translated best, if any."""
        numbers: dict[str, int] = {}

        def numbered(words: Iterable[str]) -> NDArray[np.int64]:
            return np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)

        texts = []
        for source, target in validation:
            words = self.source.case.lowered(self.source.tokens.split(source))
            reference = self.target.case.lowered(self.target.tokens.split(target))
            if 0 < len(words) <= _TUNING_LENGTH and reference:
                texts.append((words, numbered(reference)))
        if not texts:
            return

        def translate(weights: Floats) -> list[list[Candidate]]:
            return [
                [
                    self._candidate(words, numbered, reference, derivation)
                    for derivation in self._derivations(
                        words, weights, STACK, self.limit, candidates
                    )
                ]
                for words, reference in report.track(texts, "Translating")
            ]

        self.weights, best = tune(
            translate,
            self.weights,
            [FEATURES.index(name) for name in self.tuned],
            rounds=rounds,
            restarts=restarts,
            seed=seed,
            report=report,
        )
        self.choices = {"validation_bleu_of_tokens": round(100 * best, 2)}

    def _candidate(
        self,
        words: Sequence[str],
        numbered: Any,
        reference: NDArray[np.int64],
        derivation: Derivation,
    ) -> Candidate:
        translation = numbered(
            word
            for step in derivation.steps
            for word in self._target_words(step.words, words[step.begins : step.ends])
        )
        return Candidate(
            tuple(translation.tolist()),
            derivation.features.sum(axis=0),
            bleu_counts(translation, reference),
        )

    # --- weights ---

    def count_parameters(self) -> int:
        """Scores of phrases, probabilities and back-offs of n-grams, weights of features."""
        phrases = self.table.scores.size + self.table.reordering.size
        return phrases + 2 * len(self.model.trie.words) + len(self.weights)

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays = {f"table.{name}": array for name, array in self.table.to_arrays().items()}
        arrays |= {f"model.{name}": array for name, array in self.model.to_arrays().items()}
        for name, side in zip(SIDES, (self.source, self.target), strict=True):
            arrays[f"{name}.words"] = side.vocabulary.to_array()
            arrays[f"{name}.case"] = side.case.to_array()
        settings = {
            "source": self.source.language,
            "target": self.target.language,
            "weights": dict(zip(FEATURES, self.weights.tolist(), strict=True)),
            "choices": dict(self.choices),
        }
        return settings, arrays

    @classmethod
    def _from_weights(cls, settings: Mapping[str, Any], arrays: Arrays, device: str) -> Self:
        check_settings(settings)
        sides = [
            Side(
                settings[name],
                Tokens(settings[name]),
                TrueCase.of_array(arrays[f"{name}.case"]),
                Vocabulary.from_array(arrays[f"{name}.words"]),
            )
            for name in SIDES
        ]
        table = PhraseTable.from_arrays(_under("table.", arrays))
        model = NgramModel.from_arrays(_under("model.", arrays))
        for tokens, side in zip((table.source_tokens, table.target_tokens), sides, strict=True):
            if tokens.max(initial=0) >= len(side.vocabulary):
                raise ValueError(f"phrases of more than {len(side.vocabulary)} words")
        if model.size != len(sides[1].vocabulary):
            raise ValueError(f"a language model of {model.size} words")
        weights = np.array([settings["weights"][name] for name in FEATURES], np.float64)
        return cls(sides[0], sides[1], table, model, weights, settings["choices"])

    @classmethod
    def tiny_options(cls) -> dict[str, Any]:
        """Options of `fit` with which some dozens of short sentences train in a second."""
        return {"rounds": 1, "restarts": 0, "candidates": 10, "order": 2}


def _under(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _reduced(
    table: PhraseTable, vocabularies: Sequence[Vocabulary]
) -> tuple[PhraseTable, list[Vocabulary]]:
    """The table with numbers of only those words that it has, in the same order."""
    tokens, known = [], []
    for old, vocabulary in zip(
        (table.source_tokens, table.target_tokens), vocabularies, strict=True
    ):
        used = np.union1d((UNKNOWN, START, END), old)
        known.append(Vocabulary(tuple(vocabulary.words[number] for number in used)))
        tokens.append(np.searchsorted(used, old).astype(np.int32))
    fields = {**vars(table), "source_tokens": tokens[0], "target_tokens": tokens[1]}
    return PhraseTable(**fields), known
