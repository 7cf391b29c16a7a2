"""What is known of a model and of a data set before any of their code is imported.

These records are literals in `zoo/<domain>/catalog.py`. They are frozen, have no room for extra
fields, and check themselves when they are made, so that a wrong entry fails at once and by name.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from zoo.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zoo.sources import Source

_MODEL_NAME = re.compile(r"[a-z][a-z0-9]*/[a-z0-9]+(-[a-z0-9]+)*")
_DATA_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_LANGUAGE = re.compile(r"[a-z]{2,3}|multilingual")  # what the Hub takes
_HELD_OUT = 2000


class Generation(StrEnum):
    """Software 1.0 is written by hand, Software 2.0 is learned (Karpathy 2017)."""

    SOFTWARE_1 = "1.0"
    SOFTWARE_2 = "2.0"


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication that a model implements.

    text: authors, title in quotation marks, place and year, as in: Hart and Nilsson, “A Title”,
        CVPR 2002. A text of another form is shown as it is, and cited as a title alone.
    """

    text: str
    url: str


def _rebuilt(record: Any, **thawed: Any) -> tuple[Any, ...]:
    """What `__reduce__` gives for a record with mapping proxies, `thawed` in place of them.

    A proxy can be neither copied nor pickled, and a loaded model carries its entry.
    """
    kind: Callable[..., Any] = type(record)
    facts = {name: getattr(record, name) for name in record.__slots__}
    return functools.partial(kind, **(facts | thawed)), ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How shipped weights are made; `zoo train NAME` follows it.

    data: the data set whose `train` split is learned from; None for a model that learns by itself,
        as by playing against itself.
    exclude: data sets whose examples are dropped from training by content. Without data, `fit` is
        told their inputs as `excluded`, and sees to it itself.
    validation: what hyperparameters are chosen on: so many training examples, which are held out,
        or a split of the data set, by its name; 0 without data.
    options: named options of the method's `fit`. An option `also` names further data sets that are
        learned from.
    further_rounds: each by the options in which it differs from the first round. It goes on from
        the weights of the round before, with a seed that is greater by one; only where `fit` takes
        a `start`.
    """

    data: str | None
    exclude: tuple[str, ...] = ()
    validation: int | str = _HELD_OUT
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    further_rounds: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        further = tuple(MappingProxyType(dict(one)) for one in self.further_rounds)
        object.__setattr__(self, "further_rounds", further)
        if self.data is None:
            if self.validation not in (0, _HELD_OUT):
                raise CatalogError(
                    f"A recipe without data has no {self.validation} examples to hold out."
                )
            object.__setattr__(self, "validation", 0)

    @property
    def rounds(self) -> tuple[dict[str, Any], ...]:
        """The options of each round."""
        return tuple({**self.options, **one} for one in ({}, *self.further_rounds))

    @property
    def all_data(self) -> tuple[str, ...]:
        """Every data set that is learned from, `data` first."""
        first = () if self.data is None else (self.data,)
        also = (name for one in self.rounds for name in one.get("also", ()))
        return tuple(dict.fromkeys((*first, *also)))

    def __reduce__(self) -> tuple[Any, ...]:
        further = tuple(map(dict, self.further_rounds))
        return _rebuilt(self, options=dict(self.options), further_rounds=further)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One registry entry.

    entry: the class, as "module:attribute"; imported when the model is loaded.
    weights: where the weights folder is: "package:path" inside an installed package,
        "hub:owner/repo[@revision]", or None for a model that needs none.
    baseline: the 1.0 model that this 2.0 model replaces.
    baselines: the 1.0 model that it replaces on a data set, where that is another.
    data: the data sets that a benchmark runs it on.
    variants: options of `predict` that a benchmark measures it with besides its defaults.
    parameters: how many numbers were learned or stored to predict with.
    published: the figure that the literature gives for the method, and how this model compares.
    sample: an input as a person would type it, where the task's own would not do.
    sample_options: options of `predict` without which it could not answer that.
    languages: those of its inputs and answers, by ISO 639 code; "multilingual" for very many.
    limits: what a user should know before trusting it, in one or two sentences.
    """

    name: str
    summary: str
    task: str
    generation: Generation
    entry: str
    weights: str | None
    license: str
    parameters: int
    references: tuple[Reference, ...]
    baseline: str | None = None
    baselines: Mapping[str, str] = field(default_factory=dict, hash=False)
    data: tuple[str, ...] = ()
    variants: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    recipe: Recipe | None = None
    published: str = ""
    sample: str = ""
    sample_options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    languages: tuple[str, ...] = ()
    limits: str = ""

    @property
    def domain(self) -> str:
        return self.name.partition("/")[0]

    @property
    def all_baselines(self) -> tuple[str, ...]:
        """Every 1.0 model that it replaces anywhere, `baseline` first."""
        first = () if self.baseline is None else (self.baseline,)
        return tuple(dict.fromkeys((*first, *self.baselines.values())))

    def baseline_on(self, data: str) -> str | None:
        """The 1.0 model that it replaces on a data set."""
        return self.baselines.get(data, self.baseline)

    def __post_init__(self) -> None:
        def refuse(why: str) -> None:
            raise CatalogError(f"Model entry {self.name!r} {why}")

        if not _MODEL_NAME.fullmatch(self.name):
            refuse("must be named domain/method-data in lower case, digits and hyphens.")
        if not _ENTRY.fullmatch(self.entry):
            refuse(f"has entry {self.entry!r}; expected 'module:attribute'.")
        if not isinstance(self.generation, Generation):  # a third party may go without mypy
            refuse(  # type: ignore[unreachable]
                f"has generation {self.generation!r}; expected a Generation."
            )
        if not self.summary or "\n" in self.summary:
            refuse("needs a summary of one line.")
        if (self.baseline is None) is (self.generation is Generation.SOFTWARE_2):
            refuse("must name a baseline if it is 2.0, and none if it is 1.0.")
        if self.baselines and self.baseline is None:
            refuse("has baselines on data sets, but none of its own.")
        if unknown := set(self.baselines) - set(self.data):
            refuse(f"has baselines on data that it is not measured on: {sorted(unknown)}.")
        object.__setattr__(self, "baselines", MappingProxyType(dict(self.baselines)))
        if self.weights is not None and ":" not in self.weights:
            refuse(f"has weights {self.weights!r}; expected 'package:path' or 'hub:owner/repo'.")
        if self.parameters < 0:
            refuse("has a negative number of parameters.")
        variants = tuple(MappingProxyType(dict(variant)) for variant in self.variants)
        for position, variant in enumerate(variants):
            if not variant or variant in variants[:position]:
                refuse(f"has a variant that is measured anyway: {dict(variant)}.")
            if not all(isinstance(value, str | int | float) for value in variant.values()):
                refuse(f"has a variant whose values are not all text or numbers: {dict(variant)}.")
        object.__setattr__(self, "variants", variants)
        object.__setattr__(self, "sample_options", MappingProxyType(dict(self.sample_options)))
        for code in self.languages:
            if not _LANGUAGE.fullmatch(code):
                refuse(f"has the language {code!r}; expected an ISO 639 code or 'multilingual'.")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt(
            self,
            variants=tuple(map(dict, self.variants)),
            baselines=dict(self.baselines),
            sample_options=dict(self.sample_options),
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """One known content of a data set: what it is called, and the content hash of each split."""

    title: str
    hashes: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetInfo:
    """A named set of examples.

    sources: where it may be found; the first that is present is used.
    variants: contents that are known; anything else is reported as unverified.
    offline: whether an installation brings it, so that the default suite may use it.
    exhibit: "module:function" that makes a `zoo.exhibits` exhibit of an input, where the task's own
        way shows less than is known of these inputs, such as which game positions are of.
    """

    name: str
    title: str
    task: str
    license: str
    url: str
    splits: tuple[str, ...]
    sources: tuple[Source, ...]
    variants: tuple[Variant, ...] = ()
    offline: bool = False
    note: str = ""
    exhibit: str = ""

    def __post_init__(self) -> None:
        if not _DATA_NAME.fullmatch(self.name):
            raise CatalogError(f"Data set {self.name!r} must be named in lower case and hyphens.")
        if not self.sources:
            raise CatalogError(f"Data set {self.name!r} has no source.")
        if not self.splits:
            raise CatalogError(f"Data set {self.name!r} has no split.")
        if self.exhibit and not _ENTRY.fullmatch(self.exhibit):
            raise CatalogError(
                f"Data set {self.name!r} has exhibit {self.exhibit!r}; expected 'module:function'."
            )


@dataclass(frozen=True, slots=True)
class Adapter:
    """A class that loads a family of transformers checkpoints, known by their architecture.

    architecture_suffix: how transformers names the auto-class family, e.g.
        "ForImageClassification" as in ViTForImageClassification.
    model_types: the types of model that it takes; any if empty. One suffix can stand for several
        tasks: "ForConditionalGeneration" ends recognisers of speech and translators alike.
    """

    architecture_suffix: str
    entry: str
    model_types: tuple[str, ...] = ()

    def takes(self, config: Mapping[str, Any]) -> bool:
        """Whether a checkpoint with this config.json is of the family."""
        architectures = config.get("architectures")
        if self.model_types and config.get("model_type") not in self.model_types:
            return False
        return isinstance(architectures, list) and any(
            str(name).endswith(self.architecture_suffix) for name in architectures
        )

    def __str__(self) -> str:
        types = f" of type {' or '.join(self.model_types)}" if self.model_types else ""
        return f"{self.architecture_suffix}{types}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What one package or domain brings: found through the entry-point group `zoo.catalogs`.

    classes: of no entry, as "module:attribute", whose weights folders can be loaded all the same.
    """

    models: tuple[ModelInfo, ...] = ()
    data_sets: tuple[DataSetInfo, ...] = ()
    adapters: tuple[Adapter, ...] = ()
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for one in self.classes:
            if not _ENTRY.fullmatch(one):
                raise CatalogError(
                    f"A catalog names the class {one!r}; expected 'module:attribute'."
                )
