"""In processes of their own: what is imported once stays."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiny_checkpoints

installed = pytest.mark.skipif(
    importlib.util.find_spec("torchaudio") is None, reason="needs torchaudio"
)


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@installed
def test_torchaudio_works_after_the_rescue() -> None:
    code = (
        "from zoo.torchaudio_rescue import make_importable\n"
        "make_importable(); make_importable()\n"
        "import torch, torchaudio.functional\n"
        "tone = torch.sin(torch.arange(800) / 5)\n"
        "print(torchaudio.functional.resample(tone, 8000, 16000).shape[0])"
    )
    assert run(code) == "1600"


# A torchaudio that is as broken as the real one beside another PyTorch, or otherwise.
_BROKEN = """
import sys, types
from pathlib import Path
root = Path(sys.argv[1], "torchaudio")
(root / "_extension").mkdir(parents=True)
(root / "__init__.py").write_text("from . import _extension\\nfrom ._extension import LOADED\\n")
(root / "_extension" / "__init__.py").write_text(
    "from .utils import _load_lib\\nLOADED = _load_lib('_torchaudio')\\n"
)
(root / "_extension" / "utils.py").write_text(
    f"def {sys.argv[2]}(lib):\\n    {sys.argv[3]}\\n"
)
sys.path.insert(0, sys.argv[1])
from zoo.torchaudio_rescue import make_importable
try:
    make_importable()
except Exception as error:
    print(type(error).__name__, error)
else:
    import torchaudio
    print(torchaudio.LOADED)
"""


@pytest.mark.parametrize(
    ("name", "body", "outcome"),
    [
        ("_load_lib", "raise OSError('no libc10_cuda.so')", "False"),
        ("_load_lib", "return 'whole'", "whole"),
        ("_load_lib", "raise RuntimeError('another reason')", "RuntimeError another reason"),
    ],
)
def test_only_a_library_that_does_not_load_is_done_without(
    tmp_path: Path, name: str, body: str, outcome: str
) -> None:
    assert run(_BROKEN, str(tmp_path), name, body) == outcome


def test_a_torchaudio_of_another_form_keeps_its_error(tmp_path: Path) -> None:
    package = tmp_path / "torchaudio"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('of another form')")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from zoo.torchaudio_rescue import make_importable\n"
        "try:\n    make_importable()\nexcept OSError as error:\n    print(error)"
    )
    assert run(code, str(tmp_path)) == "of another form"


def test_without_torchaudio_nothing_is_imported() -> None:
    code = (
        "import importlib.util, sys\n"
        "importlib.util.find_spec = lambda name: None\n"
        "from zoo.torchaudio_rescue import make_importable\n"
        "make_importable(); print('torchaudio' in sys.modules, 'torch' in sys.modules)"
    )
    assert run(code) == "False False"


@installed
@pytest.mark.parametrize("architecture", ["vit", "wav2vec2", "whisper"])
def test_the_first_load_of_a_process_finds_torchaudio_rescued(
    tmp_path: Path, architecture: str
) -> None:
    tiny_checkpoints.write(tmp_path, architecture)
    code = "import sys, zoo; print(type(zoo.load(sys.argv[1], device='cpu')).__name__)"
    assert run(code, str(tmp_path)).startswith("Transformers")
