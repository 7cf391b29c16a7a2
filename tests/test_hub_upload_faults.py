"""What becomes of a push when one of its steps fails, and who gets to see a token."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

from tests.hub_server import File
from tests.hub_uploads import TOKEN, WritableHub
from tests.pushes import AGAIN, ANSWERS, CARD, REPO, Files, bytes_of, push, refused
from zoo import weights
from zoo.errors import HubError
from zoo.hub_upload import send, survey

# --- faults --------------------------------------------------------------------------------------

# The steps of a push, by the requests in which each consists.
STEPS = {
    "look": "/api/models/owner/constant",
    "create": "/api/repos/create",
    "preupload": "*/preupload/*",
    "batch": "*/objects/batch",
    "upload": "/lfs/*",
    "check the card": "/api/validate-yaml",
    "commit": "*/commit/*",
}


@pytest.mark.parametrize(("status", "words"), ANSWERS)
@pytest.mark.parametrize("step", STEPS)
def test_a_refusal_at_any_step_leaves_nothing_half_made(
    server: WritableHub, files: Files, naps: list[float], step: str, status: int, words: str
) -> None:
    server.fail(STEPS[step], status, headers={"Retry-After": "30"})
    refused(lambda: push(files), words)
    assert server.commits == []
    server.heal()
    push(files)
    assert server.contents(REPO) == bytes_of(files)
    if step != "upload":
        assert server.sent() == 2  # what had arrived before the fault was not sent again


@pytest.mark.parametrize("step", STEPS)
def test_a_connection_that_drops(
    server: WritableHub, files: Files, naps: list[float], step: str
) -> None:
    server.fail(STEPS[step], kind="dropped")
    refused(lambda: push(files), "The Hub cannot be reached", "connect to the network", AGAIN)
    assert server.commits == []
    server.heal()
    push(files)
    assert server.contents(REPO) == bytes_of(files)


def test_a_fault_that_passes_is_sat_out(
    server: WritableHub, files: Files, naps: list[float]
) -> None:
    server.fail("/lfs/*", 500, times=1)
    server.fail("/lfs/*", kind="dropped", times=1)
    server.fail("/lfs/*", 429, headers={"Retry-After": "7"}, times=1)
    push(files)
    assert server.contents(REPO) == bytes_of(files)
    assert server.sent() == 5
    assert 8.0 in naps  # a second more than was asked for


def test_the_second_large_file_fails_and_the_first_is_not_sent_again(
    server: WritableHub, files: Files, naps: list[float]
) -> None:
    weights_oid = weights.file_sha256(Path(str(files["model.safetensors"])))
    second = File(b"large enough", lfs=True).sha256
    server.fail(f"/lfs/*{second}", 500)
    refused(lambda: push(files), "500", AGAIN)
    server.heal()
    push(files)
    assert len(server.requested(f"PUT /lfs/{REPO}/{weights_oid}")) == 1
    assert server.contents(REPO) == bytes_of(files)


def test_another_owners_name(server: WritableHub, files: Files) -> None:
    plan = survey("somebody/constant", files)
    refused(
        lambda: send(plan, files, message="Push it"),
        "You may not write to somebody/constant (You don't have the rights to create a model",
        "or name another owner",
    )


def test_a_repository_that_one_may_not_even_read(server: WritableHub, files: Files) -> None:
    push(files)
    server.fail("/api/models/*", 404, error_code="RepoNotFound", times=1)
    refused(lambda: push(files), f"{REPO} is there already, and you may not read it")


def test_a_gated_repository(server: WritableHub, files: Files) -> None:
    server.fail("/api/models/*", 403, error_code="GatedRepo")
    refused(lambda: push(files), f"You may not write to {REPO}")


def test_a_card_that_the_hub_does_not_take(server: WritableHub, files: Files) -> None:
    wrong = {"errors": [{"message": '"license" must be one of [mit]'}], "warnings": []}
    server.fail("/api/validate-yaml", 400, body=json.dumps(wrong).encode())
    refused(lambda: push(files), "Invalid metadata in README.md", '"license" must be one of [mit]')
    assert server.commits == []


def test_no_network(server: WritableHub, files: Files) -> None:
    server.close()
    refused(lambda: push(files), "The Hub cannot be reached", "connect to the network")


def test_offline_mode(server: WritableHub, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    refused(
        lambda: push(files), f"HF_HUB_OFFLINE forbids to send anything: unset it to push {REPO}"
    )
    assert not server.requests


def test_a_login_page_in_the_place_of_the_hub(server: WritableHub, files: Files) -> None:
    server.fail("/api/*", 200, body=b"<html>Log in")
    refused(lambda: push(files), "Something else than the Hub answers", "login page")


def test_a_hub_that_never_answers(
    server: WritableHub, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_ETAG_TIMEOUT", 0.1)
    server.fail("/api/*", kind="silent")
    refused(lambda: push(files), "The Hub cannot be reached (timed out)")


def test_a_file_that_cannot_be_read(server: WritableHub, files: Files, tmp_path: Path) -> None:
    plan = survey(REPO, files)
    (tmp_path / "constant" / "config.json").unlink()
    refused(lambda: send(plan, files, message="Push it"), "config.json")
    assert server.commits == []


@pytest.mark.parametrize("repo", ["a--b/c", "a/..", "-a/b", "a/b.git"])
def test_names_that_the_hub_does_not_allow(server: WritableHub, files: Files, repo: str) -> None:
    refused(lambda: survey(repo, files), f"{repo!r} is no name of a repository")
    assert not server.requests


# --- tokens --------------------------------------------------------------------------------------


def test_without_a_token(
    server: WritableHub, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    refused(lambda: push(files), "Nobody is logged in", "`hf auth login`", "HF_TOKEN")
    assert not server.requests


def test_a_token_that_is_not_valid(
    server: WritableHub, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    refused(lambda: push(files), "refuses your login: renew it with `hf auth login`")


@pytest.mark.parametrize("token", ["hf_wr\x0cong", "hf_wröng", "hf_wr ong"])
def test_a_token_that_can_be_none(
    server: WritableHub, files: Files, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubError, match="has characters that no token has") as caught:
        push(files)
    assert "hf_" not in str(caught.value)
    assert not server.requests


@pytest.mark.parametrize("step", STEPS)
def test_a_token_is_told_to_nobody(
    server: WritableHub,
    files: Files,
    naps: list[float],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    step: str,
) -> None:
    """Not even if the server says it, nor the signed address that a large file is sent to."""
    body = json.dumps({"error": f"{TOKEN} is not what I want"}).encode()
    server.fail(STEPS[step], 403, body=body)
    refused(lambda: push(files), "(… is not what I want)")
    server.heal()
    server.fail(STEPS[step], 500, body=body, times=1)
    server.fail(STEPS[step], kind="dropped", times=1)
    for _ in range(3):
        with suppress(HubError):
            push(files | {"README.md": CARD + b"More."})
    said = "".join((caplog.text, *capfd.readouterr()))
    if step == "upload":
        assert "thrown while requesting PUT" in said
    assert TOKEN not in said
    assert "s1gned" not in said
