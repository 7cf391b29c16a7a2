"""The one test that every registry entry passes, whoever brings it.

It is parametrised over what is registered, so a third party's package is tested by installing it
and running this file.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

import zoo
from tests import tiny_checkpoints
from zoo import weights
from zoo.audio import Audio
from zoo.data import Example
from zoo.entries import Generation, ModelInfo
from zoo.errors import InputError, ZooError
from zoo.model import Model
from zoo.predictions import Classification, Move, Speech, Transcript, Translation
from zoo.registry import load_folder, model_class_of, weights_folder
from zoo.tasks import task
from zoo.text import Passage

ENTRIES = zoo.models()

# The architecture of each entry whose weights are on the Hub.
TINY = {
    "vision/vit-base": "vit",
    "vision/resnet-50": "resnet",
    "vision/convnextv2-tiny": "convnextv2",
    "speech/whisper-tiny-en": "whisper-en",
    "speech/whisper-base": "whisper",
    "speech/whisper-small": "whisper",
    "speech/whisper-large-v3-turbo": "whisper",
    "speech/wav2vec2-base-960h": "wav2vec2",
    "tts/mms-en": "vits",
    "tts/speecht5": "speecht5",
    "translate/m2m100-418m": "m2m100",
    "translate/nllb-200-600m": "nllb",
    "translate/opus-mt-en-cs": "marian",
    "translate/opus-mt-en-de": "marian",
    "translate/opus-mt-en-fr": "marian",
}


@dataclass(frozen=True)
class Case:
    """What the contract asks of every model of one task.

    good, bad: inputs that a model must take or refuse; the first good one is the shortest to tell.
    numbers: what two predictions have in common if they are the same.
    check: fails if a prediction contradicts itself.
    fit: fails if a class neither learns nor says that it does not; None where a class learns
        otherwise than from examples, which its own tests must cover.
    """

    good: Callable[[Model], list[Any]]
    bad: Callable[[Model], list[Any]]
    numbers: Callable[[Any], list[float]]
    check: Callable[[Any], None]
    fit: Callable[[type[Model]], None] | None


# --- image-classification ------------------------------------------------------------------------


def _picture(seed: int, height: int, width: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _good_images(_: Model) -> list[Any]:
    return [
        _picture(0, 28, 28).convert("L"),
        _picture(1, 32, 32),
        np.asarray(_picture(2, 28, 28).convert("L")),
        np.asarray(_picture(3, 45, 30)).astype(np.float32) / 255,
        _png(_picture(4, 64, 20)),
        _picture(5, 33, 31).convert("P"),
        _picture(6, 32, 32).convert("RGBA"),
    ]


def _bad_images(_: Model) -> list[Any]:
    return [
        [_picture(0, 28, 28)],
        None,
        7,
        b"this is no picture",
        "no-such-file.png",
        np.zeros((0, 0), np.uint8),
        np.full((28, 28), np.nan),
        np.zeros((28, 28), np.int64),
        np.zeros((1, 1), np.uint8),
        np.broadcast_to(np.uint8(0), (20_000, 20_000)),
        _png(_picture(0, 64, 64))[:200],
    ]


def _check_classification(prediction: Any) -> None:
    assert isinstance(prediction, Classification)
    assert prediction.label in prediction.labels
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
    assert str(prediction).startswith(prediction.label)


def _fit_classifier(model_class: type[Model]) -> None:
    """Two classes that differ in brightness are learned from forty examples, the same each time."""
    rng = np.random.default_rng(0)
    examples = [
        Example(
            np.clip(rng.normal(60 + 130 * (i % 2), 20, (28, 28)), 0, 255).astype(np.uint8),
            ("dark", "light")[i % 2],
        )
        for i in range(40)
    ]
    if not hasattr(model_class, "tiny_options"):
        with pytest.raises(ZooError, match="does not learn"):
            model_class.fit(examples)
        return
    options = {"size": (28, 28), "mode": "L", "progress": False, **model_class.tiny_options()}
    learned = [model_class.fit(examples, examples, seed=3, **options) for _ in range(2)]
    inputs = [example.input for example in examples]
    answers: list[list[Any]] = [list(one.predict_batch(inputs)) for one in learned]
    assert all(_same(CASES["image-classification"], a, b) for a, b in zip(*answers, strict=True))
    right = sum(p.label == e.target for p, e in zip(answers[0], examples, strict=True))
    assert right >= 36


# --- board-game ----------------------------------------------------------------------------------

# Positions as people write them, by the game as OpenSpiel names it.
WRITTEN = {
    "connect_four()": ["44352", [3, 3, 3, 2, 4], "3\n3\n"],
    "tic_tac_toe()": ["5192", [4, 0, 8], "4\n0\n"],
}


def _play(model: Any, moves: int | None) -> Any:
    """An OpenSpiel state after so many random moves, or at the game's end."""
    rng = np.random.default_rng(0)
    state = model.rules.initial()
    while not state.is_terminal() if moves is None else state.move_number() < moves:
        action = int(rng.choice(state.legal_actions()))
        if moves is None or not state.child(action).is_terminal():
            state.apply_action(action)
    return state


