"""Fixtures that the tests of cards share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import planted
from tests.cards.toys import LEARNED, toy_registry
from zoo.results import Result
from zoo.training import train


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An importable package with a small network's weights, made by its recipe."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "tiny_weights").mkdir()
    (folder / "tiny_weights" / "__init__.py").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr("zoo.registry.registry", toy_registry)
        train(
            LEARNED,
            folder / "tiny_weights" / "learned",
            workspace=folder / "workspace",
            progress=False,
        )
        yield folder / "tiny_weights" / "learned"


@pytest.fixture
def results() -> list[Result]:
    learned = planted.right_on(range(5, 100))
    return planted.pair(learned, planted.right_on(range(70)), latencies=(0.002, 0.001))
