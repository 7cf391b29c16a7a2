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
    predict_options = frozenset({"sharpness"})

    def _prepare(self, x: Any) -> float:
        return float(image_array(x, (28, 28), "L").mean()) / 255

    def _predict(
        self, batch: Sequence[float], *, sharpness: float = 100, **options: Any
    ) -> list[Classification]:
        return [self._answer(brightness, sharpness) for brightness in batch]

    def _answer(self, brightness: float, sharpness: float) -> Classification:
        # Label k stands for the brightness k / 9.
        weights = np.exp(-sharpness * (brightness - np.arange(10) / 9) ** 2)
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


_COMMANDS = '''
"""What the package adds to the command line."""

from typing import Annotated

import typer


def glow(times: int, loud: Annotated[bool, typer.Option(help="Say it loud.")] = False) -> None:
    """Say how it glows.

    As often as wanted.

    Example: zoo glow 3 --loud
    """
    print(" ".join(["GLOW" if loud else "glow"] * times))


def dim_all() -> None:
    """Say nothing."""


COMMANDS = (glow, dim_all)
'''


# A second package: models that do each thing that a model must not do, and two that sleep.
_ROGUES = '''
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from zoo_brightness import Brightness

from zoo.entries import Catalog, DataSetInfo, Generation, ModelInfo, Reference
from zoo.errors import InputError
from zoo.model import Model
from zoo.predictions import Classification, Move
from zoo.sources import ParquetFolder, PythonPackage, SystemPackage


def read(split):
    """Forty grey pictures; TINY_SHADE makes them others."""
    shade = int(os.environ.get("TINY_SHADE", "0"))
    for i in range(40):
        digit = i % 10
        yield np.full((28, 28), min(255, round(digit * 255 / 9) + shade), np.uint8), str(digit)


class Good(Brightness):
    """Right about all of them, for each has the brightness of its label."""


class Raises(Brightness):
    def _predict(self, batch, **options):
        raise ValueError("it broke\\nin two lines")


class Killed(Brightness):
    def _predict(self, batch, **options):
        os.kill(os.getpid(), 9)


class Segfaults(Brightness):
    def _predict(self, batch, **options):
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 11)


class Hoards(Brightness):
    def _predict(self, batch, **options):
        np.ones((10**9, 10**9))


class Leaves(Brightness):
    def _predict(self, batch, **options):
        sys.exit(0)


class Vanishes(Brightness):
    def _predict(self, batch, **options):
        print("now you see me", file=sys.stderr, flush=True)
        os._exit(0)


class Doubts(Brightness):
    def _answer(self, brightness, sharpness):
        return Classification(tuple("0123456789"), (float("nan"),) * 10)


class Skips(Brightness):
    def predict_batch(self, xs, **options):
        return super().predict_batch(xs, **options)[:-1]


class Chatters(Good):
    """Prints to every place, in the words of the worker too, reads its input, leaves a child."""

    def __init__(self):
        super().__init__()
        child = subprocess.Popen(["sleep", "600"])
        if "PIDS" in os.environ:
            Path(os.environ["PIDS"], "child").write_text(str(child.pid))

    def _predict(self, batch, **options):
        print(\'{"error": "not mine"}\')
        print("garbage without an end", end="")
        os.write(1, bytes(range(256)) + b\'{"result": 1}\')
        assert sys.stdin.read() == ""
        return super()._predict(batch, **options)


class Sleeps(Good):
    """Never answers, unless AWAKE is set."""

    def _predict(self, batch, **options):
        if "AWAKE" not in os.environ:
            if "PIDS" in os.environ:
                Path(os.environ["PIDS"], "asleep").write_text(str(os.getpid()))
            time.sleep(600)
        return super()._predict(batch, **options)


class Echo(Model):
    """Takes text and gives it back."""

    task = "board-game"

    def _prepare(self, x):
        if not isinstance(x, str):
            raise InputError(f"Text is wanted; {type(x).__name__} came.")
        return x

    def _predict(self, batch, **options):
        return [Move(repr(x), 0, 0.0, (repr(x),), (1.0,), 1, 1) for x in batch]


def entry(
    name,
    kind,
    *,
    entry=None,
    weights=None,
    data=("tiny-digits",),
    baseline=None,
    task="image-classification",
    variants=(),
):
    return ModelInfo(
        name=name,
        summary="Does what it must not.",
        task=task,
        generation=Generation.SOFTWARE_2 if baseline else Generation.SOFTWARE_1,
        entry=entry or f"zoo_rogues:{kind}",
        weights=weights,
        license="apache-2.0",
        parameters=0,
        references=(Reference("The test suite of zoo", "https://example.org"),),
        baseline=baseline,
        data=data,
        variants=variants,
    )


KINDS = (Raises, Killed, Segfaults, Hoards, Leaves, Vanishes, Doubts, Skips, Chatters)
CATALOG = Catalog(
    models=(
        *(entry(f"rogues/{kind.__name__.lower()}", kind.__name__) for kind in KINDS),
        entry("rogues/good", "Good"),
        entry("rogues/needy", "Needy", entry="zoo_rogues_needy:Needy"),
        entry("rogues/weightless", "Good", weights="zoo_rogues_data:nowhere"),
        entry("sleepers/a-quick", "Good", data=("tiny-digits", "nowhere-digits")),
        entry("sleepers/b-slow", "Sleeps", baseline="sleepers/a-quick"),
        entry("choosy/written", "Good"),
        entry(
            "choosy/learned",
            "Good",
            baseline="choosy/written",
            variants=({"sharpness": 50}, {"sharpness": 0.0}),
        ),
        entry("choosy/echo", "Echo", task="board-game", data=()),
    ),
    data_sets=tuple(
        DataSetInfo(
            name=name,
            title=title,
            task="image-classification",
            license="apache-2.0",
            url="https://example.org",
            splits=("test",),
            sources=sources,
            offline=offline,
        )
        for name, title, sources, offline in (
            ("tiny-digits", "Tiny digits", (PythonPackage(
                package="zoo_rogues", reader="zoo_rogues:read"),), True),
            ("nowhere-digits", "Nowhere", (
                ParquetFolder(folder="nowhere", columns=None),
                PythonPackage(package="no_such_package", reader="zoo_rogues:read"),
                SystemPackage(packages=("no-such-deb",), files=("no/such/folder",), reader=""),
            ), False),
        )
    ),
)
'''