def _good_positions(model: Any) -> list[Any]:
    state = _play(model, 4)
    return [
        "",
        state.history(),
        tuple(state.history()),
        np.array(_play(model, 2).history()),
        state,
        _play(model, 3).serialize(),
        *WRITTEN.get(model.rules.name, []),
    ]


def _bad_positions(model: Any) -> list[Any]:
    import pyspiel

    over = _play(model, None)
    other = "connect_four" if model.rules.kind == "tic_tac_toe" else "tic_tac_toe"
    return [
        "no-such-move",
        "x" * 1000,
        over,
        over.history(),
        over.serialize(),
        b"44352",
        None,
        3.5,
        [[1]],
        [3.5],
        [True],
        [-1],
        [model.rules.actions],
        [10**30],
        pyspiel.load_game(other).new_initial_state(),
    ]


def _check_move(prediction: Any) -> None:
    assert isinstance(prediction, Move)
    assert prediction.action in prediction.actions
    assert prediction.index >= 0
    assert len(set(prediction.actions)) == len(prediction.actions) == len(prediction.policy)
    assert sum(prediction.policy) == pytest.approx(1, abs=1e-5)
    assert min(prediction.policy) >= 0
    assert -1 <= prediction.value <= 1
    assert str(prediction).startswith(prediction.action)


# --- automatic-speech-recognition -----------------------------------------------------------------


def _sound(seed: int, seconds: float = 0.6, rate: int = 8000) -> np.ndarray[Any, Any]:
    """A glide between two pitches with noise, [N] float32."""
    rng = np.random.default_rng(seed)
    pitch = np.linspace(*rng.uniform(150, 1500, 2), round(seconds * rate))
    tone = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / rate)
    return (tone + rng.normal(0, 0.01, len(tone))).astype(np.float32)


def _wav(samples: np.ndarray[Any, Any], rate: int, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype=subtype, format="WAV")
    return file.getvalue()


def _good_sounds(_: Model) -> list[Any]:
    stereo = np.stack([_sound(1, rate=44_100), _sound(2, rate=44_100)], axis=1)
    return [
        (_sound(0), 8000),
        (_sound(3, 0.011), 8000),
        (np.zeros(8000, np.float32), 8000),
        (stereo, 44_100),
        (stereo.T, 44_100),
        {"array": (_sound(4, 1.3, 16_000) * 32767).astype(np.int16), "sampling_rate": 16_000},
        _wav(_sound(5), 8000, "PCM_U8"),
        _wav(_sound(6, rate=11_025), 11_025, "PCM_24"),
        Audio(_sound(7, rate=22_050), 22_050),
    ]


def _bad_sounds(_: Model) -> list[Any]:
    wav = _wav(_sound(0), 8000, "PCM_16")
    return [
        _sound(0),
        [(_sound(0), 8000)],
        None,
        7,
        "no-such-file.wav",
        b"this is no sound",
        _png(_picture(0, 64, 64)),
        wav[:30],
        (np.zeros(0, np.float32), 8000),
        (np.full(8000, np.nan, np.float32), 8000),
        (np.zeros((100, 100), np.float32), 8000),
        (np.zeros(8000, np.int64), 8000),
        (_sound(0), 0),
        (np.broadcast_to(np.float32(0), (3 * 3600 * 8000,)), 8000),
    ]


def _check_transcript(prediction: Any) -> None:
    assert isinstance(prediction, Transcript)
    assert str(prediction) == prediction.text == prediction.text.strip()
    assert 0 <= prediction.confidence <= 1
    assert prediction.seconds > 0
    times = [time for word in prediction.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0 <= time <= prediction.seconds + 1e-6 for time in times)
    assert all(0 <= word.confidence <= 1 for word in prediction.words)
    if prediction.words:
        assert " ".join(word.text for word in prediction.words).split() == prediction.text.split()


