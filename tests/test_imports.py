"""What an import costs, and what is said when a package is not there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import CatalogError, MissingDependencyError
from zoo.imports import import_attribute

_HEAVY = ("numpy", "torch", "PIL", "scipy", "sklearn", "skimage", "pyarrow", "huggingface_hub")


def _modules_after(code: str) -> set[str]:
    report = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_zoo_imports_nothing_heavy() -> None:
    modules = _modules_after("import zoo")
    assert modules.isdisjoint(_HEAVY)
    assert {name for name in modules if name.startswith("zoo")} == {"zoo"}


def test_listing_models_imports_no_domains_code() -> None:
    modules = _modules_after("import zoo; assert zoo.models()")
    assert modules.isdisjoint({"torch", "scipy", "sklearn", "skimage", "transformers", "pyarrow"})
    assert modules.isdisjoint({"numba", "pyspiel"})
    domains = {name for name in modules if name.startswith("zoo.vision")}
    assert domains == {"zoo.vision", "zoo.vision.catalog", "zoo.vision.data_sets"}


def test_the_public_names_stay_functions_once_their_modules_are_imported() -> None:
    code = "import zoo, zoo.data, zoo.model, zoo.registry, zoo.entries\n" + "\n".join(
        f"assert callable(zoo.{name}), {name!r}" for name in ("load", "models", "info", "data_set")
    )
    assert "zoo.registry" in _modules_after(code)


def test_the_version_is_that_of_the_installed_package() -> None:
    from importlib.metadata import version

    import zoo

    assert zoo.__version__ == version("software-zoo")
    assert {"load", "models", "info", "data_set"} <= set(dir(zoo))
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        zoo.lod  # noqa: B018


def test_a_missing_package_is_met_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy.py").write_text("import sklearn.nothing_of_the_kind\n")
    (tmp_path / "needier.py").write_text("from not_installed_here.deep import thing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingDependencyError, match=r"pip install scikit-learn$"):
        import_attribute("needy:thing")
    with pytest.raises(MissingDependencyError, match=r"pip install not_installed_here$"):
        import_attribute("needier:thing")


def test_a_wrong_entry_is_its_authors_mistake() -> None:
    with pytest.raises(CatalogError, match="There is no module 'nowhere_at_all'"):
        import_attribute("nowhere_at_all:Thing")
    with pytest.raises(CatalogError, match=r"Module 'zoo\.errors' has no 'Thing'"):
        import_attribute("zoo.errors:Thing")
    with pytest.raises(CatalogError, match=r"There is no module 'zoo\.nowhere'"):
        import_attribute("zoo.nowhere:Thing")
