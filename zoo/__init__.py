"""zoo: hand-written and learned programs for the same jobs, behind one API, measured side by side.

>>> import zoo
>>> zoo.load("vision/resnet-mnist").predict("seven.png").label  # doctest: +SKIP
'7'
"""

from typing import TYPE_CHECKING, Any

__all__ = ["data_set", "info", "load", "models"]

if TYPE_CHECKING:
    from zoo.registry import data_set, info, load, models


def __getattr__(name: str) -> Any:
    # The registry is imported when it is first used, so that `import zoo` costs nothing.
    if name == "__version__":
        from importlib.metadata import version

        return version("software-zoo")
    if name in __all__:
        from zoo import registry

        return getattr(registry, name)
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
