"""Importing by name, as late as possible."""

from __future__ import annotations

import importlib
from typing import Any

from zoo.errors import CatalogError, MissingDependencyError

# Where the module's name is not the package's.
_PACKAGES = {"sklearn": "scikit-learn", "skimage": "scikit-image", "PIL": "pillow"}


def import_attribute(path: str) -> Any:
    """Import "module:attribute".

    Raises MissingDependencyError, with the one command that installs it, if a package that the
    module imports is not there.
    """
    module_name, _, attribute = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == module_name.partition(".")[0]:
            raise CatalogError(f"There is no module {error.name!r} for {path!r}.") from error
        package = _PACKAGES.get(missing, missing)
        raise MissingDependencyError(f"{path} needs {package}: pip install {package}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise CatalogError(f"Module {module_name!r} has no {attribute!r}.") from None
