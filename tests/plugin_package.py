"""A third party's package, built as pip would install it, for whatever must work with one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DISTRIBUTION = "zoo-brightness"
MODEL, LEARNED_MODEL = "toys/brightness-mnist", "toys/brightness-net-mnist"

_MODULE = '''
"""Tells digits by how bright the picture is: a poor classifier, and a whole package."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.entries import Catalog, Generation, ModelInfo, Reference
from zoo.images import image_array
from zoo.model import Model
from zoo.predictions import Classification

LABELS = tuple("0123456789")


class Brightness(Model):
    task = "image-classification"

    def _prepare(self, x: Any) -> float:
        return float(image_array(x, (28, 28), "L").mean()) / 255

    def _predict(self, batch: Sequence[float], **options: Any) -> list[Classification]:
        return [self._answer(brightness) for brightness in batch]

    def _answer(self, brightness: float) -> Classification:
        # Label k stands for the brightness k / 9.
        weights = np.exp(-100 * (brightness - np.arange(10) / 9) ** 2)
        return Classification(LABELS, tuple((weights / weights.sum()).tolist()))


class BrightnessNet(Brightness):
    """The same answers, so that a comparison of the two has a known outcome."""


def entry(name: str, generation: Generation, kind: str, baseline: str | None) -> ModelInfo:
    return ModelInfo(
        name=name,
        summary="Tells digits by how bright the picture is.",
        task="image-classification",
        generation=generation,
        entry=f"zoo_brightness:{kind}",
        weights=None,
        license="apache-2.0",
        parameters=0,
        references=(Reference("The test suite of zoo", "https://example.org"),),
        baseline=baseline,
        data=("mnist-5k",),
        limits="Knows nothing of shapes.",
    )


CATALOG = Catalog(
    models=(
        entry("toys/brightness-mnist", Generation.SOFTWARE_1, "Brightness", None),
        entry(
            "toys/brightness-net-mnist",
            Generation.SOFTWARE_2,
            "BrightnessNet",
            "toys/brightness-mnist",
        ),
    )
)
'''


def install(folder: Path, *, module: str = _MODULE) -> Path:
    """Put the package into a folder as `pip install --target` would; returns the folder.

    module: other source text, to see what becomes of a package that is broken.
    """
    record = folder / "zoo_brightness-1.0.dist-info"
    record.mkdir(parents=True)
    (folder / "zoo_brightness.py").write_text(module, encoding="utf-8")
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text("[zoo.catalogs]\ntoys = zoo_brightness:CATALOG\n")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process that sees the package."""
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PATH": _path()}


def _path() -> str:
    # The interpreter's own scripts first, so that `zoo` is the one under test.
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
