"""Name -> entry -> loaded model. Catalogs are found through the entry-point group `zoo.catalogs`.

Nothing is imported before it is needed: listing reads catalogs only, loading imports one class.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from zoo import hub, weights
from zoo.data import DataSet, open_data_set
from zoo.entries import Adapter, Catalog, DataSetInfo, Generation, ModelInfo
from zoo.errors import CatalogError, InputError, UnknownNameError, WeightsError
from zoo.imports import import_attribute
from zoo.model import Model
from zoo.options import check_known
from zoo.tasks import TASKS

ENTRY_POINTS = "zoo.catalogs"


@dataclass(frozen=True)
class Registry:
    """All catalogs together, checked against each other."""

    models: dict[str, ModelInfo]
    data_sets: dict[str, DataSetInfo]
    adapters: tuple[Adapter, ...]
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, catalogs: dict[str, Catalog]) -> Registry:
        """Merge catalogs by their origin's name. Raises CatalogError on contradictions."""
        models: dict[str, ModelInfo] = {}
        data_sets: dict[str, DataSetInfo] = {}
        adapters: list[Adapter] = []
        for origin, catalog in catalogs.items():
            for model in catalog.models:
                if model.name in models:
                    raise CatalogError(f"The model {model.name!r} of {origin} is already there.")
                models[model.name] = model
            for data_set in catalog.data_sets:
                if data_set.name in data_sets:
                    raise CatalogError(
                        f"The data set {data_set.name!r} of {origin} is already there."
                    )
                data_sets[data_set.name] = data_set
            adapters.extend(catalog.adapters)
        classes = tuple(one for catalog in catalogs.values() for one in catalog.classes)
        registry = cls(models, data_sets, tuple(adapters), classes)
        for data_set in data_sets.values():
            if data_set.task not in TASKS:
                raise CatalogError(
                    f"The data set {data_set.name!r} names no known task: {data_set.task!r}."
                )
        for model in models.values():
            registry._check(model)
        return registry

    def _check(self, model: ModelInfo) -> None:
        if model.task not in TASKS:
            raise CatalogError(f"The model {model.name!r} names no known task: {model.task!r}.")
        for name in model.all_baselines:
            baseline = self.models.get(name)
            if baseline is None:
                raise CatalogError(f"The baseline of {model.name!r}, {name!r}, is no model.")
            if baseline.generation is not Generation.SOFTWARE_1 or baseline.task != model.task:
                raise CatalogError(
                    f"The baseline of {model.name!r} must be a 1.0 model for {model.task}."
                )
        recipe_data = [model.recipe.data, *model.recipe.exclude] if model.recipe else []
        for name in filter(None, (*model.data, *recipe_data)):
            if name not in self.data_sets:
                raise CatalogError(f"The model {model.name!r} names no known data set: {name!r}.")
            if self.data_sets[name].task != model.task:
                raise CatalogError(f"The data set {name!r} is not for the task of {model.name!r}.")


@functools.cache
def registry() -> Registry:
    """The catalogs of every installed package."""
    catalogs = {}
    for point in sorted(entry_points(group=ENTRY_POINTS)):
        origin = point.dist.name if point.dist is not None else point.value
        try:
            catalog = point.load()
        except Exception as error:  # a third party's import can fail in any way
            raise CatalogError(
                f"The catalog {point.value!r} of the package {origin!r} cannot be loaded "
                f"({type(error).__name__}: {error}); mend or uninstall that package."
            ) from error
        if not isinstance(catalog, Catalog):
            raise CatalogError(f"{point.value!r} of the package {origin!r} is no zoo Catalog.")
        catalogs[f"{origin} ({point.name})"] = catalog
    return Registry.of(catalogs)


def models(
    domain: str | None = None, task: str | None = None, generation: str | None = None
) -> list[ModelInfo]:
    """The registered models, in the order of their names; each filter narrows them.

    Raises UnknownNameError for a domain, task or generation that no model has.
    """
    found = sorted(registry().models.values(), key=lambda model: model.name)
    filters = {"domain": domain, "task": task, "generation": generation}
    for kind, value in filters.items():
        if value is None:
            continue
        wanted = str(value)  # generation=2.0 says what it means
        known = {str(getattr(model, kind)) for model in registry().models.values()}
        if wanted not in known:
            raise UnknownNameError.of(kind, wanted, known)
        found = [model for model in found if getattr(model, kind) == wanted]
    return found


def info(name: str) -> ModelInfo:
    """The registry entry of that name. Raises UnknownNameError with the nearest names."""
    try:
        return registry().models[name]
    except KeyError:
        raise UnknownNameError.of("model", name, registry().models) from None


def data_set_info(name: str) -> DataSetInfo:
    """The entry of a data set. Raises UnknownNameError with the nearest names."""
    try:
        return registry().data_sets[name]
    except KeyError:
        raise UnknownNameError.of("data set", name, registry().data_sets) from None


