"""Data sets: found where they are, and known by what they contain, not by what they are called."""

from __future__ import annotations

import dataclasses
import io
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray
from PIL import Image
from pyarrow import parquet

import zoo
from tests.test_entries import data_set
from zoo import hub
from zoo.audio import Audio
from zoo.data import DataSet, Example, content_hash, open_data_set
from zoo.entries import Variant
from zoo.errors import DataNotFoundError, HubError, InputError, UnknownNameError, ZooError
from zoo.registry import data_set_info, registry
from zoo.sources import Columns, DataFolder, ParquetFolder, PythonPackage, Source, SystemPackage
from zoo.tasks import task

_rng = np.random.default_rng(0)
PICTURES = [_rng.integers(0, 256, (6, 6), dtype=np.uint8) for _ in range(5)]
EXAMPLES = [Example(picture, str(i % 2)) for i, picture in enumerate(PICTURES)]
COLUMNS = Columns(input="image", target="label", classes=("cat", "dog", "owl"))


def png(picture: NDArray[np.uint8] | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(file, kind, **options)
    return file.getvalue()


# --- what an installation brings ------------------------------------------------------------------


@pytest.mark.usefixtures("no_full_data")
def test_mnist_5k_is_what_it_says() -> None:
    found = zoo.data_set("mnist-5k")
    assert found.info.offline
    examples = list(found.examples("test"))
    assert Counter(example.target for example in examples) == {str(i): 500 for i in range(10)}
    assert all(
        example.input.shape == (28, 28) and example.input.dtype == np.uint8 for example in examples
    )
    computed = content_hash(found.info, examples)
    assert computed == found.info.variants[0].hashes["test"]
    assert found.title({"test": computed}) == "MNIST-5k"
    # Digits are white on black: the border is dark, the middle is not.
    mean = np.mean([example.input for example in examples], axis=0)
    assert mean[:2].max() < 5
    assert mean[10:18, 10:18].mean() > 60


def test_the_full_data_sets_are_what_they_say(full_data: Path) -> None:
    checked = set()
    for info in registry().data_sets.values():
        split = info.splits[-1]
        try:
            found = open_data_set(info)
            computed = content_hash(info, list(found.examples(split)))
        except DataNotFoundError:  # what is downloaded at first use may not have been used here
            continue
        assert found.title({split: computed}) in {variant.title for variant in info.variants}
        checked.add(info.name)
    assert checked >= {"mnist", "cifar10", "fsdd", "multi30k", "connect4-positions"}


# --- the content hash -----------------------------------------------------------------------------


def test_content_is_blind_to_order_and_encoding() -> None:
    info = data_set()
    expected = content_hash(info, EXAMPLES)
    assert content_hash(info, EXAMPLES[::-1]) == expected
    encodings = [
        png,
        lambda picture: png(picture, "BMP"),
        lambda picture: png(picture, "PNG", compress_level=0),
        Image.fromarray,
        lambda picture: picture.astype(np.float64) / 255,
        lambda picture: png(Image.fromarray(picture).convert("RGB")),  # grey stored as colour
    ]
    for encode in encodings:
        again = [Example(encode(example.input), example.target) for example in EXAMPLES]
        assert content_hash(info, again) == expected


def test_content_is_blind_to_nothing_else() -> None:
    info = data_set()
    hashes = {content_hash(info, EXAMPLES), content_hash(info, EXAMPLES[:-1])}
    one_pixel = PICTURES[0].copy()
    one_pixel[3, 3] ^= 1
    tinted = np.repeat(PICTURES[0][:, :, None], 3, axis=2)
    tinted[0, 0, 2] ^= 1
    for changed in (one_pixel, PICTURES[0].T, PICTURES[0].reshape(4, 9), tinted):
        hashes.add(content_hash(info, [Example(changed, "0"), *EXAMPLES[1:]]))
    hashes.add(content_hash(info, [Example(PICTURES[0], "1"), *EXAMPLES[1:]]))
    hashes.add(content_hash(info, [*EXAMPLES, EXAMPLES[0]]))
    # The same pictures and the same labels, but two labels have changed places.
    swapped = [Example(PICTURES[0], "1"), Example(PICTURES[1], "0"), *EXAMPLES[2:]]
    hashes.add(content_hash(info, swapped))
    assert len(hashes) == 9


def test_a_lossy_copy_is_other_content() -> None:
    info = data_set()
    lossy = [Example(png(e.input, "JPEG", quality=75), e.target) for e in EXAMPLES]
    assert content_hash(info, lossy) != content_hash(info, EXAMPLES)


def test_the_fingerprints_are_those_of_the_task() -> None:
    fingerprint = task("image-classification").fingerprint
    found = DataSet(data_set(), Place("here", here=True))
    assert list(found.fingerprints("test")) == [fingerprint(png(one)) for one in PICTURES]


# --- where data sets are --------------------------------------------------------------------------


@pytest.mark.usefixtures("no_full_data")
def test_a_missing_data_set_names_every_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> Path:
        raise HubError("The Hub cannot be reached.")

    monkeypatch.setattr(hub, "download_file", unreachable)
    info = dataclasses.replace(
        data_set_info("mnist"),
        sources=(
            *data_set_info("mnist").sources,
            PythonPackage(package="no_such_package", reader="no_such_package:read"),
            SystemPackage(packages=("no-such-deb",), files=("no/such/folder",), reader="a:b"),
        ),
    )
    with pytest.raises(DataNotFoundError) as caught:
        open_data_set(info)
    message = str(caught.value)
    assert message.startswith("The data set 'mnist' is not here. To get it: ")
    for way in (
        "set ZOO_DATA to a folder with mnist/<split>.parquet",
        "fetch ylecun/mnist from the Hub",
        "pip install no_such_package",
        "apt-get install no-such-deb",
    ):
        assert way in message


class Place(Source):
    """A source whose presence a test decides."""

    def __init__(self, name: str, *, here: bool, fetches: bool = False) -> None:
        self.name, self.here, self.fetches = name, here, fetches
        self.fetched = 0

    def present(self) -> bool:
        return self.here

    def how_to_get(self) -> str:
        return f"go to {self.name}"

    def rows(self, split: str) -> Iterator[tuple[Any, str]]:
        for picture in PICTURES:
            yield picture, self.name

    def fetch(self) -> bool:
        self.fetched += 1
        return self.fetches


def test_what_is_here_is_taken_before_anything_is_fetched() -> None:
    near, far = Place("near", here=True), Place("far", here=False, fetches=True)
    other = Place("other", here=True)
    found = open_data_set(data_set(sources=(far, near, other)))
    assert found.source is near
    assert far.fetched == 0
    near.here = other.here = False
    assert open_data_set(data_set(sources=(near, far, other))).source is far
    assert (near.fetched, other.fetched) == (1, 0)


def test_splits_and_limits() -> None:
    found = DataSet(data_set(splits=("train", "test")), Place("here", here=True))
    assert len(list(found.examples("test"))) == 5
    few = list(found.examples("test", limit=2))
    assert [example.input.tolist() for example in few] == [p.tolist() for p in PICTURES[:2]]
    assert list(found.examples("test", limit=0)) == []
    assert len(list(found.examples("test", limit=99))) == 5
    for bad in ("tset", "validation", ""):
        with pytest.raises(UnknownNameError, match=f"no split of toy-set named '{bad}'"):
            found.examples(bad)
    with pytest.raises(UnknownNameError, match=r"did you mean test"):
        found.examples("tset")


def test_content_that_nobody_knows_is_called_unverified() -> None:
    variants = (Variant("Toys", {"train": "a", "test": "b"}), Variant("Toys 2", {"test": "c"}))
    found = DataSet(data_set(splits=("train", "test"), variants=variants), Place("x", here=True))
    assert found.title({"test": "b"}) == "Toys"
    assert found.title({"train": "a", "test": "b"}) == "Toys"
    assert found.title({"test": "c"}) == "Toys 2"
    for other in ({"test": "x"}, {"train": "a", "test": "c"}):
        assert found.title(other) == "Toys, unverified content"


# --- Parquet --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ZOO_DATA with a data set "toys": pictures as the Hub stores them, labels as indices."""
    monkeypatch.setenv("ZOO_DATA", str(tmp_path))
    (tmp_path / "toys").mkdir()
    pictures = [{"bytes": png(PICTURES[i % 5]), "path": None} for i in range(1200)]
    table = {"image": pictures, "label": [i % 3 for i in range(1200)], "unused": ["x"] * 1200}
    parquet.write_table(pyarrow.table(table), tmp_path / "toys" / "test.parquet")
    return tmp_path / "toys"


@pytest.mark.usefixtures("folder")
def test_parquet_rows_come_in_file_order_with_their_names() -> None:
    source = ParquetFolder(folder="toys", columns=COLUMNS)
    assert source.present()
    rows = list(source.rows("test"))
    assert [target for _, target in rows] == ["cat", "dog", "owl"] * 400
    assert rows[1003][0] == png(PICTURES[3])
    found = open_data_set(data_set(sources=(source,)))
    as_arrays = [Example(PICTURES[i % 5], COLUMNS.classes[i % 3]) for i in range(1200)]
    assert content_hash(found.info, list(found.examples("test"))) == content_hash(
        found.info, as_arrays
    )


def test_a_parquet_file_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ParquetFolder(folder="toys", columns=COLUMNS)
    with pytest.raises(DataNotFoundError, match=r"train\.parquet"):
        source.rows("train")
    monkeypatch.setenv("ZOO_DATA", str(folder))
    assert not source.present()
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("ZOO_DATA")
        else:
            monkeypatch.setenv("ZOO_DATA", unset)
        assert not source.present()


def test_targets_without_class_names_are_text(folder: Path) -> None:
    table = {"image": [{"bytes": b"x"}, {"bytes": b"y"}], "label": ["seven", "8"]}
    parquet.write_table(pyarrow.table(table), folder / "words.parquet")
    source = ParquetFolder(folder="toys", columns=Columns(input="image", target="label"))
    assert list(source.rows("words")) == [(b"x", "seven"), (b"y", "8")]


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_without_a_class_is_not_guessed(index: int) -> None:
    # -1 marks the unlabelled splits on the Hub, and would be the last class in Python.
    with pytest.raises(ZooError, match=f"A label of {index} is none of 3 classes"):
        COLUMNS.read({"image": {"bytes": b"x"}, "label": index})


# --- packages -------------------------------------------------------------------------------------


def read_lines(folder: Path, split: str) -> Iterator[tuple[str, str]]:
    """The reader that the system package below names."""
    for line in (folder / f"{split}.txt").read_text().splitlines():
        x, _, target = line.partition(" ")
        yield x, target


def test_a_folder_of_another_form_is_read_by_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = DataFolder(folder="toys", holds="with lines", reader=f"{__name__}:read_lines")
    monkeypatch.setenv("ZOO_DATA", str(tmp_path))
    assert not source.present()
    with pytest.raises(DataNotFoundError, match="no toys/"):
        source.rows("test")
    assert source.how_to_get() == "set ZOO_DATA to a folder with toys/, with lines"
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "test.txt").write_text("one 1\n")
    assert list(open_data_set(data_set(sources=(source,))).examples("test")) == [
        Example("one", "1")
    ]


