"""Weights folders: `config.json` + `model.safetensors` (+ `README.md`), the same everywhere.

Only JSON and safetensors are read, so opening a folder from a stranger runs nobody's code.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
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
    """Round to the nearest number that float16 holds: what is stored is what is used.

    Raises ValueError for a number beyond 65,504, the largest that float16 holds.
    """
    largest = float(np.finfo(np.float16).max)
    if not np.all(np.abs(array) <= largest):  # NaN is not, either
        raise ValueError(f"float16 holds numbers up to {largest:,.0f} only.")
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
    """Write a weights folder of our own, whole or not at all (see `replace_folder`).

    float32 arrays that lose nothing by it are stored as float16.
    """

    def fill(new: Path) -> None:
        save_file({name: _smallest(array) for name, array in weights.arrays.items()}, new / ARRAYS)
        config = {
            "zoo_format": FORMAT,
            "entry": weights.entry,
            "task": weights.task,
            "sha256": file_sha256(new / ARRAYS),
            "settings": dict(weights.settings),
            "training": dict(weights.training),
        }
        text = json.dumps(config, indent=2, ensure_ascii=False, allow_nan=False)
        (new / CONFIG).write_text(text + "\n", encoding="utf-8")

    replace_folder(folder, fill)


def replace_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a new folder, then put that in the place of `folder`.

    The card of the old folder is kept if the new one has none. A folder that holds anything but
    weights of the same library is left as it is, and so is one of a README.md alone if the new one
    has its own. Raises WeightsError; what was there before is then there still.
    """
    folder = Path(folder).resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}-", ignore_cleanup_errors=True
        ) as there:
            new = Path(there, "new")
            new.mkdir()
            fill(new)
            if not folder.exists():
                new.rename(folder)
                return
            _refuse_strangers(folder, new)
            if (folder / README).is_file() and not (new / README).exists():
                shutil.copy2(folder / README, new)
            old = Path(f"{there}-old")  # outside, so that no clean-up can take it
            folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)
    except (OSError, safetensors.SafetensorError) as error:
        raise WeightsError(f"{str(folder)!r} cannot be written: {error}.") from error


def _refuse_strangers(folder: Path, new: Path) -> None:
    """Raise WeightsError if putting `new` in the place of `folder` would destroy anything else."""
    names = {path.name for path in folder.iterdir()} - {README}
    strangers = names - {path.name for path in new.iterdir()}
    if names and not strangers:
        # The names are those of weights: are they all there, and written by the same library?
        whole = {CONFIG, ARRAYS} <= names
        if not whole or is_ours(read_config(folder)) is not is_ours(read_config(new)):
            strangers = names
    if not names and (folder / README).exists() and (new / README).exists():
        strangers = {README}  # no card of weights: there are none
    if strangers:
        raise WeightsError(
            f"{str(folder)!r} holds something else, {', '.join(sorted(strangers)[:3])}; "
            "save to an empty folder."
        )


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
