"""Statistical translators on a planted pair of languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.translate.tables import phrase_table
from zoo import weights
from zoo.data import Example
from zoo.errors import InputError, WeightsError
from zoo.text import Passage
from zoo.translate import bitext
from zoo.translate.alignment import Alignment, Lexicon, Links
from zoo.translate.corpus import Vocabulary
from zoo.translate.packing import deflated, inflated
from zoo.translate.phrase_based import PhraseBasedTranslator, with_single_words
from zoo.translate.phrase_options import FEATURES
from zoo.translate.stack_decoder import default_weights
from zoo.translate.statistical import StatisticalTranslator
from zoo.translate.word_based import WordBasedTranslator

NOUNS = {"dog": "perro", "cat": "gato", "horse": "caballo", "bird": "pájaro"}
COLOURS = {"red": "rojo", "black": "negro", "white": "blanco", "small": "pequeño"}
VERBS = {"sees": "ve", "bites": "muerde", "likes": "quiere", "looks for": "busca"}


def sentence(rng: np.random.Generator) -> tuple[str, str]:
    """English and Spanish of a kind: colours follow what they colour."""

    def thing() -> tuple[str, str]:
        noun, colour = rng.choice(list(NOUNS)), rng.choice(list(COLOURS))
        if rng.random() < 0.3:
            return f"the {noun}", f"el {NOUNS[noun]}"
        return f"the {colour} {noun}", f"el {NOUNS[noun]} {COLOURS[colour]}"

    (one, uno), (other, otro), verb = thing(), thing(), rng.choice(list(VERBS))
    english, spanish = f"{one} {verb} {other}.", f"{uno} {VERBS[verb]} {otro}."
    return english[0].upper() + english[1:], spanish[0].upper() + spanish[1:]


def examples(count: int, seed: int) -> list[Example]:
    rng = np.random.default_rng(seed)
    return [
        Example(Passage(english, "en", "es"), spanish)
        for english, spanish in (sentence(rng) for _ in range(count))
    ]


@pytest.fixture(scope="module")
def translator() -> PhraseBasedTranslator:
    return PhraseBasedTranslator.fit(
        examples(300, 0), examples(30, 1), progress=False, rounds=2, restarts=1, candidates=30
    )


@pytest.fixture(scope="module")
def word_translator() -> WordBasedTranslator:
    return WordBasedTranslator.fit(
        examples(200, 0), examples(20, 1), progress=False, **WordBasedTranslator.tiny_options()
    )


def test_what_was_planted_is_found(translator: PhraseBasedTranslator) -> None:
    held_out = examples(40, 2)
    right = [translator.predict(one.input).text == one.target for one in held_out]
    assert np.mean(right) > 0.95
    assert translator.choices["validation_bleu_of_tokens"] > 90


def test_words_that_are_no_phrase_get_what_the_lexicon_knows() -> None:
    flat = np.log(np.full(6, 1 / 3)).tolist()
    table = phrase_table(
        {
            (3,): [((13,), (-0.1,) * 4, flat), ((14,), (-0.2,) * 4, flat)],
            (4, 5): [((15, 16), (-0.3,) * 4, flat)],
            (6,): [((17,), (-0.4,) * 4, flat)],
        }
    )

    def lexicon(*entries: tuple[int, int, float]) -> Lexicon:
        counts = np.bincount([word for word, *_ in entries], minlength=20)
        return Lexicon(
            np.concatenate(([0], np.cumsum(counts))),
            np.array([other for _, other, _ in entries], np.int32),
            np.array([share for *_, share in entries], np.float32),
        )

    nothing = np.zeros(0, np.int32)
    alignment = Alignment(
        Links(nothing, nothing, np.zeros(1, np.int64)),
        forward=lexicon((3, 15, 1.0), (4, 15, 0.5), (4, 13, 0.5), (5, 16, 0.001)),
        backward=lexicon((13, 3, 1.0), (15, 4, 0.25), (16, 5, 0.5)),
    )
    grown = with_single_words(table, alignment, 7)
    assert [grown.source(k) for k in range(4)] == [(3,), (4,), (4, 5), (6,)]
    assert [[grown.target(o) for o in grown.options_of(p)] for p in ((3,), (4,), (4, 5), (6,))] == [
        [(13,), (14,)], [(15,)], [(15, 16)], [(17,)],
    ]  # fmt: skip
    assert grown.scores[2] == pytest.approx(np.log([0.25, 0.25, 0.5, 0.5]))
    assert grown.scores[[0, 1, 3, 4], 0] == pytest.approx([-0.1, -0.2, -0.3, -0.4])


def test_words_change_their_places(translator: PhraseBasedTranslator) -> None:
    assert translator.predict("The black horse sees the red dog.").text == (
        "El caballo negro ve el perro rojo."
    )


def test_word_by_word_they_do_not(word_translator: WordBasedTranslator) -> None:
    found = word_translator.predict("The black horse sees the red dog.")
    assert len(found.text.split()) == 7
    assert [phrase.source for phrase in found.phrases] == [
        "the", "black", "horse", "sees", "the", "red", "dog", ".",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no option 'distortion'"):
        word_translator.predict("The dog", distortion=3)


def test_unknown_words_and_placeholders_are_copied(translator: PhraseBasedTranslator) -> None:
    found = translator.predict("The dog sees Zyxwv %(name)s.")
    assert "Zyxwv" in found.text
    assert "%(name)s" in found.text
    assert found.text.startswith("El perro ve")
    assert translator.predict("zyxwv").text == "zyxwv"
    assert translator.predict("DOG").text == "Perro"


def test_scores_of_phrases_add_up(translator: PhraseBasedTranslator) -> None:
    found = translator.predict("The small cat likes the qwert. The dog bites the bird.")
    assert all(tuple(phrase.scores) == FEATURES for phrase in found.phrases)
    total = sum(sum(phrase.scores.values()) for phrase in found.phrases)
    assert found.score == pytest.approx(total)
    said = " ".join(phrase.source for phrase in found.phrases)
    sources = sorted(said.replace(".", " .").split())
    assert " ".join(sources) == ". . bird bites cat dog likes qwert small the the the the"


@pytest.mark.parametrize("fixture", ["translator", "word_translator"])
def test_alone_in_a_batch_and_loaded_it_says_the_same(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    model = request.getfixturevalue(fixture)
    texts = [example.input.text for example in examples(20, 3)] + ["Hello %s", "the dog " * 60]
    alone = [model.predict(text) for text in texts]
    assert model.predict_batch(texts, batch_size=7) == alone
    model.save(tmp_path / "weights")
    loaded = type(model).load(tmp_path / "weights")
    assert loaded.predict_batch(texts) == alone
    assert loaded.directions == {("en", "es")}
    assert loaded.choices == model.choices


def test_the_same_seed_gives_the_same_model(translator: PhraseBasedTranslator) -> None:
    again = PhraseBasedTranslator.fit(
        examples(300, 0), examples(30, 1), progress=False, rounds=2, restarts=1, candidates=30
    )
    assert again.weights.tolist() == translator.weights.tolist()
    for name, array in translator._to_weights()[1].items():
        assert np.array_equal(array, again._to_weights()[1][name]), name


def test_options_of_predict(translator: PhraseBasedTranslator) -> None:
    text = "The black horse sees the red dog."
    narrow = translator.predict(text, stack=1, distortion=0)
    assert narrow.score <= translator.predict(text, stack=1000).score + 1e-9
    for options in (
        {"stack": 0},
        {"stack": 1.5},
        {"stack": True},
        {"stack": 2001},
        {"distortion": -1},
    ):
        with pytest.raises(InputError, match="is a whole number from"):
            translator.predict(text, **options)
    with pytest.raises(InputError, match="no option 'beam'"):
        translator.predict(text, beam=3)


def test_hardly_sentences(translator: PhraseBasedTranslator) -> None:
    for text in ("...", "5 %", "x" * 300, "?" * 300 + "a", ". a" * 200, "a\u0301 \U0001f600", "'"):
        assert isinstance(translator.predict(text).text, str)
    for bad in ("", " \n", None, 3):
        with pytest.raises(InputError):
            translator.predict(bad)
    with pytest.raises(InputError):
        translator.predict("the dog", target="de")


@pytest.mark.parametrize("kind", [PhraseBasedTranslator, WordBasedTranslator])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda learn: [], "no text came"),
        (lambda learn: [*learn, Example(Passage("a", "en", "de"), "b")], "en to de, en to es"),
        (lambda learn: [Example("a", "b")], "are passages with their languages; str came"),
        (lambda learn: [Example(Passage("a", "en", "es"), None)], "are str; str, NoneType"),
        (lambda learn: [Example(Passage("a", "en", None), "b")], "are str; "),
        (lambda learn: [Example(Passage("a", "en", "en"), "b")], "needs no translation"),
        (lambda learn: [Example(Passage("a", "en", "tlh"), "b")], "no rules for the words"),
        (lambda learn: [Example(Passage(" ", "en", "es"), "b")], "none has a translation"),
        (lambda learn: [Example(Passage("a " * 90, "en", "es"), "b")], "no two fit together"),
    ],
)
def test_bad_lessons_are_refused(
    kind: type[StatisticalTranslator],
    damage: Callable[[list[Example]], list[Example]],
    said: str,
) -> None:
    with pytest.raises(InputError, match=said):
        kind.fit(damage(examples(5, 0)), progress=False)


def test_options_of_fit() -> None:
    assert {"also", "phrases", "ngrams", "rounds"} <= PhraseBasedTranslator.fit_options()
    with pytest.raises(InputError, match="no option 'epochs'"):
        PhraseBasedTranslator.fit(examples(5, 0), epochs=3)
    for options in (
        {"phrases": 0},
        {"ngrams": True},
        {"order": 1},
        {"rounds": -1},
        {"rounds": 1.0},
    ):
        with pytest.raises(InputError, match="is a whole number from"):
            PhraseBasedTranslator.fit(examples(5, 0), progress=False, **options)
    for also in ("software-strings", [3], None):
        with pytest.raises(InputError, match="also is a list of names"):
            PhraseBasedTranslator.fit(examples(5, 0), progress=False, also=also)


def test_without_texts_to_tune_on_weights_stay_the_usual() -> None:
    long = [Example(Passage("the dog " * 40, "en", "es"), "el perro " * 40)]
    for validation in (None, long):
        model = WordBasedTranslator.fit(examples(30, 0), validation, progress=False)
        assert model.weights.tolist() == default_weights().tolist()
        assert model.choices == {"tuned": False}


def test_other_data_sets_are_learned_from_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strings:
        def examples(self, split: str) -> list[Example]:
            assert split == "train"
            return [
                Example(Passage("Save as\nOpen", "en", "es"), "Guardar como\nAbrir"),
                Example(Passage("Save as", "en", "de"), "Speichern unter"),
            ] * 5

    monkeypatch.setattr(bitext, "data_set", lambda name: {"strings": Strings()}[name])
    model = PhraseBasedTranslator.fit(examples(50, 0), progress=False, also=["strings"])
    assert model.predict("Save as").text == "Guardar como"
    assert model.predict("Open").text == "Abrir"
    assert model.predict("The dog sees the cat.").text == "El perro ve el gato."


def test_weights_that_do_not_fit_are_refused(
    translator: PhraseBasedTranslator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, arrays = translator._to_weights()
    arrays["target.words"] = Vocabulary(translator.target.vocabulary.words[:6]).to_array()
    monkeypatch.setattr(PhraseBasedTranslator, "_to_weights", lambda self: (settings, arrays))
    translator.save(tmp_path / "weights")
    with pytest.raises(WeightsError, match="does not fit"):
        PhraseBasedTranslator.load(tmp_path / "weights")


def damaged(name: str, array: np.ndarray) -> Iterator[np.ndarray]:
    """An array without its content, too short, too long, and with single elements changed."""
    packed_up = array.dtype == np.uint8
    content = inflated(array) if packed_up else array
    found = [content[:0], content[:-1], content[: len(content) // 2], np.repeat(content, 2, axis=0)]
    rng = np.random.default_rng(0)
    for value in (0, 127, 128, 255) if packed_up else (0, np.nan, np.inf, -3e38, 3e38):
        for place in (0, -1, *rng.integers(0, len(content), 3)):
            other = content.copy()
            other[place] = value
            found.append(other)
    yield from map(deflated, found) if packed_up else found
    if packed_up:
        yield from (array[:0], array[:-1], np.concatenate((array[:9], array[9:] ^ 1)))


@pytest.fixture(scope="module")
def stored(translator: PhraseBasedTranslator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "weights"
    translator.save(folder)
    return folder


ARRAYS = (
    *(f"table.{name}" for name in ("source_lengths", "source_tokens", "option_counts")),
    *(f"table.{name}" for name in ("target_lengths", "target_tokens", "next", "next_book")),
    *(f"table.{name}" for name in ("previous", "previous_book")),
    *(f"table.score_{k}{book}" for k in range(4) for book in ("", "_book")),
    *(f"model.{name}" for name in ("child_counts", "words", "word_logs", "word_log_book")),
    *(f"model.{name}" for name in ("longer_logs", "longer_log_book", "back_offs")),
    "model.back_off_book",
    *(f"{side}.{name}" for side in ("source", "target") for name in ("words", "case")),
)


@pytest.mark.parametrize("name", ARRAYS)
def test_damaged_arrays_are_refused_or_answer(name: str, stored: Path, tmp_path: Path) -> None:
    whole = weights.read(stored)
    assert set(whole.arrays) == set(ARRAYS)
    for number, array in enumerate(damaged(name, whole.arrays[name])):
        folder = tmp_path / str(number)
        weights.write(folder, replace(whole, arrays={**whole.arrays, name: array}))
        try:
            model = PhraseBasedTranslator.load(folder)
        except WeightsError:
            continue
        for text in ("The black horse looks for the red dog.", "A zyx sees %s"):
            assert isinstance(model.predict(text).text, str)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": 3},
        {"source": "es"},
        {"target": "tlh"},
        {"choices": []},
        {"weights": None},
        *({"weights": dict.fromkeys(FEATURES, bad)} for bad in (True, "1", None, 1e300, 1)),
        {"weights": dict.fromkeys(FEATURES[1:], 0.5)},
    ],
)
def test_settings_that_do_not_fit_are_refused(
    changes: dict[str, Any], stored: Path, tmp_path: Path
) -> None:
    whole = weights.read(stored)
    weights.write(tmp_path / "w", replace(whole, settings={**whole.settings, **changes}))
    with pytest.raises(WeightsError, match="does not fit"):
        PhraseBasedTranslator.load(tmp_path / "w")
