"""Recognisers of words by hidden Markov models and by templates, on a planted language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.speech.voices import MARGIN, RATE, SPEAKERS, VOCABULARY, examples, spoken
from zoo import weights
from zoo.audio import Audio
from zoo.data import Example
from zoo.errors import InputError, WeightsError
from zoo.predictions import Word
from zoo.speech.dtw import DtwRecognizer
from zoo.speech.gmm_hmm import GmmHmmRecognizer
from zoo.speech.recognizer import (
    Utterance,
    WordRecognizer,
    best_penalty,
    heard_alone_and_in_strings,
    joint_confidence,
    strings_of,
    word_errors,
)

OPTIONS: dict[type[WordRecognizer], dict[str, Any]] = {
    GmmHmmRecognizer: {"states": 6, "splits": 1, "passes": 2},
    DtwRecognizer: {"templates": 3},
}
CLASSES = list(OPTIONS)
TOLERANCE = 0.06  # seconds


@pytest.fixture(scope="module")
def models() -> dict[type[WordRecognizer], WordRecognizer]:
    train, validation = examples(5, 0), examples(2, 1)
    return {
        one: one.fit(train, validation, progress=False, **options)
        for one, options in OPTIONS.items()
    }


@pytest.fixture(params=CLASSES, ids=lambda one: one.__name__)
def model(
    request: pytest.FixtureRequest, models: dict[type[WordRecognizer], WordRecognizer]
) -> WordRecognizer:
    found: WordRecognizer = models[request.param]
    return found


# --- what they recognise --------------------------------------------------------------------------


def test_single_words(model: WordRecognizer) -> None:
    unseen = examples(3, 2)
    found = [model.predict(one.input) for one in unseen]
    assert [one.text for one in found] == [one.target for one in unseen]
    assert model.vocabulary == VOCABULARY
    for one, example in zip(found, unseen, strict=True):
        (word,) = one.words
        assert one.seconds == pytest.approx(example.input.seconds)
        assert word.start <= MARGIN + TOLERANCE
        assert word.end >= one.seconds - MARGIN - TOLERANCE
        assert one.confidence == pytest.approx(word.confidence)


def test_strings_of_words_and_where_they_lie(model: WordRecognizer) -> None:
    random = np.random.default_rng(3)
    for speaker in SPEAKERS:
        for said in (["up", "down", "hill"], ["valley", "valley", "up", "up", "down"]):
            audio, times = spoken(said, speaker, random)
            found = model.predict(audio)
            assert [word.text for word in found.words] == said
            assert found.text == " ".join(said)
            for word, (begin, end) in zip(found.words, times, strict=True):
                assert word.start == pytest.approx(begin, abs=TOLERANCE)
                assert word.end == pytest.approx(end, abs=TOLERANCE)
                assert 0.5 < word.confidence <= 1


def test_nothing_is_heard_in_noise_of_the_same_kind(model: WordRecognizer) -> None:
    audio, _ = spoken(["up"], "low", np.random.default_rng(0), margin=1.0)
    assert [word.text for word in model.predict(audio).words] == ["up"]
    quiet = Audio(audio.samples[: RATE * 8 // 10], RATE)
    found = model.predict(quiet)
    assert (found.text, found.words, found.confidence) == ("", (), 0.0)


@pytest.mark.parametrize("level", [0.0, 0.25, 1e-6])
def test_nothing_is_heard_where_nothing_changes(model: WordRecognizer, level: float) -> None:
    for seconds in (1 / RATE, 0.011, 1.0, 20.0):
        found = model.predict((np.full(round(seconds * RATE), level, np.float32), RATE))
        assert (found.text, found.words, found.confidence) == ("", (), 0.0)


def test_the_same_in_a_batch_and_at_other_rates(model: WordRecognizer) -> None:
    random = np.random.default_rng(4)
    sounds = [spoken(["hill", "up"], "high", random)[0], spoken(["down"], "low", random)[0]]
    sounds.append(spoken(["up", "valley"], "low", random, rate=16_000)[0])
    alone = [model.predict(one) for one in sounds]
    assert model.predict_batch(sounds, batch_size=2) == alone
    assert [one.text for one in alone] == ["hill up", "down", "up valley"]
    stereo = np.stack([sounds[0].samples] * 2, axis=1)
    assert model.predict((stereo, RATE)) == alone[0]


def test_the_same_twice_and_with_the_seed(
    models: dict[type[WordRecognizer], WordRecognizer],
) -> None:
    for one, options in OPTIONS.items():
        again = one.fit(examples(5, 0), examples(2, 1), progress=False, **options)
        for name, array in models[one]._arrays().items():
            assert np.array_equal(array, again._arrays()[name]), name
        assert again._settings() == models[one]._settings()


def test_who_speaks_may_be_unknown(model: WordRecognizer) -> None:
    options = OPTIONS[type(model)]
    anonymous = [Example(one.input, one.target) for one in examples(5, 0)]
    learned = type(model).fit(anonymous, progress=False, **options)
    unseen = examples(2, 2)
    right = sum(learned.predict(one.input).text == one.target for one in unseen)
    assert right >= len(unseen) - 1


def test_the_penalty_is_chosen_on_validation_strings(model: WordRecognizer) -> None:
    choices: Any = model._settings()["choices"]
    assert choices == {"validation_word_error_rate": 0.0}
    unchosen = type(model).fit(examples(2, 0), progress=False, **OPTIONS[type(model)])
    settings = unchosen._settings()
    assert (settings["penalty"], settings["choices"]) == (0.0, {})


# --- weights --------------------------------------------------------------------------------------


def test_saved_and_loaded_it_hears_the_same(model: WordRecognizer, tmp_path: Path) -> None:
    model.save(tmp_path / "weights")
    loaded = type(model).load(tmp_path / "weights")
    random = np.random.default_rng(5)
    for said in (["up"], ["down", "hill", "hill"], ["valley", "up", "down", "up"]):
        audio, _ = spoken(said, "high", random)
        assert loaded.predict(audio) == model.predict(audio)


def drop(name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda _, arrays: arrays.pop(name)


def cut(name: str, axis: int = 0) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    """Takes the last entry along an axis from an array."""

    def change(_: dict[str, Any], arrays: dict[str, Any]) -> None:
        count = arrays[name].shape[axis] - 1
        arrays[name] = np.ascontiguousarray(arrays[name].take(range(count), axis))

    return change


def put(name: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda settings, _: settings.update({name: value})


def scale(name: str, factor: float) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_: dict[str, Any], arrays: dict[str, Any]) -> None:
        arrays[name] = (arrays[name] * factor).astype(arrays[name].dtype)

    return change


CORRUPTIONS: dict[type[WordRecognizer], dict[str, Any]] = {
    GmmHmmRecognizer: {
        "no means": drop("means"),
        "too few densities": cut("means"),
        "too few features": cut("variances", 2),
        "too few weights": cut("log_weights"),
        "variances below nothing": scale("variances", -1),
        "a mean of fewer cepstra": cut("mean"),
        "other states": put("states", 7),
        "no number of states": put("states", "six"),
        "a penalty in words": put("penalty", "much"),
        "a smoothing in words": put("smoothing", "some"),
    },
    DtwRecognizer: {
        "no frames": drop("frames"),
        "too few frames": cut("frames"),
        "too few features": cut("frames", 1),
        "too few lengths": cut("lengths"),
        "too few words": cut("words"),
        "words that are not known": scale("words", 7),
        "templates of no length": scale("lengths", 0),
        "a scale of fewer features": cut("scale"),
        "a mean of fewer cepstra": cut("mean"),
        "a penalty in words": put("penalty", "much"),
        "a smoothing in words": put("smoothing", "some"),
    },
}
COMMON = {
    "one word": put("vocabulary", ["up"]),
    "words of another kind": put("vocabulary", [1, 2, 3, 4]),
    "no vocabulary": lambda settings, _: settings.pop("vocabulary"),
    "an impossible front end": put("front_end", {"rate": 8000, "high": 9000.0}),
    "an unknown setting of the front end": put("front_end", {"volume": 11}),
    "a front end in words": put("front_end", "good"),
}


@pytest.mark.parametrize(
    ("model_class", "corrupt"),
    [
        pytest.param(one, change, id=f"{one.__name__}: {name}")
        for one, changes in CORRUPTIONS.items()
        for name, change in (changes | COMMON).items()
    ],
)
def test_corrupt_weights_are_refused_in_one_sentence(
    model_class: type[WordRecognizer],
    corrupt: Callable[[dict[str, Any], dict[str, Any]], None],
    models: dict[type[WordRecognizer], WordRecognizer],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "weights"
    models[model_class].save(folder)
    config = json.loads((folder / weights.CONFIG).read_text())
    arrays = load_file(folder / weights.ARRAYS)
    corrupt(config["settings"], arrays)
    save_file(arrays, folder / weights.ARRAYS)
    config["sha256"] = weights.file_sha256(folder / weights.ARRAYS)
    (folder / weights.CONFIG).write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=f"does not fit {model_class.__name__}: ") as caught:
        model_class.load(folder)
    assert "\n" not in str(caught.value)


# --- what is not learned from ---------------------------------------------------------------------


@pytest.mark.parametrize("model_class", CLASSES)
def test_what_cannot_be_learned_from_is_refused(model_class: type[WordRecognizer]) -> None:
    good = examples(1, 0)
    sound = good[0].input

    def refused(
        train: list[Example], validation: list[Example] | None = None, **options: Any
    ) -> str:
        with pytest.raises(InputError) as caught:
            model_class.fit(train, validation, progress=False, **options)
        return str(caught.value)

    assert refused([*good, Example(sound, "up down")]) == (
        "Example 8: recordings to learn from are of one word each; 'up down' came."
    )
    assert "Example 0: recordings to learn from are of one word" in refused([Example(sound, " ")])
    assert refused([Example(sound, "up")] * 3) == ("A recogniser needs at least two words; 1 came.")
    assert refused([]) == "A recogniser needs at least two words; 0 came."
    assert refused(good, [Example(sound, "up"), Example(sound, "sideways")]) == (
        "Validation examples have words that training has not: ['sideways']."
    )
    broken = refused([good[0], Example(b"no sound", "up"), *good])
    assert broken.startswith("Example 1: ")
    silent = refused(good, [good[0], good[1], Example((np.zeros(0, np.float32), RATE), "up")])
    assert silent == "Example 2: The sound is empty: it has no samples."
    unknown = refused(good, templets=3)
    assert unknown.startswith(f"{model_class.__name__} learns with no option 'templets'; it has ")
    assert all(name in unknown for name in OPTIONS[model_class])


@pytest.mark.parametrize(
    ("model_class", "options"),
    [
        (GmmHmmRecognizer, {"states": 1}),
        (GmmHmmRecognizer, {"passes": 0}),
        (GmmHmmRecognizer, {"splits": -1}),
        (GmmHmmRecognizer, {"rounds": -1}),
        (GmmHmmRecognizer, {"mels": 12}),
        (DtwRecognizer, {"templates": 0}),
        (DtwRecognizer, {"mels": 12}),
    ],
)
def test_impossible_options_of_learning_are_refused(
    model_class: type[WordRecognizer], options: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="at least"):
        model_class.fit(examples(1, 0), progress=False, **options)


# --- what they share ------------------------------------------------------------------------------


def utterances(counts: dict[str, int]) -> list[Utterance]:
    """So many of each speaker; the words tell who it was, and the sound is a level."""
    return [
        Utterance(Audio(np.full(800, 0.001 * (i + 1), np.float32), RATE), f"{speaker}{i}", speaker)
        for speaker, count in counts.items()
        for i in range(count)
    ]


def test_strings_are_each_of_one_speakers_recordings() -> None:
    made = list(strings_of(utterances({"b": 9, "a": 12}), RATE, 3, seed=0))
    assert all(len({word[0] for word in one.words}) == 1 for one in made)
    assert [one.words[0][0] for one in made] == sorted(one.words[0][0] for one in made)
    said = [word for one in made for word in one.words]
    assert sorted(said) == sorted(3 * [*(f"b{i}" for i in range(9)), *(f"a{i}" for i in range(12))])
    # One speaker more changes nothing about those before.
    more = list(strings_of(utterances({"b": 9, "a": 12, "c": 5}), RATE, 3, seed=0))
    assert [one.words for one in more[: len(made)]] == [one.words for one in made]
    assert next(strings_of(utterances({"a": 5}), 16_000, 1, seed=0)).audio.rate == 16_000


def test_recordings_are_heard_alone_and_once_in_strings() -> None:
    some = utterances({"a": 7, "b": 4})
    heard = heard_alone_and_in_strings(some, RATE, seed=1)
    assert [words for words, _ in heard[:11]] == [[one.word] for one in some]
    in_strings = [word for words, _ in heard[11:] for word in words]
    assert sorted(in_strings) == sorted(one.word for one in some)


def test_the_best_penalty_by_hand() -> None:
    heard = [(["a", "b"], 0), (["a", "b", "c"], 0)]

    def decode(_: int, penalty: float) -> list[str]:
        answers = {0.0: "a a b b", 1.0: "a b", 2.0: "a b", 3.0: "b a", 4.0: "a b", 5.0: ""}
        return answers[penalty].split()

    # One word in five is left out, with each of 1, 2 and 4: the middle one is taken.
    assert best_penalty(heard, decode, (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)) == (2.0, pytest.approx(0.2))
    assert best_penalty(heard, decode, (5.0,)) == (5.0, pytest.approx(1.0))


@pytest.mark.parametrize(
    ("said", "heard", "wrong"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a c", 1),
        ("a", "a a b", 2),
        ("a b", "b a", 2),
        ("a", "", 1),
    ],
)
def test_wrong_words(said: str, heard: str, wrong: int) -> None:
    assert word_errors(said.split(), heard.split()) == wrong


def test_the_confidence_of_a_text_is_the_geometric_mean() -> None:
    words = [Word("a", 0, 1, 0.9), Word("b", 1, 2, 0.4)]
    assert joint_confidence(words) == pytest.approx(0.6)
    assert joint_confidence([]) == 0
