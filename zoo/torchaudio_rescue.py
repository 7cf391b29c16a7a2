"""Making an installed torchaudio importable where its compiled part cannot be loaded.

transformers imports torchaudio wherever it is installed, even to read pictures. The wheel of
torchaudio on the package index is compiled against PyTorch with CUDA; beside a PyTorch without it
`import torchaudio` dies with an OSError, and every transformers model with it. Nothing here needs
the compiled part, and torchaudio knows how to go without: its `_load_lib` answers False where the
file is absent, and what is left is pure Python.
"""

from __future__ import annotations

import importlib.util
import sys


def make_importable() -> None:
    """Import torchaudio, if it is installed, without its compiled part if that does not load."""
    if "torchaudio" in sys.modules or importlib.util.find_spec("torchaudio") is None:
        return
    try:
        importlib.import_module("torchaudio")
    except OSError:
        # Python drops a package whose import failed, but keeps this module, which had not.
        loader = sys.modules.get("torchaudio._extension.utils")
        if not hasattr(loader, "_load_lib"):  # another torchaudio: the reason is better than none
            raise
        loader._load_lib = lambda lib: False  # type: ignore[union-attr]
        importlib.import_module("torchaudio")
