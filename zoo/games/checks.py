"""Checks of options that people may have written themselves."""

from __future__ import annotations

import numbers
from typing import Any

from zoo.errors import InputError


def check_whole(options: Any, **least: int) -> None:
    """Raise InputError unless the attributes are whole numbers of at least `least`."""
    for name, low in least.items():
        value = getattr(options, name)
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < low:
            raise InputError(f"{name} is a whole number of at least {low}; {value!r} came.")


def check_real(options: Any, **limits: tuple[float, float | None]) -> None:
    """Raise InputError unless the attributes are finite numbers within `limits`, ends included."""
    for name, (low, high) in limits.items():
        value = getattr(options, name)
        sound = isinstance(value, numbers.Real) and not isinstance(value, bool)
        # Not written as `or`: NaN is within no limits.
        if not (sound and low <= value and value <= (1e12 if high is None else high)):
            upto = "at least" if high is None else "from"
            end = "" if high is None else f" to {high}"
            raise InputError(f"{name} is a number {upto} {low}{end}; {value!r} came.")
