"""`zoo push` and `zoo pull`: what they print where, and with which code they end."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import zoo as package
from tests import command_line
from tests.command_line import Done, Zoo
from tests.constant_model import Constant
from tests.hub_uploads import WritableHub
from zoo import hub_upload
from zoo.registry import weights_folder

NAME = "games/alphazero-tictactoe"
REPO = "owner/tictactoe"
ROOT = Path(__file__).parent.parent


@pytest.fixture
def zoo(
    server: WritableHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Zoo:
    """Run the command in this process, in an empty folder."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    return command_line.runner(monkeypatch, capsys)


def _listed(done: Done) -> list[list[str]]:
    """The cells of the table of a dry run, below its head."""
    return [line.split() for line in done.out.splitlines()[1:]]


def test_push_tells_where_it_is(zoo: Zoo, server: WritableHub) -> None:
    address = f"{server.url}/{REPO}"
    assert zoo("push", NAME, "--to", REPO) == Done(0, f"pushed  {NAME}  {address}\n", "")
    assert server.commits == [(REPO, f"Push {NAME} with zoo {package.__version__}")]
    assert zoo("push", NAME, "--to", REPO) == Done(0, f"  kept  {NAME}  {address}\n", "")
    assert len(server.commits) == 1


def test_a_dry_run_lists_every_file_and_size(zoo: Zoo, server: WritableHub) -> None:
    folder = weights_folder(package.info(NAME))
    sizes = {path.name: f"{path.stat().st_size:,}" for path in sorted(folder.iterdir())}
    done = zoo("push", NAME, "--to", REPO, "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert _listed(done) == [[REPO, name, "new", size] for name, size in sizes.items()]
    assert not server.requested("POST ")
    zoo("push", NAME, "--to", REPO)
    done = zoo("push", NAME, "--to", REPO, "--dry-run")
    assert _listed(done) == [[REPO, name, "unchanged", size] for name, size in sizes.items()]


def test_json(zoo: Zoo, server: WritableHub) -> None:
    done = zoo("push", NAME, "--to", REPO, "--json")
    assert (done.code, done.err) == (0, "")
    (facts,) = json.loads(done.out)["repositories"]
    assert facts["commit"] == f"{server.url}/{REPO}/commit/{server.head(REPO).sha}"
    assert not facts["exists"]
    contents = server.contents(REPO)
    assert facts["files"] == [
        {"name": name, "bytes": len(contents[name]), "change": "new"} for name in sorted(contents)
    ]
    (facts,) = json.loads(zoo("push", NAME, "--to", REPO, "--json").out)["repositories"]
    assert facts["exists"]
    assert facts["commit"] is None
    assert {file["change"] for file in facts["files"]} == {"unchanged"}


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_without_a_token_a_dry_run_still_lists(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, as_json: tuple[str, ...]
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    done = zoo("push", NAME, "--to", REPO, "--dry-run", *as_json)
    assert done.code == 2
    assert "model.safetensors" in done.out
    (line,) = done.err.splitlines()
    assert line.startswith("Error: Nobody is logged in who could write to owner/tictactoe")


def test_a_refusal_is_one_sentence(zoo: Zoo, server: WritableHub) -> None:
    server.fail("/api/repos/create", 403)
    done = zoo("push", NAME, "--to", REPO)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith(f"Error: You may not write to {REPO}")


def test_force_and_private(zoo: Zoo, server: WritableHub, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("# Another\n")
    server.add(REPO, tmp_path / "other")
    done = zoo("push", NAME, "--to", REPO)
    assert done.code == 2
    assert f"Error: {REPO} holds something else (README.md)" in done.err
    assert zoo("push", NAME, "--to", REPO, "--force").code == 0
    assert zoo("push", NAME, "--to", "owner/hidden", "--private").code == 0
    assert server.private == {"owner/hidden"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", REPO), "name a model, or give --collection for all"),
        ((NAME,), "Missing option '--to'"),
    ],
)
def test_what_has_to_be_said(zoo: Zoo, arguments: tuple[str, ...], words: str) -> None:
    done = zoo("push", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in " ".join(done.err.split())


def test_a_card_from_other_results(zoo: Zoo, server: WritableHub, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    measured = ("push", "speech/dtw-digits", "--to", "owner/dtw")
    assert zoo(*measured).code == 0
    assert b"Not measured here" not in server.contents("owner/dtw")["README.md"]
    assert zoo(*measured, "--results", "none").out.startswith("pushed")
    assert b"Not measured here" in server.contents("owner/dtw")["README.md"]
    done = zoo("push", NAME, "--to", REPO, "--results", "absent")
    assert (done.code, done.out) == (2, "")
    assert "There is no results folder at 'absent'" in done.err


def test_what_lies_about_is_not_taken_for_results(
    zoo: Zoo, server: WritableHub, tmp_path: Path
) -> None:
    name = "games/alphabeta-connect4"
    shutil.copytree(ROOT / "results" / "games", tmp_path / "results")
    assert zoo("push", name, "--to", REPO).code == 0
    assert b"Not measured here" in server.contents(REPO)["README.md"]
    assert zoo("push", name, "--to", REPO, "--results", "results").out.startswith("pushed")
    assert b"Not measured here" not in server.contents(REPO)["README.md"]


def test_a_folder_has_its_own_card(zoo: Zoo, pushed: Path, server: WritableHub) -> None:
    done = zoo("push", str(pushed), "--to", REPO, "--results", "source")
    assert (done.code, done.out) == (2, "")
    assert "a weights folder goes with its own README.md" in " ".join(
        re.sub("[│╭╰─]", "", done.err).split()
    )
    assert not server.requests


# --- collections ---------------------------------------------------------------------------------


def test_a_collection(zoo: Zoo, server: WritableHub) -> None:
    done = zoo("push", "vision", "--collection", "--to", "owner")
    assert (done.code, done.err) == (0, "")
    *lines, address = done.out.splitlines()
    (slug,) = server.collections
    assert address == f"{server.url}/collections/{slug}"
    pushed = [line.split()[1] for line in lines]
    assert [f"owner/{name.replace('/', '-')}" for name in pushed] == [c[0] for c in server.commits]
    assert len(server.collections[slug]["items"]) == len(package.models("vision")) > len(pushed)


def test_a_collection_is_looked_at_as_a_whole_first(zoo: Zoo, server: WritableHub) -> None:
    done = zoo("push", "vision", "--collection", "--to", "owner", "--dry-run", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["dry_run"]
    assert json.loads(done.out)["collection"] is None
    models = [facts["model"] for facts in json.loads(done.out)["repositories"]]
    assert "vision/resnet-mnist" in models
    assert "vision/vit-base" not in models
    assert not server.requested("POST ")

    server.fail("/api/models/owner/vision-resnet-mnist", 403)
    assert zoo("push", "vision", "--collection", "--to", "owner").code == 2
    assert not server.requested("POST ")


def test_after_a_fault_the_same_command_goes_on(zoo: Zoo, server: WritableHub) -> None:
    server.fail("/api/models/owner/vision-kmeans*/commit/*", 500)
    done = zoo("push", "vision", "--collection", "--to", "owner")
    assert done.code == 2
    assert [line.split()[1] for line in done.out.splitlines()] == [
        "vision/hog-svm-cifar10",
        "vision/hog-svm-mnist",
    ]
    server.heal()
    sent = server.sent()
    done = zoo("push", "vision", "--collection", "--to", "owner")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[:3]] == ["kept", "kept", "pushed"]
    assert server.sent() == sent + 2  # the two networks; the rest had arrived


def test_ctrl_c(zoo: Zoo, server: WritableHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(hub_upload, "send", interrupted)
    done = zoo("push", NAME, "--to", REPO)
    assert (done.code, done.out) == (130, "")
    assert done.err == "Interrupted: 0 of 1 pushed; the same command goes on from there.\n"


# --- pull ----------------------------------------------------------------------------------------


@pytest.fixture
def pushed(server: WritableHub, tmp_path: Path) -> Path:
    """A weights folder that is also at owner/mine."""
    Constant(0.75).save(tmp_path / "source")
    (tmp_path / "source" / "README.md").write_text("# Mine\n")
    server.add("owner/mine", tmp_path / "source")
    return tmp_path / "source"


def test_pull_prints_the_folder(zoo: Zoo, pushed: Path, tmp_path: Path) -> None:
    assert zoo("pull", "owner/mine") == Done(0, "mine\n", "")
    assert zoo("pull", "hub:owner/mine@main", "other") == Done(0, "other\n", "")
    for name in ("mine", "other"):
        for path in pushed.iterdir():
            assert (tmp_path / name / path.name).read_bytes() == path.read_bytes()


def test_pull_as_json(zoo: Zoo, pushed: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in pushed.iterdir()}
    assert json.loads(zoo("pull", "owner/mine", "--json").out) == {"folder": "mine", "files": sizes}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("owner/absent", "The Hub has no repository 'owner/absent'"),
        ("owner/mine@v9", "owner/mine has no revision 'v9'"),
        ("mine", "'mine' is not of the form hub:owner/repo"),
    ],
)
def test_pull_refuses(zoo: Zoo, pushed: Path, reference: str, words: str) -> None:
    done = zoo("pull", reference)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert words in line


def test_the_readmes_commands_run(zoo: Zoo, server: WritableHub, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^zoo (?:push|pull) .*$", readme, flags=re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        _, *arguments = shlex.split(re.sub(r"\bme\b", "owner", line), comments=True)
        done = zoo(*arguments)
        assert (done.code, done.err) == (0, ""), line
        assert done.out
