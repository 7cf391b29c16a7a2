"""Fixtures that the tests of synthesisers from the Hub share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import tiny_checkpoints
from tests.tts.checkpoints import ARCHITECTURES


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {name: tiny_checkpoints.write(root / name, name) for name in ARCHITECTURES}


@pytest.fixture
def spoilt(folders: dict[str, Path], tmp_path: Path) -> Any:
    """Copies of checkpoints that a test may spoil."""
    return lambda name: Path(shutil.copytree(folders[name], tmp_path / name))
