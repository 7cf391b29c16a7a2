"""Weights folders: `config.json` + `model.safetensors` (+ `README.md`), the same everywhere.

Only JSON and safetensors are read, so opening a folder from a stranger runs nobody's code.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from zoo.errors import WeightsError

FORMAT = 1
CONFIG, ARRAYS, README = "config.json", "model.safetensors", "README.md"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The content of a weights folder of our own.

    entry: the class that made it, as "module:attribute".
    settings: everything but the arrays that prediction needs: preprocessing, labels, sizes.
    training: where the weights come from: recipe, seed, data hash, versions, machine, time.
    """

    entry: str
    task: str
    settings: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    training: Mapping[str, Any] = field(default_factory=dict)


def half(array: NDArray[Any]) -> NDArray[np.float32]:
    """Round to the nearest number that float16 holds: what is stored is what is used."""
    return np.asarray(array).astype(np.float16).astype(np.float32)


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's config.json. Raises WeightsError if there is none or it is no JSON object."""
    path = folder / CONFIG
    if not folder.is_dir():
        raise WeightsError(f"There is no weights folder at {str(folder)!r}.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WeightsError(f"{str(folder)!r} is no weights folder: it has no {CONFIG}.") from None
    except (ValueError, RecursionError, OSError) as error:
        raise WeightsError(f"{str(path)!r} cannot be read: {error}.") from error
    if not isinstance(config, dict):
        raise WeightsError(f"{str(path)!r} must hold a JSON object.")
    return config


def is_ours(config: Mapping[str, Any]) -> bool:
    """Whether a config.json was written by zoo, not by another library."""
    return "zoo_format" in config


def read(folder: Path) -> Weights:
    """Read and check a weights folder; raises WeightsError in one sentence if anything is off."""
    config = read_config(folder)
    if not is_ours(config):
        raise WeightsError(f"{str(folder)!r} was not written by zoo: no 'zoo_format' in {CONFIG}.")
    if config["zoo_format"] != FORMAT:
        raise WeightsError(
            f"{str(folder)!r} has format {config['zoo_format']!r}, this version reads {FORMAT}: "
            "upgrade zoo or fetch the weights anew."
        )
    missing = {"entry", "task", "settings", "sha256"} - set(config)
    if missing:
        raise WeightsError(f"{str(folder / CONFIG)!r} lacks {', '.join(sorted(missing))}.")
    kinds = {"entry": str, "task": str, "settings": dict, "training": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(config.get(name, kind()), kind)]
    if wrong:
        raise WeightsError(f"{str(folder / CONFIG)!r} has {', '.join(wrong)} of another kind.")
    path = folder / ARRAYS
    if not path.is_file():
        raise WeightsError(f"{str(folder)!r} is half-copied: it has no {ARRAYS}.")
    try:
        if file_sha256(path) != config["sha256"]:
            raise WeightsError(
                f"{str(path)!r} is corrupt: its SHA-256 is not the one in {CONFIG}; copy it anew."
            )
        arrays = load_file(path)
    except (safetensors.SafetensorError, TypeError, OSError) as error:
        # TypeError: a number format that NumPy has not, such as bfloat16.
        raise WeightsError(f"{str(path)!r} cannot be read as safetensors: {error}.") from error
    return Weights(
        entry=config["entry"],
        task=config["task"],
        settings=config["settings"],
        arrays={
            name: array.astype(np.float32) if array.dtype == np.float16 else array
            for name, array in arrays.items()
        },
        training=config.get("training", {}),
    )


def write(folder: Path, weights: Weights) -> None:
    """Write a weights folder as a whole or not at all.

    float32 arrays that lose nothing by it are stored as float16, and are read as float32 again.
    A README.md is kept. A folder that holds anything else is not overwritten: WeightsError.
    """
    folder = Path(folder).resolve()
    try:
        _refuse_strangers(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _fill(new, weights)
            _exchange(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except (OSError, safetensors.SafetensorError) as error:
        raise WeightsError(f"{str(folder)!r} cannot be written: {error}.") from error


def _refuse_strangers(folder: Path) -> None:
    """Raise WeightsError if overwriting the folder would destroy what zoo did not write."""
    if not folder.exists():
        return
    names = {path.name for path in folder.iterdir()}
    strangers = names - {CONFIG, ARRAYS, README}
    if not strangers and not (CONFIG in names and is_ours(read_config(folder))):
        strangers = names - {README}
    if strangers:
        raise WeightsError(
            f"{str(folder)!r} holds {', '.join(sorted(strangers)[:3])}, which zoo did not write; "
            "save to an empty folder."
        )


def _fill(folder: Path, weights: Weights) -> None:
    arrays = {name: _smallest(array) for name, array in weights.arrays.items()}
    save_file(arrays, folder / ARRAYS)
    config = {
        "zoo_format": FORMAT,
        "entry": weights.entry,
        "task": weights.task,
        "sha256": file_sha256(folder / ARRAYS),
        "settings": dict(weights.settings),
        "training": dict(weights.training),
    }
    text = json.dumps(config, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")
    folder.chmod(0o755)


def _exchange(new: Path, folder: Path) -> None:
    if not folder.exists():
        new.rename(folder)
        return
    if (folder / README).is_file():  # the card lives beside the weights and outlives them
        shutil.copy2(folder / README, new / README)
    old = new.with_name(f"{new.name}-old")  # as unique as `new`
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _smallest(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == np.float32:
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float16)
        if np.array_equal(narrow.astype(np.float32), array):
            array = narrow
    return array.copy(order="C")  # ascontiguousarray would turn a scalar into a vector


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_bytes(folder: Path) -> int:
    """Bytes of all files that prediction needs; the card does not count."""
    return sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != README
    )
