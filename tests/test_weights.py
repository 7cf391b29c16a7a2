"""Weights folders: what is written is read; nothing else is believed, nothing else destroyed."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from zoo import weights
from zoo.errors import WeightsError
from zoo.weights import ARRAYS, CONFIG, README, Weights

ARRAY = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


def some(arrays: dict[str, NDArray[Any]] | None = None, **others: Any) -> Weights:
    facts: dict[str, Any] = {
        "entry": "a.b:C",
        "task": "image-classification",
        "settings": {"labels": ["é", "七"], "size": [28, 28]},
        "arrays": {"w": ARRAY} if arrays is None else arrays,
        "training": {"seed": 3},
    }
    return Weights(**{**facts, **others})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "parent" / "model"
    weights.write(path, some())
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def change_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / CONFIG).read_text())
    config |= changes
    (folder / CONFIG).write_text(json.dumps({k: v for k, v in config.items() if v is not ...}))


def refusal(folder: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        weights.read(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    assert message.endswith(".")
    return message


# --- round trip -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        ARRAY,
        ARRAY.astype(np.float64),
        np.array([[np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4e38]], np.float32),
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.array([True, False]),
        np.array(2.5, np.float32),
        np.array(7, np.int32),
        np.zeros((0, 3), np.float32),
        np.asfortranarray(ARRAY),
        ARRAY[::-1, ::2],
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_every_array_comes_back_bit_for_bit(tmp_path: Path, array: NDArray[Any]) -> None:
    weights.write(tmp_path / "model", some({"x": array}))
    again = weights.read(tmp_path / "model").arrays["x"]
    assert again.dtype == array.dtype
    assert again.shape == array.shape
    assert again.tobytes() == np.ascontiguousarray(array).tobytes()


def test_everything_else_comes_back(folder: Path) -> None:
    again = weights.read(folder)
    assert (again.entry, again.task) == ("a.b:C", "image-classification")
    assert again.settings == {"labels": ["é", "七"], "size": [28, 28]}
    assert again.training == {"seed": 3}
    assert {path.name for path in folder.iterdir()} == {CONFIG, ARRAYS}


def test_half_precision_is_stored_only_where_nothing_is_lost(tmp_path: Path) -> None:
    arrays = {
        "halved": weights.half(ARRAY),
        "full": ARRAY,
        "large": np.array([65504.0, 65536.0], np.float32),
        "double": np.array([0.5]),
        "index": np.array([1, 2]),
    }
    weights.write(tmp_path / "model", some(arrays))
    stored = {name: str(a.dtype) for name, a in load_file(tmp_path / "model" / ARRAYS).items()}
    assert stored == {
        "halved": "float16",
        "full": "float32",
        "large": "float32",
        "double": "float64",
        "index": "int64",
    }
    again = weights.read(tmp_path / "model").arrays
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype
        assert np.array_equal(again[name], array)


def test_half_rounds_to_the_nearest_half_precision_number() -> None:
    got = weights.half(np.array([1 + 2**-12, 1 + 3 * 2**-12, 0.1]))
    assert got.dtype == np.float32
    assert got.tolist() == [1.0, 1 + 2**-10, float(np.float16(0.1))]


@pytest.mark.parametrize("name", ["with space", "ünï 七", "dots.in.name", "a/b/c/deep"])
def test_folder_names(tmp_path: Path, name: str) -> None:
    weights.write(tmp_path / name, some())
    assert np.array_equal(weights.read(tmp_path / name).arrays["w"], ARRAY)


def test_relative_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    weights.write(Path("one"), some())
    weights.write(Path("two/../three"), some())
    assert np.array_equal(weights.read(tmp_path / "one").arrays["w"], ARRAY)
    assert np.array_equal(weights.read(Path("three")).arrays["w"], ARRAY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "three"]


def test_size_counts_what_prediction_needs(folder: Path) -> None:
    expected = sum(len(content) for content in contents(folder).values())
    (folder / README).write_text("long " * 999)
    assert weights.folder_bytes(folder) == expected


# --- what is not believed -------------------------------------------------------------------------


def test_any_flipped_byte_is_noticed(folder: Path) -> None:
    whole = (folder / ARRAYS).read_bytes()
    for position in (0, 9, len(whole) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        (folder / ARRAYS).write_bytes(damaged)
        assert "is corrupt" in refusal(folder)


@pytest.mark.parametrize("kept", [0, 4, 40, -1])
def test_a_truncated_file_is_noticed(folder: Path, kept: int) -> None:
    (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes()[:kept])
    assert "is corrupt" in refusal(folder)


def test_a_file_that_is_no_safetensors_though_its_hash_is_right(folder: Path) -> None:
    for content in (b"", b"\x80\x04K\x01.", b"\xff" * 64):
        (folder / ARRAYS).write_bytes(content)
        change_config(folder, sha256=weights.file_sha256(folder / ARRAYS))
        assert "cannot be read as safetensors" in refusal(folder)


def test_a_number_format_that_numpy_has_not(folder: Path) -> None:
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    content = len(header).to_bytes(8, "little") + header + b"\x80\x3f\x80\x3f"
    (folder / ARRAYS).write_bytes(content)
    change_config(folder, sha256=weights.file_sha256(folder / ARRAYS))
    assert "cannot be read as safetensors" in refusal(folder)


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    assert "There is no weights folder" in refusal(tmp_path / "nowhere")
    assert f"it has no {CONFIG}" in refusal(tmp_path)
    (folder / ARRAYS).unlink()
    assert f"half-copied: it has no {ARRAYS}" in refusal(folder)
    for name in ("entry", "task", "settings", "sha256"):
        config = (folder / CONFIG).read_text()
        change_config(folder, **{name: ...})
        assert f"lacks {name}" in refusal(folder)
        (folder / CONFIG).write_text(config)


@pytest.mark.parametrize(
    "text",
    ["", "{", "no JSON", "\ufeff{}", "[" * 100_000],
    ids=["empty", "cut", "text", "bom", "deep"],
)
def test_a_config_that_is_no_json(folder: Path, text: str) -> None:
    (folder / CONFIG).write_text(text, encoding="utf-8")
    assert "cannot be read" in refusal(folder)


def test_a_config_that_is_not_utf8(folder: Path) -> None:
    (folder / CONFIG).write_bytes(b'{"zoo_format": "\xff"}')
    assert "cannot be read" in refusal(folder)


@pytest.mark.parametrize("text", ["[]", '"text"', "3", "null"])
def test_a_config_that_is_no_object(folder: Path, text: str) -> None:
    (folder / CONFIG).write_text(text)
    assert "must hold a JSON object" in refusal(folder)


def test_a_config_of_another_library(folder: Path) -> None:
    (folder / CONFIG).write_text('{"architectures": ["ViTForImageClassification"]}')
    assert "was not written by zoo" in refusal(folder)


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_another_format(folder: Path, version: Any) -> None:
    change_config(folder, zoo_format=version)
    assert f"has format {version!r}, this version reads 1" in refusal(folder)


@pytest.mark.parametrize(
    "change", [{"entry": []}, {"task": 3}, {"settings": [1]}, {"training": "long"}]
)
def test_a_fact_of_another_kind(folder: Path, change: dict[str, Any]) -> None:
    change_config(folder, **change)
    assert f"has {next(iter(change))} of another kind" in refusal(folder)


# --- what is not destroyed ------------------------------------------------------------------------


def test_overwriting_keeps_the_card_and_nothing_else_of_the_old(folder: Path) -> None:
    (folder / README).write_text("# the card\n")
    weights.write(folder, some({"other": ARRAY + 1}))
    assert set(weights.read(folder).arrays) == {"other"}
    assert (folder / README).read_text() == "# the card\n"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("card", [False, True])
def test_a_folder_without_weights_is_filled(tmp_path: Path, card: bool) -> None:
    if card:
        (tmp_path / README).write_text("# first the card\n")
    weights.write(tmp_path, some())
    assert np.array_equal(weights.read(tmp_path).arrays["w"], ARRAY)
    assert (tmp_path / README).is_file() is card


def test_a_card_without_weights_is_not_replaced_by_another(tmp_path: Path) -> None:
    """A folder with nothing but a README.md may be the beginning of anything."""

    def fill(new: Path) -> None:
        weights.write(new, some())
        (new / README).write_text("# theirs\n")

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / README).write_text("# years of work\n")
    with pytest.raises(WeightsError, match=r"'.*mine' holds something else, README\.md; save to"):
        weights.replace_folder(tmp_path / "mine", fill)
    assert contents(tmp_path / "mine") == {README: b"# years of work\n"}


@pytest.mark.parametrize(
    "files",
    [
        {"thesis.tex": "years of work"},
        {CONFIG: '{"architectures": ["ViTForImageClassification"]}', ARRAYS: "theirs"},
        {CONFIG: '{"name": "my project"}', "src/main.py": "..."},
        {ARRAYS: "half of something"},
        {CONFIG: '{"zoo_format": 1}', ARRAYS: "ours", "notes.txt": "beside weights of ours"},
        {CONFIG: '{"zoo_format": 1}', ARRAYS: "ours", ".git/HEAD": "ref: refs/heads/main"},
        {CONFIG: "no JSON"},
    ],
)
def test_what_zoo_did_not_write_is_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    folder = tmp_path / "theirs"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    before = contents(folder)
    with pytest.raises(WeightsError, match="theirs"):
        weights.write(folder, some())
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WeightsError, match="cannot be written"):
            weights.write(place, some())
    assert (tmp_path / "file").read_text() == "mine"


def test_a_link_is_followed_not_replaced(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(folder, target_is_directory=True)
    weights.write(link, some({"new": ARRAY}))
    assert link.is_symlink()
    assert set(weights.read(folder).arrays) == {"new"}


def _no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _no_space_in_rust(*_: Any, **__: Any) -> None:
    raise safetensors.SafetensorError("I/O error: No space left on device (os error 28)")


_STEPS = ["arrays", "config", "card", "move away", "move in"]


@pytest.mark.parametrize(
    ("step", "exists"),
    [*((step, True) for step in _STEPS), ("arrays", False), ("config", False), ("move in", False)],
)
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, exists: bool
) -> None:
    folder = tmp_path / "model"
    if exists:
        weights.write(folder, some())
        (folder / README).write_text("# card\n")
    before = contents(tmp_path)
    rename = Path.rename

    def rename_fails(path: Path, target: Path) -> Path:
        # Moving the old folder back has to work: it is the rescue that is tested.
        moves_in = target == folder and not path.name.endswith("-old")
        if moves_in if step == "move in" else path == folder:
            _no_space()
        return rename(path, target)

    if step == "arrays":
        monkeypatch.setattr(weights, "save_file", _no_space_in_rust)
    elif step == "config":
        monkeypatch.setattr(Path, "write_text", _no_space)
    elif step == "card":
        monkeypatch.setattr(weights.shutil, "copy2", _no_space)
    else:
        monkeypatch.setattr(Path, "rename", rename_fails)
    with pytest.raises(WeightsError, match=r"cannot be written: .*No space left"):
        weights.write(folder, some({"new": ARRAY}))
    monkeypatch.undo()
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["model"] if exists else [])


def test_settings_that_json_cannot_hold_leave_nothing_behind(tmp_path: Path) -> None:
    for bad in (float("nan"), object()):
        with pytest.raises((ValueError, TypeError)):
            weights.write(tmp_path / "model", some(settings={"temperature": bad}))
    assert list(tmp_path.iterdir()) == []


def test_the_hash_is_of_the_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1.
    assert weights.file_sha256(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert json.loads((folder / CONFIG).read_text())["sha256"] == weights.file_sha256(
        folder / ARRAYS
    )


def test_arrays_are_readable_by_safetensors_alone(folder: Path, tmp_path: Path) -> None:
    assert np.array_equal(load_file(folder / ARRAYS)["w"], ARRAY)
    # And the reverse: nothing in the format is ours.
    save_file({"w": ARRAY}, tmp_path / "theirs.safetensors")
    (folder / ARRAYS).write_bytes((tmp_path / "theirs.safetensors").read_bytes())
    change_config(folder, sha256=weights.file_sha256(folder / ARRAYS))
    assert np.array_equal(weights.read(folder).arrays["w"], ARRAY)
