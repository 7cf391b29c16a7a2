"""zoo: hand-written and learned programs for the same jobs, behind one API, measured side by side.

>>> import zoo
>>> zoo.load("vision/resnet-mnist").predict("seven.png").label  # doctest: +SKIP
'7'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    "Example": "zoo.data",
    "InputError": "zoo.errors",
    "ZooError": "zoo.errors",
    "data_set": "zoo.registry",
    "info": "zoo.registry",
    "load": "zoo.registry",
    "models": "zoo.registry",
}
__all__ = ["Example", "InputError", "ZooError", "data_set", "info", "load", "models"]

if TYPE_CHECKING:
    from zoo.data import Example
    from zoo.errors import InputError, ZooError
    from zoo.registry import data_set, info, load, models


def __getattr__(name: str) -> Any:
    # Each is imported when it is first used, so that `import zoo` costs nothing.
    if name == "__version__":
        from importlib.metadata import version

        return version("software-zoo")
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
