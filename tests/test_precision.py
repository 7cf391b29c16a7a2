"""In which numbers networks compute while they learn."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from zoo import precision as module
from zoo.errors import InputError
from zoo.precision import autocast, check_precision, faster_precision


@pytest.fixture(autouse=True)
def nothing_measured_yet() -> Iterator[None]:
    module._measured_on_cpu.cache_clear()
    yield
    module._measured_on_cpu.cache_clear()


@pytest.mark.parametrize(
    ("bfloat16", "float32", "faster"),
    [
        (0.5, 1.0, "bfloat16"),
        (2.0, 1.0, "float32"),
        (1.0, 1.0, "float32"),
        (0.9, 1.0, "float32"),  # not worth its rounding
    ],
)
def test_what_is_clearly_faster_is_taken(
    monkeypatch: pytest.MonkeyPatch, bfloat16: float, float32: float, faster: str
) -> None:
    seconds = {"bfloat16": bfloat16, "float32": float32}
    monkeypatch.setattr(module, "_seconds", seconds.__getitem__)
    assert faster_precision("cpu") == faster


def test_one_slow_round_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 9.0] + [1.0, 0.5] * 7)
    monkeypatch.setattr(module, "_seconds", lambda precision: next(times))
    assert faster_precision("cpu") == "bfloat16"


def test_threads_that_ask_at_once_are_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()
    first = threading.get_ident()

    def seconds(precision: str) -> float:
        asked[precision] += 1
        time.sleep(0.001)
        return threading.get_ident() - first if precision == "bfloat16" else 0.0

    monkeypatch.setattr(module, "_seconds", seconds)
    with ThreadPoolExecutor(4) as pool:
        told = set(pool.map(faster_precision, ["cpu"] * 4))
    assert len(told) == 1
    assert asked == {"bfloat16": module._ROUNDS, "float32": module._ROUNDS}


def test_accelerators_take_bfloat16_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module, "_seconds")
    assert faster_precision("cuda:1") == "bfloat16"
    assert faster_precision(torch.device("mps")) == "bfloat16"


@pytest.mark.parametrize("precision", module.PRECISIONS)
def test_a_network_computes_in_the_precision_and_a_measurement_in_its_own(
    precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.ones(2, 2)
    multiplied: list[torch.dtype] = []
    mm = torch.mm

    def noted(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        product = mm(a, b)
        multiplied.append(product.dtype)
        return product

    with autocast("cpu", precision):
        assert (x @ x).dtype is getattr(torch, precision)
        with monkeypatch.context() as patched:
            patched.setattr(torch, "mm", noted)
            for each in module.PRECISIONS:
                module._seconds(each)
    assert multiplied == [getattr(torch, each) for each in module.PRECISIONS]
    assert (x @ x).dtype is torch.float32


@pytest.mark.parametrize("cache", [False, True])
def test_rounded_weights_are_kept_if_that_is_wanted(cache: bool) -> None:
    weight = torch.ones(2, 2, requires_grad=True)
    x = torch.ones(1, 2)
    with autocast("cpu", "bfloat16", cache=cache):
        first, second = x @ weight, x @ weight
    rounded = [
        next(edge for edge, _ in one.grad_fn.next_functions if edge is not None)
        for one in (first, second)
    ]
    assert (rounded[0] is rounded[1]) == cache


def test_unknown_precisions_are_refused() -> None:
    check_precision("bfloat16")
    check_precision("auto", "auto")
    with pytest.raises(InputError, match=r"^precision is 'float32' or 'bfloat16'; 'half' came\.$"):
        check_precision("half")
    with pytest.raises(InputError, match="'float32' or 'bfloat16' or 'auto'; 1 came"):
        check_precision(1, "auto")  # type: ignore[arg-type]
