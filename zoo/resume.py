"""Keeping a training run where it can go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor


@dataclass(frozen=True)
class Checkpoint:
    """One file with the tensors of a run and, as its metadata, counters and what run it is.

    One file, because two cannot be replaced at the same instant.

    run: a fingerprint of all that the run depends on; a file of another run counts as none.
    """

    path: Path
    run: str

    def write(self, tensors: Mapping[str, Tensor], **counters: int) -> None:
        """Replace what is there, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        metadata = {"run": self.run, **{name: str(value) for name, value in counters.items()}}
        safetensors.torch.save_file(dict(tensors), new, metadata)
        new.replace(self.path)

    def read(self) -> tuple[dict[str, Tensor], dict[str, int]] | None:
        """Tensors and counters, if there are any of this run."""
        if not self.path.is_file():
            return None
        with safetensors.safe_open(self.path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            if metadata.pop("run", None) != self.run:
                return None
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, {name: int(value) for name, value in metadata.items()}
