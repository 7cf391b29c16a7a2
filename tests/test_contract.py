"""The one test that every registry entry passes, whoever brings it.

It is parametrised over what is registered, so a third party's package is tested by installing it
and running this file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from tests import tiny_checkpoints
from tests.contract import games, speech, translate, tts, vision
from tests.contract.case import Case
from zoo import weights
from zoo.entries import Generation, ModelInfo
from zoo.errors import InputError
from zoo.model import Model
from zoo.registry import load_folder, model_class_of, weights_folder
from zoo.tasks import task

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

CASES = {
    "image-classification": vision.CASE,
    "board-game": games.CASE,
    "automatic-speech-recognition": speech.CASE,
    "translation": translate.CASE,
    "text-to-speech": tts.CASE,
}


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


def test_alone_is_the_same_as_in_a_batch(
    case: Case, model: Model, inputs: list[Any], threads: Callable[[int], None]
) -> None:
    threads(3)  # for both: with another number torch rounds otherwise
    alone = [model.predict(x) for x in inputs]
    for size in (None, 1, 3):
        together = model.predict_batch(inputs, batch_size=size)
        assert len(together) == len(inputs)
        assert all(case.same(a, b) for a, b in zip(alone, together, strict=True))


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
    assert all(case.same(a, b) for a, b in answers)
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
            rounds = json.loads(json.dumps(entry.recipe.rounds))
            made = [*stored.training.get("earlier_rounds", ()), stored.training]
            assert stored.training["model"] == entry.name
            assert [one["options"] for one in made] == rounds
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
