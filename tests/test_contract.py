"""The one test that every registry entry passes, whoever brings it.

It is parametrised over what is registered, so a third party's package is tested by installing it
and running this file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import zoo
from tests import tiny_checkpoints
from zoo import weights
from zoo.data import Example
from zoo.entries import Generation, ModelInfo
from zoo.errors import InputError, ZooError
from zoo.model import Model
from zoo.predictions import Classification
from zoo.registry import load_folder, model_class_of, weights_folder
from zoo.tasks import task

ENTRIES = zoo.models()

# The architecture of each entry whose weights are on the Hub.
TINY = {
    "vision/vit-base": "vit",
    "vision/resnet-50": "resnet",
    "vision/convnextv2-tiny": "convnextv2",
}


def _picture(seed: int, height: int, width: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _good_images() -> list[Any]:
    return [
        _picture(0, 28, 28).convert("L"),
        _picture(1, 32, 32),
        np.asarray(_picture(2, 28, 28).convert("L")),
        np.asarray(_picture(3, 45, 30)).astype(np.float32) / 255,
        _png(_picture(4, 64, 20)),
        _picture(5, 33, 31).convert("P"),
        _picture(6, 32, 32).convert("RGBA"),
    ]


def _bad_images() -> list[Any]:
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


GOOD: dict[str, Callable[[], list[Any]]] = {"image-classification": _good_images}
BAD: dict[str, Callable[[], list[Any]]] = {"image-classification": _bad_images}


@pytest.fixture(scope="module", params=ENTRIES, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> ModelInfo:
    found: ModelInfo = request.param
    return found


@pytest.fixture(scope="module")
def model(entry: ModelInfo, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The entry's model; one whose weights are on the Hub is stood for by a tiny random one."""
    if entry.weights is not None and entry.weights.startswith("hub:"):
        folder = tmp_path_factory.mktemp("checkpoint")
        tiny_checkpoints.write(folder, TINY[entry.name])
        return load_folder(folder, device="cpu")
    return zoo.load(entry.name, device="cpu")


@pytest.fixture
def inputs(entry: ModelInfo) -> list[Any]:
    return GOOD[entry.task]()


def _numbers(prediction: Any) -> list[float]:
    if isinstance(prediction, Classification):
        return list(prediction.probabilities)
    raise AssertionError(f"teach this test to compare {type(prediction).__name__}")


def _same(a: Any, b: Any) -> bool:
    return np.allclose(_numbers(a), _numbers(b), rtol=1e-4, atol=1e-5)


def test_prediction_is_typed_and_jsonable(model: Model, inputs: list[Any]) -> None:
    for x in inputs:
        prediction = model.predict(x)
        json.dumps(prediction.to_dict(), allow_nan=False)
        assert isinstance(prediction, Classification)
        assert prediction.label in prediction.labels
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
        assert str(prediction).startswith(prediction.label)


def test_alone_is_the_same_as_in_a_batch(model: Model, inputs: list[Any]) -> None:
    alone = [model.predict(x) for x in inputs]
    for size in (None, 1, 3):
        together = model.predict_batch(inputs, batch_size=size)
        assert len(together) == len(inputs)
        assert all(map(_same, alone, together))


def test_prediction_does_not_depend_on_what_ran_before(model: Model, inputs: list[Any]) -> None:
    first = model.predict(inputs[0])
    model.predict_batch(inputs[::-1])
    assert _numbers(model.predict(inputs[0])) == _numbers(first)


def test_the_input_is_left_as_it_was(model: Model, inputs: list[Any]) -> None:
    arrays = [x for x in inputs if isinstance(x, np.ndarray)]
    copies = [x.copy() for x in arrays]
    model.predict_batch(arrays)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, copies, strict=True))


def test_an_empty_batch_has_no_predictions(model: Model) -> None:
    assert model.predict_batch([]) == []


def test_bad_input_is_refused_in_one_sentence(entry: ModelInfo, model: Model) -> None:
    for x in BAD[entry.task]():
        with pytest.raises(InputError) as caught:
            model.predict(x)
        message = str(caught.value)
        assert message.endswith(".")
        assert "\n" not in message
        with pytest.raises(InputError, match=r"^Input 1: "):
            model.predict_batch([GOOD[entry.task]()[0], x])


def test_save_and_load_predict_the_same(
    entry: ModelInfo, model: Model, inputs: list[Any], tmp_path: Path
) -> None:
    if entry.weights is None:
        pytest.skip("has no weights")
    model.save(tmp_path / "saved")
    again = zoo.load(tmp_path / "saved", device="cpu")
    assert type(again) is type(model)
    assert all(map(_same, model.predict_batch(inputs), again.predict_batch(inputs)))
    assert {path.suffix for path in (tmp_path / "saved").iterdir()} <= {
        ".json",
        ".safetensors",
        ".md",
    }


def test_declared_metadata_is_true(entry: ModelInfo, model: Model) -> None:
    assert model.task == entry.task
    assert model_class_of(entry).task == entry.task
    assert task(entry.task).name == entry.task
    if entry.weights is not None and not entry.weights.startswith("hub:"):
        stored = weights.read(weights_folder(entry))
        assert entry.parameters == sum(array.size for array in stored.arrays.values())
        assert stored.entry == entry.entry
        if entry.recipe is not None:
            # JSON turns tuples into lists.
            options = json.loads(json.dumps(dict(entry.recipe.options)))
            assert stored.training["model"] == entry.name
            assert stored.training["options"] == options
            assert stored.training["seed"] == entry.recipe.seed
            assert stored.training["excluded_by_content"] == list(entry.recipe.exclude)
            assert stored.training["examples"]["validation"] == entry.recipe.validation
    if entry.generation is Generation.SOFTWARE_2:
        assert entry.baseline is not None
        assert zoo.info(entry.baseline).generation is Generation.SOFTWARE_1


def test_fit_learns_or_says_that_it_does_not(entry: ModelInfo) -> None:
    """Two classes that differ in brightness are learned from forty examples, the same each time."""
    model_class = model_class_of(entry)
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
    answers = [one.predict_batch(inputs) for one in learned]
    assert all(map(_same, *answers))
    right = sum(p.label == e.target for p, e in zip(answers[0], examples, strict=True))
    assert right >= 36
