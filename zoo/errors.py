"""Every error that zoo raises on purpose. Each message is one sentence that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ZooError(Exception):
    """Base of all errors raised on purpose; the CLI prints the message and exits with 2."""


class InputError(ZooError, ValueError):
    """The input given to a model is broken, ambiguous or of the wrong kind."""


class UnknownNameError(ZooError, LookupError):
    """A model, data set, task or metric of that name does not exist."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """The error for `name`, with up to three of the nearest `known` names."""
        known = sorted(known)
        near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        if not near:  # a bare method name is the commonest slip: "resnet" for "vision/resnet-mnist"
            near = [other for other in known if name and name.lower() in other][:3]
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        return cls(f"There is no {kind} named {name!r}{hint}")


class WeightsError(ZooError):
    """A weights folder is missing, corrupt, half-copied or of another kind."""


class DataError(ZooError):
    """A data set's files are broken, or not what its entry says."""


class DataNotFoundError(DataError):
    """A data set is in none of the places where it may be."""


class MissingDependencyError(ZooError, ImportError):
    """An optional package is not installed."""


class HubError(ZooError):
    """The Hub refused, was out of reach, or has no such repository."""


class CatalogError(ZooError):
    """A catalog contradicts itself or another one: a mistake of its author, not of the user."""


class ResultsError(ZooError):
    """A results file cannot be read or written."""


class BenchmarkError(ZooError):
    """Nothing can be measured as asked."""