def read_grouped(folder: Path, split: str) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
    """A reader of rows of which some say what they belong to."""
    yield "one", "1", "anna"
    yield "two", "2"
    yield "three", "3", ""


def test_the_group_of_an_example_is_told_where_it_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_DATA", str(tmp_path))
    (tmp_path / "toys").mkdir()
    source = DataFolder(folder="toys", holds="with lines", reader=f"{__name__}:read_grouped")
    examples = list(open_data_set(data_set(sources=(source,))).examples("test"))
    assert [example.group for example in examples] == ["anna", "", ""]
    assert [example.target for example in examples] == ["1", "2", "3"]


def test_groups_are_no_part_of_the_content() -> None:
    # The same recordings are the same data, whoever is said to have made them.
    grouped = [Example(e.input, e.target, f"group {i}") for i, e in enumerate(EXAMPLES)]
    assert content_hash(data_set(), grouped) == content_hash(data_set(), EXAMPLES)


def test_a_recording_that_is_wanted_counts_by_its_samples() -> None:
    info = dataclasses.replace(data_set(), task="text-to-speech")
    sound = Audio(np.linspace(-0.5, 0.5, 800, dtype=np.float32), 8000)
    loud = Audio(2 * sound.samples, 8000)
    one, other = Example("Hello.", sound), Example("Hello.", loud)
    assert one.recording is sound
    assert content_hash(info, [one]) == content_hash(
        info, [Example(" Hello.\n", Audio(sound.samples.copy(), 8000))]
    )
    assert content_hash(info, [one]) != content_hash(info, [other])
    with pytest.raises(InputError, match=r"target is text here; Audio\(0.10 s at"):
        assert one.label
    with pytest.raises(InputError, match="target is a recording here; '7' came"):
        assert Example("Hello.", "7").recording


# --- Python packages ------------------------------------------------------------------------------


def test_a_python_package_is_known_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "explosive.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert PythonPackage(package="explosive", reader="explosive:read").present()
    assert not PythonPackage(package="explosives", reader="explosives:read").present()


# --- the catalog's own data sets ------------------------------------------------------------------


def test_every_known_content_is_a_hash_of_a_split() -> None:
    for info in registry().data_sets.values():
        assert info.variants
        for variant in info.variants:
            assert set(variant.hashes) <= set(info.splits)
            assert all(len(bytes.fromhex(one)) == 32 for one in variant.hashes.values())
        assert all(a != b for a, b in pairwise(sorted(v.title for v in info.variants)))


def test_the_first_digits_of_mnist_5k_are_a_fair_part_of_it() -> None:
    labels = [example.target for example in zoo.data_set("mnist-5k").examples("test", limit=100)]
    assert sorted(labels) == sorted("0123456789" * 10)
