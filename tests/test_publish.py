"""What goes into a repository for a model, and what comes back."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import zoo
from tests.constant_model import Constant
from tests.hub_uploads import WritableHub
from tests.pushes import bytes_of
from zoo import registry, weights
from zoo.card_metadata import evaluation_file
from zoo.cards import card
from zoo.entries import ModelInfo
from zoo.errors import HubError, InputError, UnknownNameError, WeightsError, ZooError
from zoo.evidence import Evidence
from zoo.hub_upload import EVALUATIONS, Change, send, survey, title_of
from zoo.publish import COLLECTION, gather_all, pack, pack_all, pull
from zoo.results import read_results

RESULTS = Path(__file__).parent.parent / "results"
SHIPPED = [entry for entry in zoo.models() if (entry.weights or "hub:").partition(":")[0] == "zoo"]
BARE = [entry for entry in zoo.models() if entry.weights is None]
ELSEWHERE = [entry for entry in zoo.models() if (entry.weights or "").startswith("hub:")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A weights folder of somebody's own."""
    Constant(0.75).save(tmp_path / "mine")
    (tmp_path / "mine" / "README.md").write_text("# Mine\n")
    return tmp_path / "mine"


def push(name: str, repo: str) -> None:
    parcel = pack(name, repo)
    send(survey(repo, parcel.files), parcel.files, message="Push it")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(error: type[ZooError], words: str) -> AbstractContextManager[object]:
    """One sentence that says the words."""
    return pytest.raises(error, match=rf"^[^\n]*{re.escape(words)}[^\n]*\Z")


# --- what goes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)
def test_a_shipped_model_goes_with_everything_that_ships(entry: ModelInfo) -> None:
    parcel = pack(entry.name, "owner/model")
    there = contents(registry.weights_folder(entry))
    assert set(there) == {"README.md", weights.CONFIG, weights.ARRAYS}
    if figures := evaluation_file(there["README.md"].decode()):
        there[EVALUATIONS] = figures.encode()
    assert bytes_of(dict(parcel.files)) == there
    assert parcel.sizes == {name: len(data) for name, data in there.items()}
    assert title_of(there["README.md"].decode()) == entry.name


@pytest.mark.parametrize("entry", BARE, ids=lambda entry: entry.name)
def test_a_model_that_needs_no_weights_goes_as_its_card(entry: ModelInfo) -> None:
    parcel = pack(entry.name, "owner/model")
    assert parcel.files == {"README.md": card(entry, Evidence(())).encode()}
    assert parcel.sizes == {"README.md": len(card(entry, Evidence(())).encode())}
    assert title_of(card(entry, Evidence(()))) == entry.name


@pytest.mark.parametrize("entry", ELSEWHERE, ids=lambda entry: entry.name)
def test_a_model_from_the_hub_stays_where_it_is(entry: ModelInfo) -> None:
    home = str(entry.weights).removeprefix("hub:").partition("@")[0]
    with refused(HubError, f"{entry.name} has its home on the Hub, at {home}, and is not pushed"):
        pack(entry.name, "owner/model")


def test_a_card_can_be_rendered_anew() -> None:
    name = "games/alphazero-tictactoe"
    evidence = Evidence(read_results(RESULTS / "games"))
    parcel = pack(name, "owner/model", lambda: evidence, anew=True)
    assert parcel.files["README.md"] == card(zoo.info(name), evidence).encode()
    assert isinstance(pack(name, "owner/model", lambda: evidence).files["README.md"], Path)


def test_what_leaderboards_take_goes_with_the_card_and_with_it_only(server: WritableHub) -> None:
    name, repo = "vision/resnet-mnist", "owner/model"
    push(name, repo)
    there = server.contents(repo)
    assert there[EVALUATIONS] == evaluation_file(there["README.md"].decode()).encode()
    assert b"ylecun/mnist" in there[EVALUATIONS]
    assert not survey(repo, pack(name, repo).files).is_needed

    unmeasured = pack(name, repo, anew=True).files
    plan = survey(repo, unmeasured)
    assert plan.changes[EVALUATIONS] is Change.REMOVED
    send(plan, unmeasured, message="Push it")
    assert server.contents(repo) == bytes_of(dict(unmeasured))
    assert EVALUATIONS not in server.contents(repo)


