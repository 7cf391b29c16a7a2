"""When networks are taught in narrow numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from zoo import narrow as module
from zoo.narrow import faster_numbers, narrow


@pytest.fixture(autouse=True)
def nothing_measured_yet() -> Iterator[None]:
    module._of_a_processor.cache_clear()
    yield
    module._of_a_processor.cache_clear()


def product() -> torch.Tensor:
    x = torch.ones(2, 2)
    return x @ x


@pytest.mark.parametrize(
    ("bfloat16", "float32", "expected"),
    [(1.0, 2.0, torch.bfloat16), (2.0, 1.0, torch.float32)],
)
def test_the_faster_numbers_are_taken(
    monkeypatch: pytest.MonkeyPatch, bfloat16: float, float32: float, expected: torch.dtype
) -> None:
    seconds = {torch.bfloat16: bfloat16, torch.float32: float32}
    monkeypatch.setattr(module, "_seconds", seconds.__getitem__)
    assert faster_numbers("cpu") is expected
    with narrow("cpu"):
        assert product().dtype is expected
    assert product().dtype is torch.float32


def test_it_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[torch.dtype] = []
    monkeypatch.setattr(module, "_seconds", lambda dtype: measured.append(dtype) or 1.0)
    for _ in range(3):
        with narrow("cpu"):
            product()
    assert measured == [torch.bfloat16, torch.float32]


def test_another_device_than_a_processor_takes_narrow_numbers_unmeasured() -> None:
    assert faster_numbers("cuda:1") is torch.bfloat16


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_product_takes_time(dtype: torch.dtype) -> None:
    assert 0 < module._seconds(dtype) < 60
