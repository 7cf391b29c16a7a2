"""From names to entries to models: what is registered, what is refused, what is trusted."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zoo
from tests.test_entries import data_set, model
from zoo import registry as room
from zoo.entries import Adapter, Catalog, Generation, Recipe
from zoo.errors import CatalogError, HubError, InputError, UnknownNameError, WeightsError
from zoo.model import Model
from zoo.predictions import Classification
from zoo.registry import Registry, load_folder, resolve

OLD = model(name="toys/old")
NEW = model(name="toys/new", generation=Generation.SOFTWARE_2, baseline="toys/old")
TOYS = data_set(name="toy-set")


def of(*models: Any, data_sets: Any = (TOYS,)) -> Registry:
    return Registry.of({"toys": Catalog(models=models, data_sets=data_sets)})


# --- catalogs against each other ------------------------------------------------------------------


def test_catalogs_are_merged_and_may_refer_to_each_other() -> None:
    both = Registry.of(
        {
            "one": Catalog(models=(dataclasses.replace(NEW, data=("toy-set",)),)),
            "two": Catalog(models=(OLD,), data_sets=(TOYS,)),
        }
    )
    assert set(both.models) == {"toys/old", "toys/new"}
    assert set(both.data_sets) == {"toy-set"}


def test_a_name_is_taken_once() -> None:
    for catalog, what in ((Catalog(models=(OLD,)), "model"), (Catalog(data_sets=(TOYS,)), "data")):
        with pytest.raises(CatalogError, match=f"The {what}.* of second is already there"):
            Registry.of({"first": catalog, "second": catalog})


def test_the_baseline_is_a_model_of_the_same_task_and_the_first_generation() -> None:
    with pytest.raises(CatalogError, match="The baseline of 'toys/new', 'toys/old', is no model"):
        of(NEW)
    with pytest.raises(CatalogError, match=r"must be a 1\.0 model for image-classification"):
        of(OLD, NEW, dataclasses.replace(NEW, name="toys/newer", baseline="toys/new"))
    with pytest.raises(CatalogError, match=r"must be a 1\.0 model"):
        of(dataclasses.replace(NEW, baseline="toys/new"))


def test_tasks_do_not_mix() -> None:
    second_task = "board-game"
    with pytest.raises(CatalogError, match=r"must be a 1\.0 model for image-classification"):
        of(dataclasses.replace(OLD, task=second_task), NEW)
    with pytest.raises(CatalogError, match="'toy-set' is not for the task of 'toys/old'"):
        of(dataclasses.replace(OLD, task=second_task, data=("toy-set",)))


def test_a_task_that_does_not_exist_is_noticed_at_once() -> None:
    with pytest.raises(CatalogError, match="'toys/old' names no known task: 'image-clasification'"):
        of(dataclasses.replace(OLD, task="image-clasification"))
    with pytest.raises(CatalogError, match="'toy-set' names no known task"):
        of(data_sets=(dataclasses.replace(TOYS, task="guessing"),))


@pytest.mark.parametrize(
    "changes",
    [
        {"data": ("toy-set", "nowhere")},
        {"recipe": Recipe(data="nowhere")},
        {"recipe": Recipe(data="toy-set", exclude=("nowhere",))},
        {"recipe": Recipe(data=None, exclude=("nowhere",))},
    ],
)
def test_data_sets_are_known(changes: dict[str, Any]) -> None:
    with pytest.raises(CatalogError, match="'toys/old' names no known data set: 'nowhere'"):
        of(dataclasses.replace(OLD, **changes))


def test_a_recipe_may_be_without_data() -> None:
    entry = dataclasses.replace(OLD, recipe=Recipe(data=None, exclude=("toy-set",)))
    assert of(entry).models["toys/old"] is entry


# --- the catalogs of installed packages -----------------------------------------------------------


def _installed(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    found = [EntryPoint(name, value, "zoo.catalogs") for name, value in points.items()]

    def entry_points(group: str) -> Sequence[EntryPoint]:
        assert group == "zoo.catalogs"
        return found

    monkeypatch.setattr(room, "entry_points", entry_points)


@pytest.mark.usefixtures("fresh_registry")
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_package.catalog:CATALOG", "ModuleNotFoundError: No module named"),
        ("zoo.vision.catalog:NOTHING", "AttributeError"),
    ],
)
def test_a_broken_catalog_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str, reason: str
) -> None:
    _installed(monkeypatch, vision="zoo.vision.catalog:CATALOG", broken=value)
    with pytest.raises(CatalogError) as caught:
        zoo.models()
    message = str(caught.value)
    assert repr(value) in message
    assert reason in message
    assert message.endswith("; mend or uninstall that package.")


@pytest.mark.usefixtures("fresh_registry")
def test_a_catalog_whose_own_entry_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sloppy.py").write_text(
        "from zoo.entries import DataSetInfo\n"
        "X = DataSetInfo(name='A B', title='', task='', license='', url='', splits=(), sources=())"
    )
    monkeypatch.syspath_prepend(tmp_path)
    _installed(monkeypatch, sloppy="sloppy:X")
    with pytest.raises(CatalogError, match=r"'sloppy:X'.*must be named in lower case"):
        zoo.models()


@pytest.mark.usefixtures("fresh_registry")
def test_something_that_is_no_catalog_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, odd="zoo.vision.data_sets:MNIST")
    with pytest.raises(CatalogError, match=r"'zoo\.vision\.data_sets:MNIST'.* is no zoo Catalog"):
        zoo.models()


# --- listing --------------------------------------------------------------------------------------


def test_models_are_listed_by_name_and_narrowed_by_filters() -> None:
    everything = zoo.models()
    names = [entry.name for entry in everything]
    assert names == sorted(names)
    assert {"vision/hog-svm-mnist", "vision/resnet-mnist"} <= set(names)
    assert zoo.models(domain="vision") == [e for e in everything if e.domain == "vision"]
    first, second = zoo.models(generation="1.0"), zoo.models(generation="2.0")
    assert {entry.generation for entry in first} == {Generation.SOFTWARE_1}
    assert len(first) + len(second) == len(everything)
    assert zoo.models(generation=Generation.SOFTWARE_2) == second
    assert zoo.models(generation=2.0) == second  # type: ignore[arg-type]
    assert zoo.models("vision", "image-classification", "1.0") == [
        entry for entry in first if entry.domain == "vision"
    ]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"domain": "visoin"}, "There is no domain named 'visoin'; did you mean vision?"),
        ({"task": "classification"}, "did you mean image-classification or translation?"),
        ({"generation": "3.0"}, "There is no generation named '3.0'"),
        ({"generation": 3}, "There is no generation named '3'"),
    ],
)
def test_a_filter_that_nothing_has_is_a_slip(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        zoo.models(**filters)
    assert message in str(caught.value)


def test_an_unknown_name_is_met_with_the_nearest() -> None:
    for ask in (zoo.info, zoo.load):
        with pytest.raises(UnknownNameError, match=r"did you mean .*vision/resnet-mnist"):
            ask("vision/resnet-mnits")
        with pytest.raises(UnknownNameError, match="did you mean vision/resnet-"):
            ask("resnet")
    with pytest.raises(UnknownNameError, match="There is no data set named 'mnist5k'; did you"):
        zoo.data_set("mnist5k")


def test_info_is_the_entry() -> None:
    for entry in zoo.models():
        assert zoo.info(entry.name) is entry


def test_a_selection_is_a_model_a_domain_or_everything() -> None:
    assert list(resolve(None)) == zoo.models()
    assert list(resolve("vision")) == zoo.models(domain="vision")
    assert list(resolve("vision/hog-svm-mnist")) == [zoo.info("vision/hog-svm-mnist")]
    with pytest.raises(UnknownNameError, match=r"no model or domain named 'visoin'.* vision"):
        list(resolve("visoin"))


# --- loading --------------------------------------------------------------------------------------


class Toy(Model):
    task = "image-classification"

    def __init__(self, label: str = "toy") -> None:
        super().__init__()
        self.label = label

    def _prepare(self, x: Any) -> Any:
        return x

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        return [Classification((self.label,), (1.0,)) for _ in batch]

    def _to_weights(self) -> Any:
        return {"label": self.label}, {}

    @classmethod
    def _from_weights(cls, settings: Any, arrays: Any, device: str) -> Toy:
        return cls(settings["label"])


class Bare(Toy):
    """One that has to be told something."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh_registry: None) -> Path:
    """A package "toybox" with a stored and a weightless model; returns where its weights are."""
    package = tmp_path / "toybox"
    package.mkdir()
    (package / "__init__.py").touch()
    entry = f"{__name__}:Toy"
    catalog = Catalog(
        models=(
            dataclasses.replace(OLD, entry=entry),
            dataclasses.replace(OLD, name="toys/stored", entry=entry, weights="toybox:in/side"),
            dataclasses.replace(OLD, name="toys/bare", entry=f"{__name__}:Bare"),
        ),
        adapters=(
            Adapter("ForImageClassification", entry),
            Adapter("ForConditionalGeneration", entry, ("whisper", "moonshine")),
        ),
    )
    module = ModuleType("toybox_catalog")
    module.CATALOG = catalog  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toybox_catalog", module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "toybox", raising=False)
    _installed(monkeypatch, toys="toybox_catalog:CATALOG")
    Toy("stored").save(package / "in" / "side")
    return package / "in" / "side"