def data_set(name: str) -> DataSet:
    """A data set that is present here. Raises UnknownNameError or DataNotFoundError."""
    return open_data_set(data_set_info(name))


def load(name: str | Path, *, device: str = "auto", **options: Any) -> Model:
    """Load a model.

    name: a registry name ("vision/resnet-mnist"), a local weights folder, or
        "hub:owner/repo[@revision]".
    device: "auto" takes an accelerator where there is one; else "cpu", "cuda", "mps", …
    options: the method's own load options, if it has any.

    Raises UnknownNameError, WeightsError, HubError, MissingDependencyError, or InputError for an
    option that the method has not, or has to be given.
    """
    if isinstance(name, Path):
        return load_folder(name, device=device, **options)
    if name.startswith(hub.PREFIX):
        return load_folder(hub.download_model(name), device=device, **options)
    if name in registry().models:
        entry = registry().models[name]
        model_class = model_class_of(entry)
        if entry.weights is None:
            _check_options(name, model_class, options, besides=("device",))
            if model_class.pick_device(device) != "cpu":
                options["device"] = device
            model = model_class(**options)
        else:
            _check_options(name, model_class.load, options, besides=("folder", "device"))
            model = model_class.load(weights_folder(entry), device, **options)
        model.info = entry
        return model
    if name.startswith((".", "/", "~")) or Path(name).is_dir():
        return load_folder(Path(name).expanduser(), device=device, **options)
    raise UnknownNameError.of("model", name, registry().models)


def load_folder(folder: Path, *, device: str = "auto", **options: Any) -> Model:
    """Load a weights folder of our own, or a transformers checkpoint that an adapter takes.

    Only classes that a catalog names are ever imported, whatever the folder says.
    """
    config = weights.read_config(folder)
    if weights.is_ours(config):
        entry = config.get("entry")
        trusted = {model.entry for model in registry().models.values()} | set(registry().classes)
        if not isinstance(entry, str) or entry not in trusted:
            raise WeightsError(
                f"{str(folder)!r} wants the class {entry!r}, which no catalog names."
            )
    else:
        entry = _adapter_entry(folder, config)
    model_class: type[Model] = import_attribute(entry)
    _check_options(str(folder), model_class.load, options, besides=("folder", "device"))
    return model_class.load(folder, device, **options)


def _check_options(
    name: str, maker: Callable[..., Model], options: Iterable[str], besides: tuple[str, ...]
) -> None:
    """Raise InputError unless `maker` takes the options and needs no other `besides` these."""
    parameters = {
        parameter.name: parameter
        for parameter in inspect.signature(maker).parameters.values()
        if parameter.name not in besides
    }
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    check_known(f"{name} is loaded with", options, parameters)
    for option, one in parameters.items():
        if one.default is one.empty and option not in options:
            raise InputError(f"{name} cannot be loaded without the option {option!r}.")


def _adapter_entry(folder: Path, config: dict[str, Any]) -> str:
    for adapter in registry().adapters:
        if adapter.takes(config):
            return adapter.entry
    known = ", ".join(map(str, registry().adapters))
    raise WeightsError(
        f"{str(folder)!r} is neither a zoo weights folder nor a transformers checkpoint that zoo "
        f"takes: its architectures are {config.get('architectures')}, of type "
        f"{config.get('model_type')}; those known end in {known}."
    )


def model_class_of(entry: ModelInfo) -> type[Model]:
    """Import the class of an entry. Raises MissingDependencyError."""
    model_class: type[Model] = import_attribute(entry.entry)
    return model_class


def weights_folder(entry: ModelInfo) -> Path:
    """Where the weights of an entry are; fetched from the Hub if that is their home."""
    if entry.weights is None:
        raise WeightsError(f"The model {entry.name!r} has no weights.")
    if entry.weights.startswith(hub.PREFIX):
        return hub.download_model(entry.weights)
    package, _, path = entry.weights.partition(":")
    try:
        folder = resources.files(package).joinpath(path)
    except ModuleNotFoundError as error:
        raise CatalogError(
            f"The weights of {entry.name!r} are to be in {package!r}, which is no package here."
        ) from error
    if not isinstance(folder, Path):
        raise WeightsError(
            f"The package {package!r} must be installed unpacked to read its weights."
        )
    return folder


def resolve(selection: str | None) -> Iterator[ModelInfo]:
    """The models that a domain, a model's name or None (all) selects.

    Raises UnknownNameError.
    """
    if selection is None or selection in {model.domain for model in registry().models.values()}:
        yield from models(domain=selection)
    elif selection in registry().models:
        yield info(selection)
    else:
        domains = {model.domain for model in registry().models.values()}
        raise UnknownNameError.of("model or domain", selection, domains | set(registry().models))
