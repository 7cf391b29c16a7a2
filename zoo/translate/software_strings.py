"""Messages of programs with the translations that their projects publish, five languages wide.

They are read from the catalogs inside the wheels of `software_wheels`, once; what is fit to learn
from stays in the cache as one table. Django's messages are a test set and are kept out.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from zoo import wheels
from zoo.errors import DataNotFoundError, MissingDependencyError, UnknownNameError
from zoo.progress import Progress
from zoo.sources import Row, Source
from zoo.text import Passage
from zoo.translate import django_messages
from zoo.translate.catalogs import Catalog, catalogs, messages
from zoo.translate.messages import LANGUAGES, clean, normal_form, translates
from zoo.translate.parallel import read_table
from zoo.translate.software_wheels import PROGRAMS, Program
from zoo.wheels import Members

Line = dict[str, str]

_RULES = 1  # raise it when the cleaning changes: tables made by other rules are not read
_VARIANTS = 2  # lines for one English message, where projects disagree
_ABOUT = ("package", "licence")


@dataclass(frozen=True, slots=True)
class SoftwareStrings(Source):
    """The corpus as a source of examples: every direction between any two languages."""

    def present(self) -> bool:
        try:
            return table_path().is_file() or _all_here()
        except MissingDependencyError:  # what is to be kept out is not known
            return False

    def how_to_get(self) -> str:
        return "pip install 'software-zoo[translate]' and connect to the network, to fetch wheels"

    def fetch(self) -> bool:
        progress = Progress(show=True)
        return all(map(wheels.fetch, progress.track(_all_wheels(), "Fetching wheels")))

    def rows(self, split: str) -> Iterator[Row]:
        if split != "train":
            raise UnknownNameError.of("split of software-strings", split, ("train",))
        return pairs(load_strings())


def load_strings(progress: Progress | None = None) -> list[Line]:
    """The table: a line for each English message, two where projects differ much.

    Each line has "en", at least one of "de", "fr", "cs" and "es", and the "package" and "licence"
    that it comes from. It is made of the wheels in the cache unless it is there already. Raises
    DataNotFoundError if neither is there.
    """
    path = table_path()
    if not path.is_file():
        if not _all_here():
            how = SoftwareStrings().how_to_get()
            raise DataNotFoundError(f"The wheels of software-strings are not here: {how}.")
        write_table(build(PROGRAMS, progress or Progress(show=True)), path)
    lines = read_table(path, (*LANGUAGES, *_ABOUT))
    return [{name: value for name, value in line.items() if value} for line in lines]


def pairs(lines: Sequence[Mapping[str, str]]) -> Iterator[tuple[Passage, str]]:
    """Yield each two texts that translate each other, once in either direction."""
    for one, other in combinations(LANGUAGES, 2):
        seen = set()
        for line in lines:
            pair = line.get(one, ""), line.get(other, "")
            if not all(pair) or pair in seen or pair[0].casefold() == pair[1].casefold():
                continue
            seen.add(pair)
            yield Passage(pair[0], one, other), pair[1]
            yield Passage(pair[1], other, one), pair[0]


def table_path() -> Path:
    """Where the table is kept: by what it is made of, and by the Django that is kept out."""
    made_of = [str(_RULES), django_messages.version(), *(w.sha256 for w in _all_wheels())]
    name = hashlib.sha256(" ".join(made_of).encode()).hexdigest()[:16]
    return wheels.cache() / "software-strings" / f"{name}.parquet"


def build(programs: Iterable[Program], progress: Progress) -> list[Line]:
    """The table's lines, in the order of the programs and of their catalogs' paths."""
    known = django_messages.known_forms()
    found: dict[str, list[Line]] = defaultdict(list)
    for program in progress.track(list(programs), "Reading message catalogs"):
        for line in _lines(program):
            if all(normal_form(line.get(one, "")) not in known[one] for one in LANGUAGES):
                found[line["en"]].append(line)
    return [line for lines in found.values() for line in _variants(lines)]


def write_table(lines: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the lines as Parquet, whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([(name, pyarrow.string()) for name in (*LANGUAGES, *_ABOUT)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".strings-") as there:
        new = Path(there) / path.name
        parquet.write_table(pyarrow.Table.from_pylist(list(lines), schema), new, compression="zstd")
        new.replace(path)


def _all_wheels() -> list[wheels.Wheel]:
    return [wheel for program in PROGRAMS for wheel in program.wheels]


def _all_here() -> bool:
    return all(wheel.path().is_file() for wheel in _all_wheels())


def _lines(program: Program) -> Iterator[Line]:
    """The clean lines of a program: one for each message in each of its catalogs."""
    texts: dict[tuple[str, ...], Line] = defaultdict(dict)
    english: dict[tuple[str, ...], str] = {}
    for wheel in program.wheels:
        with Members(wheel) as files:
            for catalog in catalogs(files.names):
                _read(catalog, files.read(catalog.path), texts, english)
    for key, by_language in texts.items():
        message = clean(english.get(key, ""))
        if not message:
            continue
        line = {"en": message}
        for language in LANGUAGES[1:]:
            text = clean(by_language.get(language, ""))
            if text and translates(message, text, language):
                line[language] = text
        if len(line) > 1:
            yield line | {"package": program.name, "licence": program.license}


def _read(
    catalog: Catalog,
    content: bytes,
    texts: dict[tuple[str, ...], Line],
    english: dict[tuple[str, ...], str],
) -> None:
    """Add the messages of one catalog to the translations, or to the English of their keys."""
    for message in messages(content, catalog.form, catalog.path):
        key = (catalog.place, *message.key)
        if message.english is not None:
            english[key] = message.english
        if message.english is None and catalog.language == "en":
            english[key] = message.text
        elif catalog.language != "en":
            texts[key].setdefault(catalog.language, message.text)


def _variants(lines: Sequence[Line]) -> list[Line]:
    """At most two of the lines of one English message: the usual translations, and others.

    What the first line lacks is filled from the others, the more usual first. A line is as usual
    as its translations are in all lines together.
    """
    votes = Counter((one, line[one]) for line in lines for one in LANGUAGES[1:] if one in line)

    def usual(line: Line) -> int:
        return sum(votes[one, line[one]] for one in LANGUAGES[1:] if one in line)

    first, *others = sorted(lines, key=usual, reverse=True)
    first = {**first}
    for line in others:
        for one in LANGUAGES[1:]:
            if one not in first and one in line:
                first[one] = line[one]
    kept = [first]
    for line in others:
        new = any(line[one] != first[one] for one in LANGUAGES[1:] if one in line)
        if new and len(kept) < _VARIANTS:
            kept.append(line)
    return kept
