"""Data sets: opened where they are, decoded no sooner than needed, checked by content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from zoo.audio import Audio, sound_fingerprint
from zoo.entries import DataSetInfo
from zoo.errors import DataNotFoundError, HubError, InputError, UnknownNameError
from zoo.exhibits import Exhibit
from zoo.imports import import_attribute
from zoo.sources import Source
from zoo.tasks import task

UNVERIFIED = "unverified content"


@dataclass(frozen=True, slots=True)
class Example:
    """One input with its target: a label or reference text, or a recording of what is wanted.

    group: what it has in common with others, such as the speaker; empty if nothing is known.
    """

    input: Any
    target: str | Audio
    group: str = ""

    @property
    def label(self) -> str:
        """The target as a label or text. Raises InputError if it is sound."""
        if not isinstance(self.target, str):
            raise InputError(f"An example's target is text here; {self.target!r} came.")
        return self.target

    @property
    def recording(self) -> Audio:
        """The target as sound. Raises InputError if it is text."""
        if not isinstance(self.target, Audio):
            raise InputError(f"An example's target is a recording here; {self.target!r} came.")
        return self.target


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that is present here.

    source: the place that it is read from.
    """

    info: DataSetInfo
    source: Source

    def examples(self, split: str, *, limit: int | None = None) -> Iterator[Example]:
        """Yield the examples of a split in order, the first `limit` of them if given.

        Raises UnknownNameError if the data set has no such split.
        """
        if split not in self.info.splits:
            raise UnknownNameError.of(f"split of {self.info.name}", split, self.info.splits)
        rows = (Example(*row) for row in self.source.rows(split))
        return islice(rows, limit)

    def fingerprints(self, split: str) -> Iterator[bytes]:
        """Yield a digest of each input's content, blind to how it is encoded."""
        digest = task(self.info.task).fingerprint
        return (digest(example.input) for example in self.examples(split))

    def exhibit(self, x: Any) -> Exhibit:
        """How one of its inputs is shown."""
        own = self.info.exhibit
        show = import_attribute(own) if own else task(self.info.task).display.input
        exhibit: Exhibit = show(x)
        return exhibit

    def title(self, content_hashes: dict[str, str]) -> str:
        """What this content is called: its known variant, or unverified."""
        for variant in self.info.variants:
            if all(variant.hashes.get(split) == h for split, h in content_hashes.items()):
                return variant.title
        return f"{self.info.title}, {UNVERIFIED}"


def content_hash(info: DataSetInfo, examples: Sequence[Example]) -> str:
    """SHA-256 of the examples' contents, whatever their order, encoding or file.

    An example counts by its decoded input and its target, so that the same pictures in PNG and
    in an array are the same content, and a lossy copy is another.
    """
    digest = task(info.task).fingerprint
    whole = hashlib.sha256()
    for one in sorted(digest(example.input) + _wanted(example.target) for example in examples):
        whole.update(hashlib.sha256(one).digest())
    return whole.hexdigest()


def present_data_set(info: DataSetInfo) -> DataSet | None:
    """The data set, if a source has it here already; nothing is fetched."""
    return next((DataSet(info, source) for source in info.sources if source.present()), None)


def _wanted(target: str | Audio) -> bytes:
    return target.encode() if isinstance(target, str) else sound_fingerprint(target)


def open_data_set(info: DataSetInfo) -> DataSet:
    """The data set, read from the first source that has it.

    Raises DataNotFoundError that names every way to get it.
    """
    if (here := present_data_set(info)) is not None:
        return here
    reasons = ""
    for source in info.sources:
        try:
            if source.fetch():
                return DataSet(info, source)
        except (HubError, DataNotFoundError) as error:
            reasons += f" ({error})"
    ways = "; or ".join(source.how_to_get() for source in info.sources)
    raise DataNotFoundError(f"The data set {info.name!r} is not here. To get it: {ways}.{reasons}")
