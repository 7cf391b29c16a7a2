"""References as BibTeX, from what they say and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from zoo.entries import Reference

_PARTS = re.compile(
    r"(?P<authors>[^“]+), “(?P<title>[^”]+)”, (?:(?P<place>.*?),? )?(?P<year>\d{4})\b.*"
)
# BibTeX's own signs: a text that has one means the sign itself.
_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "%&$#_{}"})


def bibtex(references: Sequence[Reference]) -> str:
    """An entry for each reference, in order; of one in a form of its own, the text is the title."""
    entries = [_fields(reference) for reference in references]
    met: Counter[str] = Counter()
    keys = []
    for key in map(_key, entries):
        met[key] += 1
        keys.append(key if met[key] == 1 else f"{key}-{met[key]}")
    return "\n\n".join(
        "\n".join(
            [f"@misc{{{key},", *(f"  {name} = {{{value}}}," for name, value in fields.items()), "}"]
        )
        for key, fields in zip(keys, entries, strict=True)
    )


def _fields(reference: Reference) -> dict[str, str]:
    found = _PARTS.fullmatch(reference.text)
    if found is None:
        return {"title": f"{{{_plain(reference.text)}}}", "url": reference.url}
    place = {"howpublished": _plain(found["place"])} if found["place"] else {}
    return {
        "author": _authors(found["authors"]),
        # In braces twice: the case of its letters is meant.
        "title": f"{{{_plain(found['title'])}}}",
        **place,
        "year": found["year"],
        "url": reference.url,
    }


def _authors(text: str) -> str:
    """As BibTeX parts them; surnames of two words stay together."""
    named = text.removesuffix(" et al.")
    names = [_plain(name) for name in re.split(r", | and ", named)]
    names = [f"{{{name}}}" if " " in name else name for name in names]
    return " and ".join(names if named == text else [*names, "others"])


def _plain(text: str) -> str:
    return text.translate(_SPECIAL)


def _key(fields: dict[str, str]) -> str:
    """The first author, the year and the first long word of the title, in ASCII letters."""
    author = re.split(r" and ", fields.get("author", ""))[0]
    word = next(iter(re.findall(r"[^\W\d_]{5,}", fields["title"])), "")
    joined = f"{author}{fields.get('year', '')}{word}"
    ascii_only = unicodedata.normalize("NFKD", joined).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", ascii_only.lower()) or "reference"
