"""Languages by their BCP 47 codes."""

from __future__ import annotations

from collections.abc import Collection

from zoo.errors import InputError, MissingDependencyError


def code(given: str, known: Collection[str], *, role: str) -> str:
    """Which of the known codes a BCP 47 code means: "de-AT" means "de" where only that is known.

    role: what the language is for, in errors: "source" or "target".

    Raises InputError if it means none of them.
    """
    if not isinstance(given, str):
        raise InputError(
            f"A language is a BCP 47 code such as 'de'; {type(given).__name__} came as {role}."
        )
    if given in known:
        return given
    try:
        import langcodes
    except ImportError:
        raise MissingDependencyError(
            "Codes of languages need langcodes: pip install 'software-zoo[translate]'."
        ) from None
    # Beyond a distance of 10 it is another language, as Norwegian is to Danish.
    if langcodes.tag_is_valid(given):
        best, _ = langcodes.closest_match(given, sorted(known), max_distance=9)
        if best != "und":
            return str(best)
        valid = ""
    else:
        valid = ", which is no BCP 47 code"
    listed = ", ".join(sorted(known))
    raise InputError(f"It has no {role} language {given!r}{valid}; it has {listed}.")


def direction(
    source: str | None, target: str | None, known: Collection[tuple[str, str]]
) -> tuple[str, str]:
    """The one of the known directions that is meant; what is not said must be the only one.

    Raises InputError.
    """
    sources = {one for one, _ in known}
    targets = {other for _, other in known}
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
            f"{role} (of {', '.join(sorted(names))})"
            for role, given, names in (("source", source, sources), ("target", target, targets))
            if given is None
        )
        raise InputError(f"Say which languages are meant: it lacks {lacking}.")
    pairs = ", ".join(f"{a} to {b}" for a, b in sorted(known))
    raise InputError(f"It does not translate {source} to {target}, only {pairs}.")