def test_a_folder_of_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("notes.txt", "secrets.env", "weights.pkl", ".hidden", "run.py"):
        (folder / name).write_text("stays here")
    (folder / "checkpoint-1").mkdir()
    (folder / "checkpoint-1" / "model.safetensors").write_text("stays here")
    (folder / "pieces.model").write_text("goes with it")
    names = ["README.md", "config.json", "model.safetensors", "pieces.model"]
    assert list(pack(str(folder), "owner/mine").files) == names
    monkeypatch.chdir(folder.parent)
    assert list(pack("mine", "hub:owner/mine").files) == names
    parcel = pack(f"../{folder.parent.name}/mine/", "hub:owner/mine")
    assert (parcel.name, parcel.repo) == ("mine", "owner/mine")  # nobody's paths go on the Hub


def test_a_folder_needs_a_card(folder: Path) -> None:
    (folder / "README.md").unlink()
    with refused(WeightsError, "has no README.md: write there what these weights are"):
        pack(str(folder), "owner/mine")


def test_nothing_broken_goes(folder: Path) -> None:
    with (folder / weights.ARRAYS).open("ab") as file:
        file.write(b"x")
    with refused(WeightsError, "is corrupt"):
        pack(str(folder), "owner/mine")
    (folder / weights.ARRAYS).unlink()
    with refused(WeightsError, "is half-copied"):
        pack(str(folder), "owner/mine")
    shutil.rmtree(folder)
    with refused(WeightsError, "There is no weights folder"):
        pack(str(folder), "owner/mine")


def test_names_that_are_none(folder: Path) -> None:
    with refused(UnknownNameError, "did you mean vision/resnet-mnist"):
        pack("vision/resnet-mnst", "owner/model")
    with refused(HubError, "'owner' is not of the form"):
        pack("vision/resnet-mnist", "owner")
    with refused(InputError, "to no revision of it; 'owner/model@v1' came"):
        pack("vision/resnet-mnist", "owner/model@v1")
    with refused(InputError, "A collection is pushed to its owner alone; 'owner/all' came"):
        pack_all(zoo.models(), "owner/all")


# --- all of them ---------------------------------------------------------------------------------


def test_a_collection_points_to_what_lives_elsewhere(server: WritableHub) -> None:
    entries = zoo.models("vision")
    parcels = pack_all(entries, "owner")
    own = [entry for entry in entries if entry not in ELSEWHERE]
    assert [parcel.name for parcel in parcels] == [entry.name for entry in own]
    assert parcels[0].repo == f"owner/{own[0].name.replace('/', '-')}"
    gather_all(entries, "owner")
    (collection,) = server.collections.values()
    assert collection["title"] == COLLECTION
    assert len(collection["description"]) <= 150  # the Hub takes no more
    items = {item["id"]: item["note"]["text"] for item in collection["items"]}
    assert len(items) == len(entries)
    assert items["owner/vision-resnet-mnist"].startswith("vision/resnet-mnist: ")
    assert "google/vit-base-patch16-224" in items


# --- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "x"),
    [
        ("vision/hog-svm-mnist", "examples/seven.png"),
        ("speech/gmm-hmm-digits", "examples/call.wav"),
        ("games/alphazero-tictactoe", "51"),
    ],
)
def test_what_went_up_answers_the_same(
    server: WritableHub, tmp_path: Path, name: str, x: str
) -> None:
    push(name, "owner/model")
    there = Path(__file__).parent.parent / x
    given = str(there) if there.is_file() else x
    expected = zoo.load(name, device="cpu").predict(given).to_dict()
    assert zoo.load("hub:owner/model", device="cpu").predict(given).to_dict() == expected
    pull("owner/model", tmp_path / "back")
    assert contents(tmp_path / "back") == contents(registry.weights_folder(zoo.info(name)))
    assert zoo.load(tmp_path / "back", device="cpu").predict(given).to_dict() == expected


def test_every_shipped_model_goes_up_and_comes_down_unchanged(
    server: WritableHub, tmp_path: Path
) -> None:
    for entry in SHIPPED:
        repo = f"owner/{entry.name.replace('/', '-')}"
        push(entry.name, repo)
        pull(f"hub:{repo}@main", tmp_path / entry.name)
        assert contents(tmp_path / entry.name) == contents(registry.weights_folder(entry))
        assert set(survey(repo, pack(entry.name, repo).files).changes.values()) == {Change.KEPT}


def test_pulling_again_brings_what_is_new_and_its_card(
    server: WritableHub, folder: Path, tmp_path: Path
) -> None:
    push(str(folder), "owner/mine")
    back = tmp_path / "back"
    pull("owner/mine", back)
    Constant(0.5).save(folder)
    (folder / "README.md").write_text("# Mine\nBetter.\n")
    push(str(folder), "owner/mine")
    pull("owner/mine", back)
    assert contents(back) == contents(folder)
    assert not [path for path in back.iterdir() if path.is_symlink()]


def test_a_folder_of_something_else_is_not_touched(
    server: WritableHub, folder: Path, tmp_path: Path
) -> None:
    push(str(folder), "owner/mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years of work")
    with refused(WeightsError, "holds something else, thesis.tex"):
        pull("owner/mine", tmp_path / "other")
    assert contents(tmp_path / "other") == {"thesis.tex": b"years of work"}


def test_a_card_that_the_hub_did_not_give_is_not_replaced(
    server: WritableHub, folder: Path, tmp_path: Path
) -> None:
    push(str(folder), "owner/mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("# years of work\n")
    with refused(WeightsError, "holds something else, README.md"):
        pull("owner/mine", tmp_path / "other")
    assert contents(tmp_path / "other") == {"README.md": b"# years of work\n"}


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "README.md"])
def test_a_wrong_checksum_on_the_way(
    server: WritableHub, folder: Path, tmp_path: Path, name: str
) -> None:
    push(str(folder), "owner/mine")
    pull("owner/mine", tmp_path / "back")
    before = contents(tmp_path / "back")
    Constant(0.5).save(folder)
    (folder / "README.md").write_text("# Mine\nBetter.\n")
    push(str(folder), "owner/mine")
    server.fail(f"*/{name}", kind="corrupt")
    with refused(HubError, f"{name} of owner/mine was damaged on its way"):
        pull("owner/mine", tmp_path / "back")
    assert contents(tmp_path / "back") == before
    server.heal()
    pull("owner/mine", tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)


def test_what_was_damaged_in_the_cache_is_noticed(
    server: WritableHub, folder: Path, tmp_path: Path, cache: Path
) -> None:
    push(str(folder), "owner/mine")
    pull("owner/mine", tmp_path / "back")
    (kept,) = cache.rglob("snapshots/*/model.safetensors")
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    kept.write_bytes(data)
    with refused(HubError, "model.safetensors of owner/mine was damaged"):
        pull("owner/mine", tmp_path / "back")
    pull("owner/mine", tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)


def test_weights_that_were_damaged_before_they_went_up(
    server: WritableHub, folder: Path, tmp_path: Path
) -> None:
    """Another program can push, too; the Hub's checksum is right then, and config.json's not."""
    config = json.loads((folder / "config.json").read_text()) | {"sha256": "0" * 64}
    (folder / "config.json").write_text(json.dumps(config))
    server.add("owner/mine", folder)
    with refused(WeightsError, "is corrupt"):
        pull("owner/mine", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_pulling_asks_the_hub(server: WritableHub, folder: Path, tmp_path: Path) -> None:
    push(str(folder), "owner/mine")
    pull("owner/mine", tmp_path / "back")
    server.close()
    with refused(HubError, "owner/mine cannot be fetched: the Hub cannot be reached"):
        pull("owner/mine", tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)
