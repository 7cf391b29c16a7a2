"""Where a data set may be found, and how its files are read.

A source says whether it is present, how to get it, and yields raw rows of one split: input, target,
and the group if one is known. Rows are decoded into examples by `zoo.data`.
"""

from __future__ import annotations

import importlib.util
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo import debian, hub
from zoo.audio import Audio
from zoo.errors import DataError, DataNotFoundError
from zoo.imports import import_attribute

ROOT_VARIABLE = "ZOO_DATA"

Row = tuple[Any, str | Audio] | tuple[Any, str | Audio, str]


def data_folder() -> Path | None:
    """The folder that ZOO_DATA names, if it names any."""
    root = os.environ.get(ROOT_VARIABLE)
    return Path(root) if root else None


class Source(ABC):
    """One place where a data set may be."""

    __slots__ = ()

    @abstractmethod
    def present(self) -> bool:
        """Whether examples can be read from here without a network."""

    @abstractmethod
    def how_to_get(self) -> str:
        """One phrase that tells a person how to bring the data here."""

    @abstractmethod
    def rows(self, split: str) -> Iterator[Row]:
        """Yield the rows of one split, in file order."""

    def fetch(self) -> bool:
        """Bring the data here over the network, if this source can; whether it is here now.

        Raises HubError or DataNotFoundError if it can, but the network or the other side does not
        let it.
        """
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How a Parquet row is read: the input's column, the target's, and the targets' names.

    classes: the label of each class index, where the target column holds indices.
    """

    input: str
    target: str
    classes: tuple[str, ...] = ()

    def read(self, row: Mapping[str, Any]) -> tuple[Any, str]:
        value, target = row[self.input], row[self.target]
        if isinstance(value, dict):  # the Hub's image and audio features
            value = value["bytes"]
        if not self.classes:
            return value, str(target)
        if not 0 <= target < len(self.classes):  # -1 is how unlabelled splits are published
            raise DataError(f"A {self.target} of {target} is none of {len(self.classes)} classes.")
        return value, self.classes[target]


def _parquet_rows(path: Path, columns: Columns) -> Iterator[Row]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            lacking = {columns.input, columns.target} - set(file.schema_arrow.names)
            if lacking:
                raise DataError(f"{str(path)!r} has no column {' or '.join(sorted(lacking))}.")
            for batch in file.iter_batches(batch_size=512, columns=[columns.input, columns.target]):
                for row in batch.to_pylist():
                    yield columns.read(row)
    except (ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{str(path)!r} cannot be read: {reason}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetFolder(Source):
    """A folder of `<split>.parquet` files under the folder that ZOO_DATA names."""

    folder: str
    columns: Columns

    def _root(self) -> Path | None:
        root = data_folder()
        return root / self.folder if root else None

    def present(self) -> bool:
        root = self._root()
        return root is not None and root.is_dir()

    def how_to_get(self) -> str:
        return f"set {ROOT_VARIABLE} to a folder with {self.folder}/<split>.parquet"

    def rows(self, split: str) -> Iterator[Row]:
        root = self._root()
        path = (root or Path(self.folder)) / f"{split}.parquet"
        if not path.is_file():
            raise DataNotFoundError(f"There is no {str(path)!r}.")
        return _parquet_rows(path, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonPackage(Source):
    """A Python package that ships the data.

    reader: "module:function" taking a split and yielding rows.
    """

    package: str
    reader: str

    def present(self) -> bool:
        return importlib.util.find_spec(self.package) is not None

    def how_to_get(self) -> str:
        return f"pip install {self.package}"

    def rows(self, split: str) -> Iterator[Row]:
        rows: Iterator[Row] = import_attribute(self.reader)(split)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFolder(Source):
    """A folder under the folder that ZOO_DATA names, in a form of its own.

    holds: what is to be in it, for people. reader: "module:function" taking the folder and a split
    and yielding rows.
    """

    folder: str
    holds: str
    reader: str

    def _path(self) -> Path | None:
        root = data_folder()
        return root / self.folder if root else None

    def present(self) -> bool:
        path = self._path()
        return path is not None and path.is_dir()

    def how_to_get(self) -> str:
        return f"set {ROOT_VARIABLE} to a folder with {self.folder}/, {self.holds}"

    def rows(self, split: str) -> Iterator[Row]:
        path = self._path()
        if path is None or not path.is_dir():
            raise DataNotFoundError(f"There is no {self.folder}/ where {ROOT_VARIABLE} points.")
        rows: Iterator[Row] = import_attribute(self.reader)(path, split)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPackage(Source):
    """Debian packages that ship the data; installed, or unpacked where only this program looks.

    files: files or folders that the packages bring, as paths from the root of the file system; by
        these their presence is known.
    reader: "module:function" taking that root and a split and yielding rows.
    """

    packages: tuple[str, ...]
    files: tuple[str, ...]
    reader: str

    def _root(self) -> Path | None:
        for root in (Path("/"), debian.unpacked(self.packages)):
            if all((root / file).exists() for file in self.files):
                return root
        return None

    def present(self) -> bool:
        return self._root() is not None

    def how_to_get(self) -> str:
        return f"apt-get install {' '.join(self.packages)}"

    def fetch(self) -> bool:
        return debian.fetch(self.packages) and self.present()

    def rows(self, split: str) -> Iterator[Row]:
        root = self._root()
        if root is None:
            raise DataNotFoundError(f"Not installed: {' '.join(self.packages)}.")
        rows: Iterator[Row] = import_attribute(self.reader)(root, split)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParquet(Source):
    """A data set repository on the Hub.

    files: the Parquet files of each split, inside the repository.
    """

    repo: str
    columns: Columns
    files: Mapping[str, tuple[str, ...]] = field(hash=False)

    def present(self) -> bool:
        return all(hub.is_cached(self.repo, name, repo_type="dataset") for name in self._names())

    def how_to_get(self) -> str:
        return f"connect to the network, to fetch {self.repo} from the Hub"

    def fetch(self) -> bool:
        for name in self._names():
            hub.download_file(self.repo, name, repo_type="dataset")
        return True

    def rows(self, split: str) -> Iterator[Row]:
        for name in self.files[split]:
            path = hub.download_file(self.repo, name, repo_type="dataset")
            yield from _parquet_rows(path, self.columns)

    def _names(self) -> list[str]:
        return [name for names in self.files.values() for name in names]
