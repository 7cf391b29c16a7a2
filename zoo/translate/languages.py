"""Languages by their BCP 47 codes."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

from zoo.errors import InputError, MissingDependencyError

# What others call languages that BCP 47 names otherwise, or whose only variety they have.
_OTHERWISE = {"fuv": "ff", "ns": "nso", "pbt": "ps", "quy": "qu"}
_MOST_LISTED = 30  # in an error
_LONGEST_QUOTED = 40  # characters, in an error


def standard(name: str, *, narrow: bool = False) -> str | None:
    """The BCP 47 code of a language that others write as "deu_Latn", "pt_br" or "zho_Hant".

    narrow: keep "twi" apart from the "ak" that it is a variety of.

    None if it is no language.
    """
    langcodes = _langcodes()
    language, _, rest = name.replace("_", "-").partition("-")
    tag = "-".join(filter(None, (_OTHERWISE.get(language, language), rest)))
    try:
        found = str(langcodes.standardize_tag(tag, macro=not narrow))
        # Two languages that are written like one with its variety, as "ces_slk", are none.
        extended = bool(langcodes.Language.get(found).extlangs)
    except langcodes.LanguageTagError:
        return None
    return found if langcodes.tag_is_valid(found) and not extended else None


def code(given: str, known: Collection[str], *, role: str) -> str:
    """Which of the known codes a BCP 47 code means: "de-AT" means "de" where only that is known.

    role: what the language is for, in errors: "source" or "target".

    Raises InputError if it means none of them.
    """
    _check(given, role)
    if given in known:
        return given
    return _nearest(given, frozenset(known), role)


def direction(
    source: str | None, target: str | None, known: Collection[tuple[str, str]]
) -> tuple[str, str]:
    """The one of the known directions that is meant; what is not said must be the only one.

    Raises InputError.
    """
    for role, given in (("source", source), ("target", target)):
        if given is not None:
            _check(given, role)
    return _meant(source, target, frozenset(known))


@functools.lru_cache(
    maxsize=256
)  # a model of hundreds of languages has ten thousands of directions
def _meant(
    source: str | None, target: str | None, known: frozenset[tuple[str, str]]
) -> tuple[str, str]:
    sources = frozenset(one for one, _ in known)
    targets = frozenset(other for _, other in known)
    if source is not None:
        source = code(source, sources, role="source")
    if target is not None:
        target = code(target, targets, role="target")
    meant = [(a, b) for a, b in known if source in (None, a) and target in (None, b)]
    if len(meant) == 1:
        return meant[0]
    if source is not None and source == target:
        raise InputError(f"A text in {source!r} needs no translation into {target!r}.")
    if meant:
        lacking = " and ".join(
            f"{role} (of {_listed(names)})"
            for role, given, names in (("source", source, sources), ("target", target, targets))
            if given is None
        )
        raise InputError(f"Say which languages are meant: it lacks {lacking}.")
    pairs = _listed({f"{a} to {b}" for a, b in known})
    raise InputError(f"It does not translate {source} to {target}, only {pairs}.")


@functools.lru_cache(maxsize=256)
def _nearest(given: str, known: frozenset[str], role: str) -> str:
    langcodes = _langcodes()
    # Beyond a distance of 10 it is another language, as Norwegian is to Danish.
    if langcodes.tag_is_valid(given):
        best, _ = langcodes.closest_match(given, sorted(known), max_distance=9)
        if best != "und":
            return str(best)
        valid = ""
    else:
        valid = ", which is no BCP 47 code"
    raise InputError(f"It has no {role} language {quoted(given)}{valid}; it has {_listed(known)}.")


def quoted(given: str) -> str:
    """A code as an error tells it: in quotes, and not at any length."""
    return repr(given if len(given) <= _LONGEST_QUOTED else f"{given[:_LONGEST_QUOTED]}…")


def _check(given: object, role: str) -> None:
    if not isinstance(given, str):
        raise InputError(
            f"A language is a BCP 47 code such as 'de'; {type(given).__name__} came as {role}."
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) if len(names) <= _MOST_LISTED else f"{len(names):,} others"


def _langcodes() -> Any:
    try:
        import langcodes
    except ImportError:
        raise MissingDependencyError(
            "Codes of languages need langcodes: pip install 'software-zoo[translate]'."
        ) from None
    return langcodes
