"""Texts that are the same in several languages, as examples of translation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import DataError, DataNotFoundError
from zoo.sources import Row, Source, data_folder
from zoo.text import Passage

Direction = tuple[str, str]


def rows(
    table: Iterable[Mapping[str, str | None]], directions: Iterable[Direction]
) -> Iterator[Row]:
    """An example for each line and direction whose two texts are there.

    table: language -> text, a mapping for each line. The examples of one line follow each other.
    """
    wanted = list(directions)
    for line in table:
        for source, target in wanted:
            text, translation = line.get(source), line.get(target)
            if text and translation:
                yield Passage(text, source, target), translation


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelFolder(Source):
    """A folder of `<split>.parquet` files with a column a language, where ZOO_DATA points."""

    folder: str
    directions: tuple[Direction, ...]

    def _path(self) -> Path | None:
        root = data_folder()
        return root / self.folder if root else None

    def present(self) -> bool:
        path = self._path()
        return path is not None and path.is_dir()

    def how_to_get(self) -> str:
        languages = ", ".join(sorted({one for pair in self.directions for one in pair}))
        return f"set ZOO_DATA to a folder with {self.folder}/<split>.parquet, columns {languages}"

    def rows(self, split: str) -> Iterator[Row]:
        path = (self._path() or Path(self.folder)) / f"{split}.parquet"
        if not path.is_file():
            raise DataNotFoundError(f"There is no {str(path)!r}.")
        return rows(
            read_table(path, {one for pair in self.directions for one in pair}), self.directions
        )


def read_table(path: Path, languages: Iterable[str]) -> list[dict[str, str | None]]:
    """The lines of a Parquet file with a column a language. Raises DataError."""
    from pyarrow import ArrowException, parquet

    try:
        columns = sorted(languages)
        table = parquet.read_table(path, columns=columns)
    except (ArrowException, OSError) as error:
        raise DataError(
            f"{str(path)!r} cannot be read: {str(error).partition(chr(10))[0]}"
        ) from error
    if lacking := set(columns) - set(table.column_names):
        raise DataError(f"{str(path)!r} has no column {' or '.join(sorted(lacking))}.")
    lines: list[dict[str, str | None]] = table.to_pylist()
    return lines