def _fit_recognizer(model_class: type[Model]) -> None:
    """A rising and a falling tone are learned from forty examples, the same each time."""
    rng = np.random.default_rng(0)

    def example(word: str, speaker: str) -> Example:
        low, high = rng.uniform(250, 350), rng.uniform(1800, 2200)
        ends = (low, high) if word == "up" else (high, low)
        pitch = np.linspace(*ends, round(rng.uniform(0.35, 0.5) * 8000))
        tone = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / 8000)
        samples = (tone + rng.normal(0, 0.003, len(tone))).astype(np.float32)
        return Example((samples, 8000), word, speaker)

    examples = [example(("up", "down")[i % 2], ("a", "b")[i // 2 % 2]) for i in range(40)]
    if not hasattr(model_class, "tiny_options"):
        with pytest.raises(ZooError, match="does not learn"):
            model_class.fit(examples)
        return
    options = {"progress": False, **model_class.tiny_options()}
    learned = [model_class.fit(examples, examples, seed=3, **options) for _ in range(2)]
    inputs = [example.input for example in examples]
    answers: list[list[Any]] = [list(one.predict_batch(inputs)) for one in learned]
    case = CASES["automatic-speech-recognition"]
    assert all(_same(case, a, b) for a, b in zip(*answers, strict=True))
    right = sum(p.text == e.target for p, e in zip(answers[0], examples, strict=True))
    assert right >= 36


# --- translation ----------------------------------------------------------------------------------


def _good_texts(model: Any) -> list[Any]:
    source, target = min(model.directions)
    texts = [
        "a dog",
        "A man in a blue shirt is standing on a ladder.",
        "Save %(count)s files?",
        "Two dogs.  They run!\n\n\tA woman cooks.\r\n",
        "\u202e\u05e9\u05dc\u05d5\u05dd \U0001f600 <b>x</b>",
        "\U0001f600 ... 7",
        "xqzt" * 100,
        "dog " * 130,
    ]
    asked = [Passage(text, source, target) for text in texts]
    return [*asked, {"text": texts[0], "source": source, "target": target}]


def _bad_texts(model: Any) -> list[Any]:
    source, target = min(model.directions)
    return [
        None,
        7,
        b"a dog",
        ["a dog"],
        Passage("", source, target),
        Passage(" \n\t", source, target),
        Passage("\x00\x07", source, target),
        Passage("a " * 200_000, source, target),
        Passage("a dog", source, source),
        Passage("a dog", "tlh", target),
        Passage("a dog", source, "no language"),
        Passage("a dog", source, ""),
        Passage(float("nan"), source, target),  # type: ignore[arg-type]
        Passage("a dog", 7, target),  # type: ignore[arg-type]
        {"source": source, "target": target},
    ]


def _check_translation(prediction: Any) -> None:
    assert isinstance(prediction, Translation)
    assert str(prediction) == prediction.text
    assert prediction.source != prediction.target
    assert np.isfinite(prediction.score)


def _fit_translator(model_class: type[Model]) -> None:
    """Six words are learned from sixty examples, the same each time."""
    rng = np.random.default_rng(0)
    words = {
        "ein": "one",
        "hund": "dog",
        "katze": "cat",
        "haus": "house",
        "rot": "red",
        "und": "and",
    }

    def example() -> Example:
        said = rng.choice(list(words), rng.integers(1, 5)).tolist()
        return Example(Passage(" ".join(said), "de", "en"), " ".join(words[one] for one in said))

    examples = [example() for _ in range(60)]
    if not hasattr(model_class, "tiny_options"):
        with pytest.raises(ZooError, match="does not learn"):
            model_class.fit(examples)
        return
    options = {"progress": False, **model_class.tiny_options()}
    learned = [model_class.fit(examples, examples[:20], seed=3, **options) for _ in range(2)]
    inputs = [example.input for example in examples]
    answers: list[list[Any]] = [list(one.predict_batch(inputs)) for one in learned]
    assert all(_same(CASES["translation"], a, b) for a, b in zip(*answers, strict=True))
    right = sum(p.text.lower() == e.target for p, e in zip(answers[0], examples, strict=True))
    assert right >= 54


# --- text-to-speech -------------------------------------------------------------------------------


def _good_scripts(_: Model) -> list[Any]:
    return [
        "Hello.",
        "Dr. Smith paid $12.50 at 4:30 p.m. on March 5, 2024!",
        "Press 1 for sales.\n\nPress 2 for support; or hold...",
        "Mail jane.doe@example.com, or see https://www.example.com/a?b=c#d.",
        "<speak>Good <break time='1s'/><emphasis>morning</emphasis> &amp; welcome.</speak>",
        "Caf\u00e9 \U0001f600 \u4f60\u597d \u041f\u0440\u0438\u0432\u0435\u0442",
        "Tab\tand\x07bell\x1b[31m\x00.",
        "supercalifragilistic xqzt",
        "WE ARE CLOSED",
    ]


def _bad_scripts(_: Model) -> list[Any]:
    return [
        "",
        " \n\t",
        "...?!",
        "\U0001f600\U0001f600",
        "\x00\x07",
        "<speak></speak>",
        "word " * 20_000,
        None,
        7,
        b"Hello.",
        ["Hello."],
        {"text": "Hello."},
    ]


def _check_speech(prediction: Any) -> None:
    assert isinstance(prediction, Speech)
    assert prediction.samples.dtype == np.float32
    assert not prediction.samples.flags.writeable
    assert np.isfinite(prediction.samples).all()
    assert 0.1 < prediction.seconds < 60
    # Neither silent nor clipped, nor off the middle.
    assert 0.02 < np.abs(prediction.samples).max() <= 1
    assert np.mean(np.abs(prediction.samples) > 0.999) < 0.001
    assert abs(prediction.samples.mean()) < 0.01
    assert prediction.text


def _fit_synthesizer(model_class: type[Model]) -> None:
    """A few words of a formant synthesiser are learned, the same each time."""
    pytest.importorskip("espeakng_loader")
    if not hasattr(model_class, "tiny_options"):
        with pytest.raises(ZooError, match="does not learn"):
            model_class.fit([])
        return
    speaker = zoo.load("tts/formant-en")
    texts = [" ".join(words) + "." for words in itertools.permutations(("one", "two", "five"), 2)]

    def said(text: str) -> Audio:
        speech: Any = speaker.predict(text)
        return Audio(speech.samples, speech.rate).at(16_000)

    examples = [Example(text, said(text)) for text in texts]
    options = {"progress": False, **model_class.tiny_options()}
    learned = [model_class.fit(examples, examples[:2], seed=3, **options) for _ in range(2)]
    answers: list[list[Any]] = [list(one.predict_batch(texts[:2])) for one in learned]
    assert all(_same(CASES["text-to-speech"], a, b) for a, b in zip(*answers, strict=True))
    for answer, example in zip(answers[0], examples, strict=False):
        _check_speech(answer)
        assert 0.3 < answer.seconds / example.recording.seconds < 3


CASES = {
    "image-classification": Case(
        good=_good_images,
        bad=_bad_images,
        numbers=lambda prediction: list(prediction.probabilities),
        check=_check_classification,
        fit=_fit_classifier,
    ),
    "board-game": Case(
        good=_good_positions,
        bad=_bad_positions,
        numbers=lambda prediction: [prediction.index, prediction.value, *prediction.policy],
        check=_check_move,
        fit=None,
    ),
    "automatic-speech-recognition": Case(
        good=_good_sounds,
        bad=_bad_sounds,
        numbers=lambda prediction: [
            *map(ord, prediction.text),
            prediction.confidence,
            *(n for w in prediction.words for n in (w.start, w.end, w.confidence)),
        ],
        check=_check_transcript,
        fit=_fit_recognizer,
    ),
    "text-to-speech": Case(
        good=_good_scripts,
        bad=_bad_scripts,
        numbers=lambda prediction: [prediction.rate, *prediction.samples.tolist()],
        check=_check_speech,
        fit=_fit_synthesizer,
    ),
    "translation": Case(
        good=_good_texts,
        bad=_bad_texts,
        numbers=lambda prediction: [*map(ord, prediction.text), prediction.score],
        check=_check_translation,
        fit=_fit_translator,
    ),
}


def _same(case: Case, a: Any, b: Any) -> bool:
    one, other = case.numbers(a), case.numbers(b)
    return len(one) == len(other) and np.allclose(one, other, rtol=1e-4, atol=1e-5)


# --- the contract --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=ENTRIES, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> ModelInfo:
    found: ModelInfo = request.param
    return found


@pytest.fixture(scope="module")
def model(entry: ModelInfo, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The entry's model; one whose weights are on the Hub is stood for by a tiny random one.

    One that has to be trained before it can be loaded is stood for by a quickly trained one.
    """
    if entry.weights is not None and entry.weights.startswith("hub:"):
        folder = tmp_path_factory.mktemp("checkpoint")
        tiny_checkpoints.write(folder, TINY[entry.name])
        return load_folder(folder, device="cpu")
    if entry.weights is None and entry.recipe is not None:
        with pytest.raises(InputError, match="has to be trained first"):
            zoo.load(entry.name, device="cpu")
        model_class: Any = model_class_of(entry)
        trained: Model = model_class.fit([], progress=False, **model_class.tiny_options())
        return trained
    return zoo.load(entry.name, device="cpu")


@pytest.fixture(scope="module")
def case(entry: ModelInfo) -> Case:
    return CASES[entry.task]


@pytest.fixture
def inputs(case: Case, model: Model) -> list[Any]:
    return case.good(model)


def test_prediction_is_typed_and_jsonable(case: Case, model: Model, inputs: list[Any]) -> None:
    for x in inputs:
        prediction = model.predict(x)
        json.dumps(prediction.to_dict(), allow_nan=False)
        case.check(prediction)


def test_alone_is_the_same_as_in_a_batch(case: Case, model: Model, inputs: list[Any]) -> None:
    alone = [model.predict(x) for x in inputs]
    for size in (None, 1, 3):
        together = model.predict_batch(inputs, batch_size=size)
        assert len(together) == len(inputs)
        assert all(_same(case, a, b) for a, b in zip(alone, together, strict=True))


def test_prediction_does_not_depend_on_what_ran_before(
    case: Case, model: Model, inputs: list[Any]
) -> None:
    first = model.predict(inputs[0])
    model.predict_batch(inputs[::-1])
    assert case.numbers(model.predict(inputs[0])) == case.numbers(first)


def test_variants_are_options_that_it_has(
    entry: ModelInfo, case: Case, model: Model, inputs: list[Any]
) -> None:
    for variant in entry.variants:
        case.check(model.predict(inputs[0], **variant))


def test_the_input_is_left_as_it_was(entry: ModelInfo, model: Model, inputs: list[Any]) -> None:
    fingerprint = task(entry.task).fingerprint
    before = [fingerprint(x) for x in inputs if not isinstance(x, np.ndarray)]
    model.predict_batch(inputs)
    assert [fingerprint(x) for x in inputs if not isinstance(x, np.ndarray)] == before
    arrays = [x for x in inputs if isinstance(x, np.ndarray)]
    copies = [x.copy() for x in arrays]
    model.predict_batch(arrays)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, copies, strict=True))


def test_an_empty_batch_has_no_predictions(model: Model) -> None:
    assert model.predict_batch([]) == []


def test_bad_input_is_refused_in_one_sentence(case: Case, model: Model, inputs: list[Any]) -> None:
    for x in case.bad(model):
        with pytest.raises(InputError) as caught:
            model.predict(x)
        message = str(caught.value)
        assert message.endswith(".")
        assert "\n" not in message
        with pytest.raises(InputError, match=r"^Input 1: "):
            model.predict_batch([inputs[0], x])


def test_save_and_load_predict_the_same(
    entry: ModelInfo, case: Case, model: Model, inputs: list[Any], tmp_path: Path
) -> None:
    if entry.weights is None:
        pytest.skip("has no weights")
    model.save(tmp_path / "saved")
    again = zoo.load(tmp_path / "saved", device="cpu")
    assert type(again) is type(model)
    answers = zip(model.predict_batch(inputs), again.predict_batch(inputs), strict=True)
    assert all(_same(case, a, b) for a, b in answers)
    # .spm and .model are SentencePiece's.
    kinds = {".json", ".safetensors", ".md", ".spm", ".model"}
    assert {path.suffix for path in (tmp_path / "saved").iterdir()} <= kinds


def test_declared_metadata_is_true(entry: ModelInfo, model: Model) -> None:
    assert model.task == entry.task
    assert model_class_of(entry).task == entry.task
    assert task(entry.task).name == entry.task
    if entry.weights is not None and not entry.weights.startswith("hub:"):
        stored = weights.read(weights_folder(entry))
        assert entry.parameters == model.count_parameters()
        assert stored.entry == entry.entry
        if entry.recipe is not None:
            # JSON turns tuples into lists.
            options = json.loads(json.dumps(dict(entry.recipe.options)))
            assert stored.training["model"] == entry.name
            assert stored.training["options"] == options
            assert stored.training["seed"] == entry.recipe.seed
            assert stored.training["excluded_by_content"] == list(entry.recipe.exclude)
            if not isinstance(entry.recipe.validation, str):
                assert stored.training["examples"]["validation"] == entry.recipe.validation
    if entry.generation is Generation.SOFTWARE_2:
        assert entry.baseline is not None
        assert zoo.info(entry.baseline).generation is Generation.SOFTWARE_1


def test_fit_learns_or_says_that_it_does_not(entry: ModelInfo, case: Case) -> None:
    if case.fit is None:
        pytest.skip(f"how a model of {entry.task} learns is tested with its class")
    case.fit(model_class_of(entry))
