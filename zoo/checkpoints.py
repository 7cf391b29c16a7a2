"""What every adapter of transformers checkpoints shares: no network, no pickle, no foreign code,
no paragraphs of warnings, and one sentence if something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo import torchaudio_rescue, weights
from zoo.entries import Adapter
from zoo.errors import MissingDependencyError, WeightsError, ZooError

OFFLINE = {"local_files_only": True, "trust_remote_code": False}
_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")


def check_folder(folder: Path, adapter: Adapter, *, kind: str, inputs: str | None) -> None:
    """What can be told without transformers, which answers in paragraphs. Raises WeightsError.

    kind: what the folder is to hold, as "image classifier". inputs: what it takes, as "images";
        None for text, which no preprocessor prepares.
    """
    config = weights.read_config(folder)
    if not adapter.takes(config):
        raise WeightsError(
            f"{str(folder)!r} holds no {kind}: its architectures are "
            f"{config.get('architectures')}, of type {config.get('model_type')}."
        )
    if config.get("quantization_config") is not None:
        raise WeightsError(f"{str(folder)!r} is quantised; only float weights are loaded.")
    processed = any((folder / name).is_file() for name in _PROCESSOR_FILES)
    if inputs is not None and not processed:
        raise WeightsError(
            f"{str(folder)!r} has no {_PROCESSOR_FILES[0]}, so nobody knows how its {inputs} are "
            "to be prepared."
        )
    if not any(folder.glob("*.safetensors")):
        raise WeightsError(
            f"{str(folder)!r} has no safetensors weights; other formats can run code and are "
            "not loaded."
        )


def read_config(folder: Path) -> Any:
    """The checkpoint's configuration, with an attention of the library's own."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, **OFFLINE)
    # A config may name a compiled attention kernel on the Hub: that would be its code.
    config._attn_implementation = None
    return config


def read_network(
    auto_class: Any, folder: Path, config: Any, *, unused: tuple[str, ...] = ()
) -> Any:
    """The network in float32.

    auto_class: such as transformers.AutoModelForCTC.
    unused: how arrays end that only training needs, so that they may be missing.

    Raises WeightsError if the checkpoint lacks any other array.
    """
    import torch

    network, report = auto_class.from_pretrained(
        folder,
        config=config,
        dtype=torch.float32,
        use_safetensors=True,
        output_loading_info=True,
        **OFFLINE,
    )
    lacking = sorted(name for name in report["missing_keys"] if not name.endswith(unused))
    if lacking:  # transformers would go on with random numbers in their place
        raise WeightsError(
            f"{str(folder)!r} lacks {len(lacking)} of the arrays that {type(network).__name__} "
            f"needs, among them {lacking[0]}."
        )
    return network


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """In silence, and with one sentence for whatever transformers raises on a broken folder.

    Raises WeightsError, or MissingDependencyError if the architecture needs another package.
    """
    try:
        torchaudio_rescue.make_importable()
        with quiet():
            yield
    except ZooError:
        raise
    except ImportError as error:
        raise MissingDependencyError(
            f"{str(folder)!r} needs a package that is not installed: {_reason(error)}."
        ) from error
    except Exception as error:  # transformers raises nearly every type on broken folders
        raise WeightsError(
            f"{str(folder)!r} cannot be loaded: {type(error).__name__}: {_reason(error)}."
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and warnings of transformers: what matters becomes an error."""
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else "no reason given"
