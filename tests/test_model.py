"""The base class: what every model does the same way, seen through a spy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import torch

from zoo.errors import InputError, WeightsError, ZooError
from zoo.model import Model
from zoo.predictions import Classification


class Spy(Model):
    """Answers a whole number with itself, and remembers which batches it computed."""

    task = "image-classification"
    batch_size = 4

    def __init__(self, offset: float = 0.0) -> None:
        super().__init__()
        self.offset = offset
        self.batches: list[list[int]] = []

    def _prepare(self, x: Any) -> int:
        if not isinstance(x, int):
            raise InputError(f"A number was expected; {x!r} came.")
        return x

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        self.batches.append(batch)
        return [Classification((str(x),), (1.0,)) for x in batch]

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
        return {"name": "spy"}, {"offset": np.array([self.offset], np.float32)}

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]], device: str
    ) -> Self:
        assert settings["name"] == "spy"
        return cls(float(arrays["offset"][0]))


class OtherSpy(Spy):
    pass


class SpeechSpy(Spy):
    task = "automatic-speech-recognition"


class GpuSpy(Spy):
    devices = ("cpu", "cuda")


class Silent(Model):
    task = "image-classification"

    def _prepare(self, x: Any) -> Any:
        return x

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        return batch


def labels(predictions: Iterable[Any]) -> list[str]:
    return [prediction.label for prediction in predictions]


# --- prediction -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 1, 3, 10, 10**9])
def test_a_batch_keeps_the_order_whatever_its_size(size: int | None) -> None:
    model = Spy()
    assert labels(model.predict_batch(range(10), batch_size=size)) == list(map(str, range(10)))
    assert [one for batch in model.batches for one in batch] == list(range(10))
    assert max(map(len, model.batches)) == min(10, size or Spy.batch_size)


def test_any_iterable_is_a_batch() -> None:
    assert labels(Spy().predict_batch(x for x in (3, 1))) == ["3", "1"]
    assert labels(Spy().predict_batch((2,))) == ["2"]
    assert Spy().predict_batch(iter(())) == []


@pytest.mark.parametrize(
    "xs", ["text", b"bytes", bytearray(b"b"), memoryview(b"m"), Path("x"), {"a": 1}, None, 7]
)
def test_one_input_is_no_batch(xs: Any) -> None:
    model = Spy()
    with pytest.raises(InputError, match=f"takes a list of inputs; {type(xs).__name__} came"):
        model.predict_batch(xs)
    assert model.batches == []


@pytest.mark.parametrize("size", [0, -1, True, False, "a", 1.5, [4]])
def test_a_batch_size_is_a_positive_whole_number(size: Any) -> None:
    model = Spy()
    with pytest.raises(InputError, match="batch_size is a positive whole number"):
        model.predict_batch([1, 2], batch_size=size)
    assert model.batches == []


def test_a_bad_input_is_named_before_anything_is_computed() -> None:
    model = Spy()
    with pytest.raises(InputError, match=r"^A number was expected; 'x' came\.$"):
        model.predict("x")
    with pytest.raises(InputError, match=r"^Input 5: A number was expected; 'x' came\.$"):
        model.predict_batch([0, 1, 2, 3, 4, "x", 6], batch_size=1)
    assert model.batches == []


def test_an_option_that_the_model_has_not_is_a_slip() -> None:
    model = Spy()
    for ask in (model.predict, lambda x, **options: model.predict_batch([x], **options)):
        with pytest.raises(InputError, match="Spy predicts with no option 'sed'"):
            ask(1, sed=3)
    assert model.batches == []


# --- storage --------------------------------------------------------------------------------------


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    model = Spy(2.5)
    model.training = {"seed": 7}
    model.save(str(tmp_path / "spy"))
    again = Spy.load(str(tmp_path / "spy"))
    assert again.offset == 2.5
    assert again.training == {"seed": 7}
    assert again.info is None


def test_weights_of_another_class_or_task_are_refused(tmp_path: Path) -> None:
    Spy().save(tmp_path / "spy")
    with pytest.raises(WeightsError, match=r"holds weights of .*:Spy, not of OtherSpy\.$"):
        OtherSpy.load(tmp_path / "spy")
    with pytest.raises(WeightsError, match="for image-classification, not for automatic-speech"):
        SpeechSpy.load(tmp_path / "spy")


@pytest.mark.parametrize(
    "error", [KeyError, IndexError, AttributeError, TypeError, ValueError, RuntimeError]
)
def test_weights_that_do_not_fit_the_class_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def unfit(*_: Any) -> Spy:
        raise error("size")

    Spy().save(tmp_path / "spy")
    monkeypatch.setattr(Spy, "_from_weights", unfit)
    with pytest.raises(WeightsError, match=rf"does not fit Spy: {error.__name__}: '?size"):
        Spy.load(tmp_path / "spy")


def test_a_model_without_weights_or_learning_says_so(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="Silent has no weights of its own to save"):
        Silent().save(tmp_path / "silent")
    with pytest.raises(ZooError, match="Silent comes as it is and does not learn"):
        Silent.fit([])
    assert list(tmp_path.iterdir()) == []


# --- devices --------------------------------------------------------------------------------------


def _accelerator(monkeypatch: pytest.MonkeyPatch, kind: str | None, count: int = 1) -> None:
    found = None if kind is None else torch.device(kind)
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda check_available=False: found
    )
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: count)


def test_a_cpu_method_takes_the_cpu() -> None:
    assert Spy.pick_device("auto") == "cpu"
    assert Spy.pick_device("cpu") == "cpu"
    for device in ("cuda", "gpu", "", "CPU"):
        with pytest.raises(InputError, match=f"runs on the CPU only; device='{device}'"):
            Spy.pick_device(device)


def test_an_accelerator_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _accelerator(monkeypatch, "cuda", 2)
    assert GpuSpy.pick_device("auto") == "cuda"
    assert GpuSpy.pick_device("cpu") == "cpu"
    assert GpuSpy.pick_device("cuda") == "cuda"
    assert GpuSpy.pick_device("cuda:1") == "cuda:1"
    for device in ("cuda:2", "cudas", "mps"):
        with pytest.raises(InputError, match="there is cpu, cuda, cuda:0, cuda:1"):
            GpuSpy.pick_device(device)


@pytest.mark.parametrize("kind", [None, "mps"])
def test_without_an_accelerator_that_the_method_can_use(
    monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    _accelerator(monkeypatch, kind)
    assert GpuSpy.pick_device("auto") == "cpu"
    for device in ("cuda", "mps", "tpu"):
        with pytest.raises(InputError, match=f"no device '{device}' here; there is cpu"):
            GpuSpy.pick_device(device)


def test_a_device_that_is_not_here_is_refused_at_load(tmp_path: Path) -> None:
    Spy().save(tmp_path / "spy")
    with pytest.raises(InputError, match="runs on the CPU only"):
        Spy.load(tmp_path / "spy", device="cuda")
