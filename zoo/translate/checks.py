"""What options and examples have to be, before any work is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.errors import InputError
from zoo.translate.phrase_options import FEATURES
from zoo.translate.tokens import has_rules

SIDES = ("source", "target")
_HEAVIEST = 1e6  # weight of a feature


def check_whole(options: Mapping[str, Any], ranges: Mapping[str, tuple[int, int]]) -> None:
    """Raise InputError for an option that is no whole number within its range."""
    for name, (least, most) in ranges.items():
        value = options.get(name, least)
        if type(value) is not int or not least <= value <= most:
            raise InputError(f"{name} is a whole number from {least} to {most}; {value!r} came.")


def check_direction(source: str, target: str) -> None:
    """Raise InputError unless these are two languages whose words can be told apart."""
    if source == target:
        raise InputError(f"A text in {source!r} needs no translation into {target!r}.")
    for language in (source, target):
        if not has_rules(language):
            raise InputError(f"There are no rules for the words of the language {language!r}.")


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ValueError or TypeError for stored settings that no training wrote."""
    source, target = (settings[name] for name in SIDES)
    if not isinstance(source, str) or not isinstance(target, str) or source == target:
        raise ValueError(f"from {source!r} to {target!r}")
    if not has_rules(source) or not has_rules(target):
        raise ValueError(f"no rules for the words of {source!r} or {target!r}")
    for name in FEATURES:
        weight = settings["weights"][name]
        if type(weight) is not float or not abs(weight) <= _HEAVIEST:  # NaN is not, either
            raise ValueError(f"{weight!r} as the weight of {name}")
    if not isinstance(settings["choices"], Mapping):
        raise TypeError(f"choices of type {type(settings['choices']).__name__}")