def test_a_model_is_loaded_as_its_entry_says(toys: Path) -> None:
    stored = zoo.load("toys/stored")
    assert stored.predict(0).label == "stored"  # type: ignore[attr-defined]
    assert stored.info is zoo.info("toys/stored")
    plain = zoo.load("toys/old", label="mine")
    assert plain.predict(0).label == "mine"  # type: ignore[attr-defined]
    assert plain.info is zoo.info("toys/old")
    assert room.weights_folder(zoo.info("toys/stored")) == toys


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("name", ["toys/old", "toys/stored"])
def test_a_device_that_is_not_here_is_refused(name: str) -> None:
    assert zoo.load(name, device="cpu").info is zoo.info(name)
    with pytest.raises(InputError, match="runs on the CPU only; device='cuda'"):
        zoo.load(name, device="cuda")


def test_an_option_that_a_method_has_not_is_met_with_those_that_it_has(toys: Path) -> None:
    with pytest.raises(InputError) as caught:
        zoo.load("toys/old", lable="mine")
    assert str(caught.value) == "toys/old is loaded with no option 'lable'; it has label."
    for name in ("toys/stored", toys, str(toys)):
        with pytest.raises(InputError) as caught:
            zoo.load(name, label="mine")
        assert str(caught.value) == f"{name} is loaded with no option 'label'; it has none."


