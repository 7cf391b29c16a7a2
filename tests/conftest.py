"""Fixtures that several files share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import plugin_package
from zoo.registry import registry


@pytest.fixture(scope="session", autouse=True)
def no_fetching() -> Iterator[None]:
    """No test, and no process that one starts, lets apt fetch anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_OFFLINE", "1")
        yield


@pytest.fixture
def full_data() -> Path:
    """The folder of the full data sets; a test that asks for it is skipped where there is none."""
    folder = os.environ.get("ZOO_DATA")
    if not folder:
        pytest.skip("needs the full data sets: set ZOO_DATA")
    return Path(folder)


@pytest.fixture
def no_full_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has what the installation brought and nothing else."""
    monkeypatch.delenv("ZOO_DATA", raising=False)


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    """Catalogs are looked for anew in this test, and again after it."""
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A folder with a third party's package installed; see `plugin_package.environment`."""
    return plugin_package.install(tmp_path / "site packages")
