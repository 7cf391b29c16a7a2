"""A wrong entry fails when it is made, and by name."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from zoo.entries import DataSetInfo, Generation, ModelInfo, Recipe, Reference, Variant
from zoo.errors import CatalogError, UnknownNameError
from zoo.sources import PythonPackage

SOURCE = PythonPackage(package="json", reader="json:loads")


def model(**changes: Any) -> ModelInfo:
    facts: dict[str, Any] = {
        "name": "toys/thing-data",
        "summary": "A thing.",
        "task": "image-classification",
        "generation": Generation.SOFTWARE_1,
        "entry": "toys.thing:Thing",
        "weights": None,
        "license": "mit",
        "parameters": 0,
        "references": (Reference("A paper", "https://example.org"),),
    }
    return ModelInfo(**{**facts, **changes})


def data_set(**changes: Any) -> DataSetInfo:
    facts: dict[str, Any] = {
        "name": "toy-set",
        "title": "Toys",
        "task": "image-classification",
        "license": "mit",
        "url": "https://example.org",
        "splits": ("test",),
        "sources": (SOURCE,),
    }
    return DataSetInfo(**{**facts, **changes})


_BAD_NAMES = [
    *("thing", "Toys/thing", "toys/Thing", "toys/", "/thing", "toys/a/b", "my-toys/a", "7toys/a"),
    *("toys/a_b", "toys/a--b", "toys/-a", "toys/a-", "toys/a b", "toys/a\n", "ünï/a", ""),
]


@pytest.mark.parametrize("name", _BAD_NAMES)
def test_a_model_is_named_domain_and_method(name: str) -> None:
    with pytest.raises(CatalogError, match="must be named domain/method-data"):
        model(name=name)


@pytest.mark.parametrize("name", ["toys/a", "toys2/a-1-b", "toys/3d-thing"])
def test_good_names(name: str) -> None:
    assert model(name=name).domain == name.split("/")[0]


@pytest.mark.parametrize("entry", ["", "toys", "toys:", ":Thing", "toys.thing.Thing", "a:b:c"])
def test_an_entry_is_module_and_attribute(entry: str) -> None:
    with pytest.raises(CatalogError, match="expected 'module:attribute'"):
        model(entry=entry)


@pytest.mark.parametrize("generation", ["1.0", "2.0", 2.0, None])
def test_a_generation_is_one_of_two(generation: Any) -> None:
    with pytest.raises(CatalogError, match="expected a Generation"):
        model(generation=generation, baseline="toys/old")


def test_only_software_2_has_a_baseline_and_always() -> None:
    message = "must name a baseline if it is 2.0, and none if it is 1.0"
    with pytest.raises(CatalogError, match=message):
        model(generation=Generation.SOFTWARE_2)
    with pytest.raises(CatalogError, match=message):
        model(baseline="toys/old")
    assert model(generation=Generation.SOFTWARE_2, baseline="toys/old").baseline == "toys/old"


def test_on_a_data_set_it_can_replace_another_model() -> None:
    learned = model(
        generation=Generation.SOFTWARE_2,
        baseline="toys/a",
        baselines={"second": "toys/b", "third": "toys/a"},
        data=("first", "second", "third"),
    )
    assert [learned.baseline_on(data) for data in learned.data] == ["toys/a", "toys/b", "toys/a"]
    assert learned.all_baselines == ("toys/a", "toys/b")
    assert pickle.loads(pickle.dumps(learned)) == learned
    assert model().all_baselines == ()
    assert model().baseline_on("first") is None
    with pytest.raises(CatalogError, match="not measured on: \\['fourth'\\]"):
        dataclasses.replace(learned, baselines={"fourth": "toys/b"})
    with pytest.raises(CatalogError, match="but none of its own"):
        model(baselines={"first": "toys/b"}, data=("first",))


@pytest.mark.parametrize("summary", ["", "two\nlines"])
def test_a_summary_is_one_line(summary: str) -> None:
    with pytest.raises(CatalogError, match="summary of one line"):
        model(summary=summary)


def test_weights_say_where_they_are() -> None:
    with pytest.raises(CatalogError, match="expected 'package:path' or 'hub:owner/repo'"):
        model(weights="pretrained/thing")


def test_parameters_are_not_negative() -> None:
    with pytest.raises(CatalogError, match="negative number of parameters"):
        model(parameters=-1)


@pytest.mark.parametrize("code", ["English", "en-US", "e", "EN", ""])
def test_a_language_is_one_that_the_hub_knows(code: str) -> None:
    with pytest.raises(CatalogError, match="expected an ISO 639 code or 'multilingual'"):
        model(languages=("de", code))
    assert model(languages=("en", "hsb", "multilingual")).languages[1] == "hsb"


def test_a_recipe_names_all_that_is_learned_from() -> None:
    assert Recipe(data="a", options={"also": ("b", "c")}).all_data == ("a", "b", "c")
    assert Recipe(data="a").all_data == ("a",)
    rounds = ({"also": ("b", "c")}, {"depth": 2})
    assert Recipe(data="a", options={"also": ("b",)}, further_rounds=rounds).all_data == (
        "a",
        "b",
        "c",
    )
    assert Recipe(data=None).all_data == ()


def test_the_error_names_the_entry() -> None:
    with pytest.raises(CatalogError, match=r"^Model entry 'toys/thing-data' .*\.$"):
        model(parameters=-1)


@pytest.mark.parametrize("name", ["", "Toys", "toys/set", "toys_set", "-toys", "toys set"])
def test_a_data_set_is_named_in_lower_case(name: str) -> None:
    with pytest.raises(CatalogError, match="must be named in lower case and hyphens"):
        data_set(name=name)


def test_a_data_set_has_a_source_and_a_split() -> None:
    with pytest.raises(CatalogError, match="'toy-set' has no source"):
        data_set(sources=())
    with pytest.raises(CatalogError, match="'toy-set' has no split"):
        data_set(splits=())


def test_entries_are_values_that_nothing_changes() -> None:
    options = {"depth": 3}
    entry = model(recipe=Recipe(data="toy-set", options=options, further_rounds=(options,)))
    options["depth"] = 4
    assert entry.recipe is not None
    assert dict(entry.recipe.options) == dict(entry.recipe.further_rounds[0]) == {"depth": 3}
    with pytest.raises(TypeError):
        entry.recipe.options["depth"] = 5  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.name = "toys/other"  # type: ignore[misc]
    with pytest.raises(TypeError, match="surprise"):
        model(surprise=1)


def test_variants_are_options_that_nothing_changes() -> None:
    options = {"simulations": 50}
    entry = model(variants=[options])
    options["simulations"] = 60
    assert [dict(variant) for variant in entry.variants] == [{"simulations": 50}]
    with pytest.raises(TypeError):
        entry.variants[0]["simulations"] = 70  # type: ignore[index]


@pytest.mark.parametrize("variants", [({},), ({"depth": 3}, {"depth": 3})], ids=str)
def test_nothing_is_measured_twice(variants: Any) -> None:
    with pytest.raises(CatalogError, match="has a variant that is measured anyway"):
        model(variants=variants)


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, object()])
def test_a_variant_can_be_written_down(value: Any) -> None:
    with pytest.raises(CatalogError, match="are not all text or numbers"):
        model(variants=({"depth": value},))


def test_a_recipe_without_data_holds_nothing_out() -> None:
    assert Recipe(data="toy-set").validation == 2000
    assert Recipe(data=None).validation == Recipe(data=None, validation=0).validation == 0
    with pytest.raises(CatalogError, match="without data has no 7 examples to hold out"):
        Recipe(data=None, validation=7)


def test_entries_can_be_copied_pickled_and_put_in_sets() -> None:
    recipe = Recipe(data="toy-set", exclude=("other",), validation=7, seed=3, options={"depth": 3})
    for one in (
        model(sample_options={"source": "en"}),
        model(recipe=recipe, variants=({"simulations": 50}, {"seconds": 0.5, "mode": "quick"})),
        model(recipe=Recipe(data=None)),
        model(recipe=Recipe(data="toy-set", further_rounds=({"depth": 4}, {}))),
        data_set(variants=(Variant("Toys", {"test": "abc"}),)),
    ):
        again = pickle.loads(pickle.dumps(one))
        assert again == one
        assert copy.deepcopy(one) == one
        assert len({one, again}) == 1


# --- unknown names --------------------------------------------------------------------------------

_KNOWN = ["vision/resnet-mnist", "vision/hog-svm-mnist", "vision/resnet-cifar10", "games/minimax"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("vision/resnet-mnits", "did you mean vision/resnet-mnist"),
        ("resnet-mnist", "did you mean vision/resnet-mnist"),
        ("VISION/ResNet-MNIST", "did you mean vision/resnet-mnist"),
        ("resnet", "did you mean vision/resnet-cifar10 or vision/resnet-mnist?"),
        ("mini", "did you mean games/minimax?"),
        ("", "There is no model named ''."),
        ("xyzzy", "There is no model named 'xyzzy'."),
    ],
)
def test_the_nearest_names_are_offered(name: str, hint: str) -> None:
    message = str(UnknownNameError.of("model", name, _KNOWN))
    assert message.startswith(f"There is no model named {name!r}")
    assert hint in message
    assert message[-1] in ".?"


def test_at_most_three_names_are_offered() -> None:
    message = str(UnknownNameError.of("model", "thing", [f"toys/thing-{i}" for i in range(9)]))
    assert message.count("toys/") == 3