def install(folder: Path, *, module: str = _MODULE) -> Path:
    """Put the package into a folder as `pip install --target` would; returns the folder.

    module: other source text, to see what becomes of a package that is broken.
    """
    _install(folder, DISTRIBUTION, "zoo_brightness", module)
    (folder / "zoo_brightness_commands.py").write_text(_COMMANDS, encoding="utf-8")
    with (folder / "zoo_brightness-1.0.dist-info" / "entry_points.txt").open("a") as points:
        points.write("[zoo.commands]\nbrightness = zoo_brightness_commands:COMMANDS\n")
    return folder


def install_rogues(folder: Path) -> Path:
    """The same with a package of misbehaving models, `rogues/…` and `sleepers/…`."""
    (folder / "zoo_rogues_data").mkdir(parents=True)
    (folder / "zoo_rogues_data" / "__init__.py").touch()
    (folder / "zoo_rogues_needy.py").write_text("import a_package_that_is_not_there\n")
    return _install(folder, "zoo-rogues", "zoo_rogues", _ROGUES)


def _install(folder: Path, distribution: str, name: str, module: str) -> Path:
    record = folder / f"{name}-1.0.dist-info"
    record.mkdir(parents=True)
    (folder / f"{name}.py").write_text(module, encoding="utf-8")
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(f"[zoo.catalogs]\n{name} = {name}:CATALOG\n")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The environment of a process that sees the package."""
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PATH": _path()}


def _path() -> str:
    # The interpreter's own scripts first, so that `zoo` is the one under test.
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
