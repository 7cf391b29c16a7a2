"""Fixtures that several files share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import plugin_package
from tests.hub_uploads import WritableHub
from zoo.registry import registry


@pytest.fixture(scope="session", autouse=True)
def no_fetching() -> Iterator[None]:
    """No test, and no process that one starts, lets apt fetch anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_OFFLINE", "1")
        yield


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sets how many compute at once, as far as there are cores: `make test` gives each process one.

    Each test leaves torch with as many as it had.
    """
    import torch

    def use(count: int) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", str(count))
        torch.set_num_threads(count)

    before = torch.get_num_threads()
    yield use
    torch.set_num_threads(before)


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


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where the Hub's client keeps what it has fetched."""
    return tmp_path / "cache"


@pytest.fixture
def server(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WritableHub]:
    """An empty Hub, and the client in this process logged in to it."""
    with WritableHub() as server:
        server.use(monkeypatch, cache)
        yield server


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path | bytes]:
    """A model with two files that are sent as large ones."""
    from tests.constant_model import Constant
    from tests.pushes import CARD

    Constant(0.75).save(tmp_path / "constant")
    return {
        "README.md": CARD,
        "config.json": tmp_path / "constant" / "config.json",
        "model.safetensors": tmp_path / "constant" / "model.safetensors",
        "pieces.model": b"large enough",
    }


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have slept between its attempts."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept
