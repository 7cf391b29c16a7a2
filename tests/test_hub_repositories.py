"""Repositories of our own format, and single files of data sets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from tests.constant_model import Constant, registry_with
from tests.hub_server import HubServer
from zoo import hub, registry
from zoo.errors import HubError, WeightsError
from zoo.predictions import Classification

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def test_our_own_format_from_the_hub(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Constant(0.75).save(tmp_path / "constant")
    server.add("owner/constant", tmp_path / "constant")
    with pytest.raises(WeightsError, match="which no catalog names"):
        zoo.load("hub:owner/constant")

    known = registry_with("hub:owner/constant")
    monkeypatch.setattr(registry, "registry", lambda: known)
    expected = Classification(("a", "b"), (0.75, 0.25))
    assert zoo.load("hub:owner/constant").predict(IMAGE) == expected
    model = zoo.load("tests/constant")
    assert model.predict(IMAGE) == expected
    assert model.info == known.models["tests/constant"]


@pytest.mark.parametrize("entry", ["os:system", "this:s", "zoo.hub:parse", None, 3, ["os:system"]])
def test_a_class_that_no_catalog_names_is_not_imported(
    server: HubServer, tmp_path: Path, entry: Any
) -> None:
    folder = tmp_path / "evil"
    Constant(0.5).save(folder)
    config = json.loads((folder / "config.json").read_text()) | {"entry": entry}
    (folder / "config.json").write_text(json.dumps(config))
    server.add("owner/evil", folder)
    with pytest.raises(WeightsError, match="which no catalog names"):
        zoo.load("hub:owner/evil")
    assert "this" not in sys.modules


# --- single files --------------------------------------------------------------------------------


def test_a_file_of_a_data_set(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "data" / "train").mkdir(parents=True)
    (tmp_path / "data" / "train" / "0.parquet").write_bytes(b"rows")
    server.add("owner/data", tmp_path / "data", repo_type="dataset")
    assert not hub.is_cached("owner/data", "train/0.parquet", repo_type="dataset")
    path = hub.download_file("owner/data", "train/0.parquet", repo_type="dataset")
    assert path.read_bytes() == b"rows"
    assert hub.is_cached("owner/data", "train/0.parquet", repo_type="dataset")
    with pytest.raises(HubError, match="lacks a file that is needed"):
        hub.download_file("owner/data", "test/0.parquet", repo_type="dataset")
    server.close()
    assert hub.download_file("owner/data", "train/0.parquet", repo_type="dataset") == path
