"""What a push does to a repository, and to a collection."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests.constant_model import Constant, registry_with
from tests.hub_server import Commit, File
from tests.hub_uploads import WritableHub
from tests.pushes import ANSWERS, CARD, REPO, Files, bytes_of, push, refused
from zoo import registry
from zoo.hub_upload import Change, Survey, gather, send, survey, title_of

# --- making and updating -------------------------------------------------------------------------


def test_a_push_is_one_commit_of_exactly_these_files(server: WritableHub, files: Files) -> None:
    plan = survey(REPO, files)
    assert plan == Survey(
        repo=REPO,
        url=f"{server.url}/{REPO}",
        head=None,
        changes=dict.fromkeys(files, Change.NEW),
    )
    assert not server.requested("POST ")
    address = send(plan, files, message="Push it")
    assert address == f"{server.url}/{REPO}/commit/{server.head(REPO).sha}"
    assert server.contents(REPO) == bytes_of(files)
    assert server.commits == [(REPO, "Push it")]
    assert server.private == set()


def test_what_is_loaded_from_there_answers_the_same(
    server: WritableHub, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(files)
    monkeypatch.setattr(registry, "registry", lambda: registry_with(None))
    image = np.zeros((28, 28), np.uint8)
    assert zoo.load(f"hub:{REPO}").predict(image) == Constant(0.75).predict(image)


def test_what_is_there_already_is_not_sent_again(server: WritableHub, files: Files) -> None:
    push(files)
    server.requests.clear()
    plan = survey(REPO, files)
    assert not plan.is_needed
    assert set(plan.changes.values()) == {Change.KEPT}
    assert send(plan, files, message="Push it") is None
    assert server.requests == [f"GET /api/models/{REPO}"]


def test_an_update_sends_what_changed_and_removes_what_is_gone(
    server: WritableHub, files: Files, tmp_path: Path
) -> None:
    push(files)
    notes = server.head(REPO).files | {"notes.txt": File(b"by hand", lfs=False)}
    server.publish(REPO, Commit(notes))
    Constant(0.5).save(tmp_path / "constant")
    del files["pieces.model"]
    sent = server.sent()
    plan = push(files)
    assert plan.changes == {
        "README.md": Change.KEPT,
        "config.json": Change.CHANGED,
        "model.safetensors": Change.CHANGED,
        "pieces.model": Change.REMOVED,
    }
    assert server.sent() == sent + 1
    assert server.contents(REPO) == bytes_of(files) | {"notes.txt": b"by hand"}
    assert len(server.commits) == 2


def test_private_repositories(server: WritableHub, files: Files) -> None:
    push(files, private=True)
    assert server.private == {REPO}
    push(files | {"README.md": CARD + b"More."}, private=True)
    push(files)
    assert server.private == {REPO}
    server.private.clear()
    refused(lambda: push(files, private=True), "everybody can read it", "leave out --private")


# --- repositories that hold something else -------------------------------------------------------


@pytest.mark.parametrize(
    "there",
    [
        {"README.md": b"# Another\n"},
        {"README.md": b"no title"},
        {"README.md": b"\xff\xfe"},
        {"model.safetensors": b"weights"},
        {"a.py": b"1", "b.py": b"2", "c.py": b"3", "d.py": b"4", "README.md": b"# Program\n"},
    ],
)
def test_something_else_is_not_written_over_unless_told(
    server: WritableHub, files: Files, there: dict[str, bytes]
) -> None:
    server.publish(REPO, Commit({name: File(data, lfs=False) for name, data in there.items()}))
    some = ", ".join(sorted(there)[:3]) + (" and 2 more" if len(there) > 3 else "")
    refused(lambda: push(files), f"{REPO} holds something else ({some})", "--force")
    assert not server.requested("POST ")
    push(files, force=True)
    kept = {name: data for name, data in there.items() if name.endswith(".py")}
    assert server.contents(REPO) == bytes_of(files) | kept


def test_a_card_of_the_same_title_is_of_the_same_model(server: WritableHub, files: Files) -> None:
    server.publish(REPO, Commit({"README.md": File(b"# Constant \nOlder words.\n", lfs=False)}))
    push(files)
    assert server.contents(REPO) == bytes_of(files)


@pytest.mark.parametrize(
    ("card", "title"),
    [
        ("---\n# Constant\nlicense: mit\n---\n\n# Another\n", "Another"),
        ("---\r\n# Constant\r\nlicense: mit\r\n--- \r\n# Another \r\n", "Another"),
        ("\n---\n---\n# Another\n---\nmore\n", "Another"),
        ("---\n# Constant\n---\nWithout a heading.\n", None),
        ("# Constant\n---\n# Another\n---\n", "Constant"),
    ],
)
def test_a_comment_in_the_metadata_is_no_title(
    server: WritableHub, files: Files, card: str, title: str | None
) -> None:
    assert title_of(card) == title
    server.publish(REPO, Commit({"README.md": File(card.encode(), lfs=False)}))
    if title != "Constant":
        refused(lambda: push(files), f"{REPO} holds something else (README.md)")


def test_an_empty_repository_may_be_filled(server: WritableHub, files: Files) -> None:
    server.publish(REPO, Commit({".gitattributes": File(b"", lfs=False)}))
    push(files)
    assert server.contents(REPO) == bytes_of(files)


def test_what_somebody_else_changed_meanwhile_is_not_written_over(
    server: WritableHub, files: Files
) -> None:
    push(files)
    changed = files | {"README.md": CARD + b"More."}
    plan = survey(REPO, changed)
    theirs = server.publish(REPO, Commit({"README.md": File(b"# Theirs", lfs=False)}))
    refused(lambda: send(plan, changed, message="Push it"), "Somebody else changed", REPO)
    assert server.head(REPO).sha == theirs


# --- collections ---------------------------------------------------------------------------------

ITEMS = [("owner/constant", "tests/constant: Always the same."), ("google/vit", "Elsewhere.")]


def collect(items: list[tuple[str, str]], owner: str = "owner") -> str:
    return gather(owner, "All of them", items, description="What they are.")


def test_a_collection_is_made_and_completed(server: WritableHub) -> None:
    address = collect(ITEMS[:1])
    (slug,) = server.collections
    assert address == f"{server.url}/collections/{slug}"
    assert collect(ITEMS) == address
    (collection,) = server.collections.values()
    assert [(item["id"], item["note"]["text"]) for item in collection["items"]] == ITEMS
    assert collection["title"] == "All of them"
    server.requests.clear()
    collect(ITEMS)
    assert not server.requested("/items")


def test_a_private_collection(server: WritableHub) -> None:
    def hidden(items: list[tuple[str, str]]) -> str:
        return gather("owner", "All of them", items, description="What they are.", private=True)

    address = hidden(ITEMS[:1])
    (collection,) = server.collections.values()
    assert collection["private"]
    assert hidden(ITEMS[:1]) == address
    collection["private"] = False
    refused(
        lambda: hidden(ITEMS),
        "the collection 'All of them' of owner is there and everybody can read it",
        "leave out --private",
    )
    assert len(collection["items"]) == 1


def test_a_collection_of_another_owner(server: WritableHub) -> None:
    refused(lambda: collect(ITEMS, "somebody"), "You may not write to the collection 'All of them'")


@pytest.mark.parametrize(("status", "words"), ANSWERS)
def test_a_collection_that_is_refused(server: WritableHub, status: int, words: str) -> None:
    server.fail("*/items", status, headers={"Retry-After": "30"})
    refused(lambda: collect(ITEMS), words.replace(REPO, "the collection 'All of them' of owner"))
    server.heal()
    collect(ITEMS)
    (collection,) = server.collections.values()
    assert len(collection["items"]) == 2


# --- Ctrl-C --------------------------------------------------------------------------------------


def test_ctrl_c_leaves_nothing_half_made(
    server: WritableHub, files: Files, tmp_path: Path, cache: Path
) -> None:
    folder = tmp_path / "constant"
    (folder / "README.md").write_bytes(CARD)
    (folder / "pieces.model").write_bytes(b"large enough")
    second = File(b"large enough", lfs=True).sha256
    server.fail(f"/lfs/*{second}", kind="silent")
    run = "from zoo.cli import main; main()"
    command = [sys.executable, "-c", run, "push", str(folder), "--to", REPO]
    clean = {name: text for name, text in os.environ.items() if not name.startswith("HF_")}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=clean | server.environment(cache),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    process = start()
    for _ in range(6000):
        if server.requested(second) or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "Interrupted: 0 of 1 pushed; the same command goes on from there.\n"
    assert server.commits == []
    assert server.contents(REPO) == {}
    assert server.sent() == 2

    server.heal()
    process = start()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert server.contents(REPO) == bytes_of(files)
    assert server.sent() == 3  # the first large file was not sent again
    assert len(server.commits) == 1
