"""Options by name, as people write them and as results show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zoo.errors import InputError


def parse_options(texts: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE, …: each value as JSON, or as the text that it is. Raises InputError."""
    options = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InputError(f"An option is written NAME=VALUE; {text!r} came.")
        options[_key(name)] = _value(value)
    return options


def parse_arguments(arguments: Sequence[str]) -> dict[str, Any]:
    """--NAME VALUE or --NAME=VALUE, …, as `parse_options` reads them. Raises InputError."""
    options = {}
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("--") or argument == "--":
            raise InputError(f"An option is written --NAME VALUE; {argument!r} came.")
        name, equals, value = argument[2:].partition("=")
        if not equals:
            value = next(rest, "--")
            if value.startswith("--"):
                raise InputError(f"The option {argument!r} has no value.")
        options[_key(name)] = _value(value)
    return options


def options_text(options: Mapping[str, Any]) -> str:
    """As seconds=0.5, simulations=50: in the order of the names, as `parse_options` reads them."""
    return ", ".join(f"{name}={value_text(value)}" for name, value in sorted(options.items()))


def value_text(value: Any) -> str:
    """A value as `parse_options` reads it."""
    return value if isinstance(value, str) else json.dumps(value)


def with_options(name: str, options: Mapping[str, Any]) -> str:
    """A name and, in parentheses, the options if there are any."""
    return f"{name} ({options_text(options)})" if options else name


def check_known(who: str, options: Iterable[str], known: Iterable[str]) -> None:
    """Raise InputError for the first option that is not known; `who` begins the sentence."""
    known = sorted(known)
    for name in sorted(options):
        if name not in known:
            raise InputError(f"{who} no option {name!r}; it has {', '.join(known) or 'none'}.")


def check_seed(seed: Any) -> None:
    """Raise InputError unless it is one."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed is a whole number from 0 on; {seed!r} came.")


def check_within(name: str, value: Any, bounds: tuple[float, float]) -> None:
    """Raise InputError unless the option is a number within bounds, which belong to it."""
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{name} is a number from {low:g} to {high:g}; {value!r} came.")


def _key(name: str) -> str:
    return name.replace("-", "_")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