@pytest.mark.usefixtures("toys")
def test_an_option_that_a_method_has_to_be_given_is_named() -> None:
    with pytest.raises(InputError) as caught:
        zoo.load("toys/bare")
    assert str(caught.value) == "toys/bare cannot be loaded without the option 'label'."
    assert zoo.load("toys/bare", label="mine").predict(0).label == "mine"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("toys")
def test_a_folder_is_loaded_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my toys" / "ünï"
    Toy("by path").save(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (folder, str(folder), "./my toys/ünï", "my toys/ünï", "~/my toys/ünï"):
        loaded = zoo.load(name)
        assert loaded.predict(0).label == "by path"  # type: ignore[attr-defined]
        assert loaded.info is None
    with pytest.raises(WeightsError, match=r"There is no weights folder at 'nowhere'"):
        zoo.load("./nowhere")


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("entry", ["os:system", "subprocess:run", "evil:Model", "", None, ["a"]])
def test_a_folder_cannot_name_code_to_run(tmp_path: Path, entry: Any) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('a stranger’s code ran')")
    folder = tmp_path / "stranger"
    Toy().save(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "entry": entry}))
    with pytest.raises(WeightsError, match="which no catalog names"):
        load_folder(folder)
    assert "evil" not in sys.modules


@pytest.mark.usefixtures("toys")
def test_a_catalog_can_name_a_class_of_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Toy("unnamed").save(tmp_path / "toy")
    entry = json.loads((tmp_path / "toy" / "config.json").read_text())["entry"]
    for classes, trusted in (((entry,), True), ((), False)):
        made = Registry.of({"toys": Catalog(classes=classes)})
        monkeypatch.setattr(room, "registry", lambda made=made: made)
        if trusted:
            assert load_folder(tmp_path / "toy").predict(0).label == "unnamed"  # type: ignore[attr-defined]
        else:
            with pytest.raises(WeightsError, match="which no catalog names"):
                load_folder(tmp_path / "toy")
    with pytest.raises(CatalogError, match=r"the class 'os\.system'; expected 'module:attribute'"):
        Catalog(classes=("os.system",))


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("architectures", [None, [], ["LlamaForCausalLM"], "text", 5, {"a": 1}])
def test_a_checkpoint_that_no_adapter_takes(tmp_path: Path, architectures: Any) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": architectures}))
    with pytest.raises(WeightsError, match="those known end in ForImageClassification"):
        load_folder(tmp_path)


@pytest.mark.usefixtures("toys")
def test_one_suffix_can_stand_for_checkpoints_that_are_taken_and_others(tmp_path: Path) -> None:
    def says(model_type: Any, *architectures: str) -> None:
        config = {"architectures": architectures, "model_type": model_type}
        (tmp_path / "config.json").write_text(json.dumps(config))

    says("whisper", "WhisperForConditionalGeneration")
    with pytest.raises(WeightsError, match="was not written by zoo"):  # the toy's class reads it
        load_folder(tmp_path)
    for model_type in ("m2m_100", None, ["whisper"]):
        says(model_type, "M2M100ForConditionalGeneration")
        with pytest.raises(WeightsError) as caught:
            load_folder(tmp_path)
        assert str(caught.value).endswith(
            f"['M2M100ForConditionalGeneration'], of type {model_type}; those known end in "
            "ForImageClassification, ForConditionalGeneration of type whisper or moonshine."
        )


def test_a_malformed_hub_reference_is_refused_without_a_network() -> None:
    for name in ("hub:", "hub:owner", "hub:a/b/c", "hub:owner/repo@", "hub:owner/re po"):
        with pytest.raises(HubError, match="owner/repo"):
            zoo.load(name)


def test_weights_of_a_model_without_any() -> None:
    with pytest.raises(WeightsError, match="'toys/old' has no weights"):
        room.weights_folder(OLD)


def test_weights_in_a_package_that_is_not_there() -> None:
    entry = dataclasses.replace(OLD, weights="no_such_package:weights")
    with pytest.raises(CatalogError, match="'toys/old' are to be in 'no_such_package'"):
        room.weights_folder(entry)
