"""Checkpoints: read as they were written, by the same run only, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from zoo.resume import Checkpoint

TENSORS = {
    "network/weight": torch.arange(6.0).reshape(2, 3),
    "network/bias": torch.tensor([float("inf"), -0.0, 1e-45]),
    "steps": torch.tensor(7, dtype=torch.int64),
    "narrow": torch.ones(3, dtype=torch.bfloat16) / 3,
    "none": torch.zeros(0, 4),
}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "deep" / "checkpoint.safetensors", "run 1")
    assert checkpoint.read() is None
    checkpoint.write(TENSORS, step=12, epoch=3)
    stored = Checkpoint(checkpoint.path, "run 1").read()
    assert stored is not None
    tensors, counters = stored
    assert counters == {"step": 12, "epoch": 3}
    assert set(tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)
    assert [path.name for path in checkpoint.path.parent.iterdir()] == ["checkpoint.safetensors"]


def test_the_last_one_written_counts(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", "run")
    checkpoint.write(TENSORS, step=1)
    checkpoint.write({"other": torch.ones(2)}, step=2)
    stored = checkpoint.read()
    assert stored is not None
    assert (set(stored[0]), stored[1]) == ({"other"}, {"step": 2})


def test_a_checkpoint_of_another_run_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    Checkpoint(path, "run 1").write(TENSORS, step=12)
    assert Checkpoint(path, "run 2").read() is None
    assert Checkpoint(path, "").read() is None
    assert Checkpoint(path, "run 1").read() is not None
    safetensors.torch.save_file({"weights": torch.ones(2)}, path)  # somebody else's
    assert Checkpoint(path, "run 1").read() is None


def test_an_interrupted_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", "run")
    checkpoint.write(TENSORS, step=1)

    def cut_short(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(safetensors.torch, "save_file", cut_short)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.write({}, step=2)
    stored = checkpoint.read()
    assert stored is not None
    assert stored[1] == {"step": 1}
    checkpoint.write(TENSORS, step=3)  # and what was left over is in nobody's way
    stored = checkpoint.read()
    assert stored is not None
    assert stored[1] == {"step": 3}
