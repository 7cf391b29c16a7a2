from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import zoo
from tests import tiny_checkpoints
from tests.hub_server import HubServer
from zoo import hub
from zoo.errors import HubError
from zoo.predictions import Classification

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {
        name: tiny_checkpoints.write(root / name, name) for name in tiny_checkpoints.ARCHITECTURES
    }


@pytest.fixture
def folder(checkpoints: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the ViT checkpoint that a test may change."""
    return Path(shutil.copytree(checkpoints["vit"], tmp_path / "repo"))


@pytest.fixture
def server(
    cache: Path, monkeypatch: pytest.MonkeyPatch, checkpoints: dict[str, Path]
) -> Iterator[HubServer]:
    """A Hub with owner/tiny-vit, and the client in this process set to it."""
    with HubServer() as server:
        server.add("owner/tiny-vit", checkpoints["vit"])
        server.use(monkeypatch, cache)
        yield server


def refused(reference: str, *words: str) -> None:
    """The reference is met with one HubError of one sentence that says the words."""
    with pytest.raises(HubError) as caught:
        zoo.load(reference)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message
    assert len(message) < 300


def same(left: Any, right: Any) -> bool:
    """To float rounding: where the weights lie in a file decides how they lie in memory."""
    return left.labels == right.labels and left.probabilities == pytest.approx(
        right.probabilities, abs=1e-6
    )


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# --- loading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", tiny_checkpoints.ARCHITECTURES)
def test_a_hub_model_answers_what_transformers_answers(
    server: HubServer, checkpoints: dict[str, Path], architecture: str
) -> None:
    folder = checkpoints[architecture]
    server.add(f"owner/tiny-{architecture}", folder)
    network = transformers.AutoModelForImageClassification.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.no_grad():
        logits = network(**processor(images=IMAGE, return_tensors="pt")).logits

    answer = zoo.load(f"hub:owner/tiny-{architecture}", device="cpu").predict(IMAGE)

    assert isinstance(answer, Classification)
    assert answer.labels == tiny_checkpoints.LABELS
    assert answer.probabilities == pytest.approx(logits.softmax(-1)[0].tolist(), abs=1e-6)


def test_a_revision_is_another_model(server: HubServer, tmp_path: Path) -> None:
    other = tiny_checkpoints.write(tmp_path / "other", "vit", seed=1)
    commit = server.add("owner/tiny-vit", other, revision="refs/pr/1")
    main = zoo.load("hub:owner/tiny-vit").predict(IMAGE)
    expected = zoo.load(other).predict(IMAGE)
    assert same(zoo.load("hub:owner/tiny-vit@main").predict(IMAGE), main)
    assert same(zoo.load("hub:owner/tiny-vit@refs/pr/1").predict(IMAGE), expected)
    assert same(zoo.load(f"hub:owner/tiny-vit@{commit}").predict(IMAGE), expected)
    assert not same(main, expected)


def test_the_second_load_fetches_no_file(server: HubServer) -> None:
    first = hub.download_model("hub:owner/tiny-vit")
    assert len(server.requested("GET /owner/tiny-vit/resolve")) == 3
    server.requests.clear()
    assert hub.download_model("hub:owner/tiny-vit") == first
    assert not server.requested("/resolve/")


def test_a_new_commit_is_fetched(server: HubServer, tmp_path: Path) -> None:
    before = zoo.load("hub:owner/tiny-vit").predict(IMAGE)
    other = tiny_checkpoints.write(tmp_path / "other", "vit", seed=1)
    server.add("owner/tiny-vit", other)
    after = zoo.load("hub:owner/tiny-vit").predict(IMAGE)
    assert same(after, zoo.load(other).predict(IMAGE))
    assert not same(after, before)


def test_only_what_is_needed_is_fetched(server: HubServer, folder: Path) -> None:
    (folder / "README.md").write_text("the card")
    for name in (
        "modeling_trap.py",
        "pytorch_model.bin",
        "tf_model.h5",
        "weights.pkl",
        "model.safetensors.py",
        "notes.txt",
        "checkpoint-10/model.safetensors",
        "checkpoint-10/config.json",
        "onnx/model.onnx",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"never to be fetched")
    server.add("owner/crowded", folder)
    local = hub.download_model("hub:owner/crowded")
    needed = ["README.md", "config.json", "model.safetensors", "preprocessor_config.json"]
    assert files_in(local) == needed
    asked = {request.rpartition("/resolve/")[2] for request in server.requested("/resolve/")}
    assert sorted(name.partition("/")[2] for name in asked) == needed


def test_the_files_of_a_tokenizer_are_fetched(server: HubServer, folder: Path) -> None:
    tokenizers = ["vocab.json", "merges.txt", "normalizer.json", "added_tokens.json"]
    tokenizers += ["tokenizer.json", "spiece.model", "source.spm", "vocab.txt"]
    for name in (*tokenizers, "vocab.bin", "tokenizer.py", "requirements.txt", "vocab.pkl"):
        (folder / name).write_text("{}")
    server.add("owner/tokenizer", folder)
    needed = ["config.json", "model.safetensors", "preprocessor_config.json", *tokenizers]
    assert files_in(hub.download_model("hub:owner/tokenizer")) == sorted(needed)


@pytest.mark.parametrize("architecture", tiny_checkpoints.SPEECH_ARCHITECTURES)
def test_a_recogniser_of_speech_from_the_hub(
    server: HubServer, tmp_path: Path, architecture: str
) -> None:
    folder = tiny_checkpoints.write(tmp_path / architecture, architecture)
    server.add("owner/speech", folder)
    noise = np.random.default_rng(0).normal(0, 0.1, 20_000).astype(np.float32)
    answer = zoo.load("hub:owner/speech", device="cpu").predict((noise, 16_000))
    assert answer == zoo.load(folder, device="cpu").predict((noise, 16_000))


def test_weights_in_several_files(server: HubServer, checkpoints: dict[str, Path]) -> None:
    folder = checkpoints["vit"].with_name("sharded")
    network = transformers.AutoModelForImageClassification.from_pretrained(checkpoints["vit"])
    network.save_pretrained(folder, max_shard_size="4KB")
    shutil.copy(checkpoints["vit"] / "preprocessor_config.json", folder)
    assert len(list(folder.glob("model-*-of-*.safetensors"))) > 1
    server.add("owner/sharded", folder)
    whole = zoo.load("hub:owner/tiny-vit").predict(IMAGE)
    assert same(zoo.load("hub:owner/sharded").predict(IMAGE), whole)


# --- without the Hub -----------------------------------------------------------------------------


def test_what_is_cached_serves_when_the_hub_is_gone(server: HubServer) -> None:
    before = zoo.load("hub:owner/tiny-vit").predict(IMAGE)
    server.close()
    assert same(zoo.load("hub:owner/tiny-vit").predict(IMAGE), before)
    assert same(zoo.load("hub:owner/tiny-vit@main").predict(IMAGE), before)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_is_cached_serves_when_the_hub_fails(server: HubServer, status: int) -> None:
    before = hub.download_model("hub:owner/tiny-vit")
    server.fail("/api/*", status)
    assert hub.download_model("hub:owner/tiny-vit") == before


def test_what_is_cached_serves_behind_a_login_page(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hub.download_model("hub:owner/tiny-vit")
    server.fail("/api/*", 200)  # an answer, but of something else
    assert hub.download_model("hub:owner/tiny-vit") == before


def test_not_cached_and_no_hub(server: HubServer) -> None:
    server.close()
    refused("hub:owner/tiny-vit", "owner/tiny-vit", "in the cache", "cannot be reached")
    refused("hub:owner/tiny-vit@v2", "at revision 'v2'", "cannot be reached")


def test_a_part_in_the_cache_is_not_taken_for_the_whole(server: HubServer, cache: Path) -> None:
    folder = hub.download_model("hub:owner/tiny-vit")
    (folder / "preprocessor_config.json").unlink()
    server.close()
    refused("hub:owner/tiny-vit", "not wholly, in the cache", "cannot be reached")


def test_a_token_is_not_told(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The HTTP library quotes a header that it refuses."""
    monkeypatch.setenv("HF_TOKEN", "hf_0wn\x0cof m1ne")
    with pytest.raises(HubError) as caught:
        hub.download_model("hub:owner/tiny-vit")
    told = "".join(traceback.format_exception(caught.value))
    assert "Illegal header value b'Bearer …'" in told
    assert "0wn" not in told
    assert "m1ne" not in told


def test_offline_mode(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    before = hub.download_model("hub:owner/tiny-vit")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    server.requests.clear()
    assert hub.download_model("hub:owner/tiny-vit") == before
    refused("hub:owner/absent", "HF_HUB_OFFLINE forbids")
    assert not server.requests


def test_the_environment_decides_which_hub(
    server: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own: the client reads its environment when it is imported."""
    code = "import sys; from zoo import hub; print(hub.download_model(sys.argv[1]))"

    def download(**environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: text for name, text in os.environ.items() if not name.startswith("HF_")}
        return subprocess.run(
            [sys.executable, "-c", code, "hub:owner/tiny-vit"],
            env=clean | {"HF_ENDPOINT": server.url, "HF_HOME": str(cache)} | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    folder = Path(download().stdout.strip())
    assert folder.is_relative_to(cache)
    assert (folder / "model.safetensors").is_file()
    server.close()
    assert Path(download(HF_HUB_OFFLINE="1").stdout.strip()) == folder


# --- refusals ------------------------------------------------------------------------------------


def test_unknown_repository(server: HubServer) -> None:
    refused("hub:owner/absent", "no repository 'owner/absent'", "private")


def test_unknown_revision_even_if_another_is_cached(server: HubServer) -> None:
    hub.download_model("hub:owner/tiny-vit")
    refused("hub:owner/tiny-vit@v9", "owner/tiny-vit has no revision 'v9'")


@pytest.mark.parametrize(
    ("status", "error_code", "words"),
    [
        (403, "GatedRepo", "is gated: accept its terms"),
        (401, "RepoNotFound", "private"),
        (401, None, "refuses your login"),
        (403, None, "forbids you to read owner/tiny-vit"),
        (404, "RepoNotFound", "has no repository"),
        (404, None, "the Hub answered 404 Not Found"),
        (429, None, "the Hub answered 429 Too Many Requests; try again later"),
        (500, None, "the Hub answered 500 Internal Server Error; try again later"),
        (503, None, "the Hub answered 503 Service Unavailable; try again later"),
        (200, None, "could not be fetched"),
    ],
)
def test_what_the_hub_refuses(
    server: HubServer, status: int, error_code: str | None, words: str
) -> None:
    server.fail("/api/models/owner/tiny-vit*", status, error_code=error_code)
    refused("hub:owner/tiny-vit", words)


def test_a_gated_file_of_an_open_listing(server: HubServer) -> None:
    server.fail("/owner/tiny-vit/resolve/*", 403, error_code="GatedRepo")
    refused("hub:owner/tiny-vit", "is gated")


def test_a_file_that_vanished(server: HubServer) -> None:
    server.fail("*/config.json", 404, error_code="EntryNotFound")
    refused("hub:owner/tiny-vit", "lacks a file that is needed", "config.json")


def test_a_connection_that_drops(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between the client's attempts
    server.fail("/api/*", kind="dropped")
    refused("hub:owner/tiny-vit", "in the cache", "cannot be reached")
    server.heal()
    server.fail("*/model.safetensors", kind="dropped")
    refused("hub:owner/tiny-vit", "cannot be reached")


def test_a_hub_that_never_answers(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_ETAG_TIMEOUT", 0.1)
    server.fail("/api/*", kind="silent")
    refused("hub:owner/tiny-vit", "in the cache", "timed out")


def test_a_truncated_download_leaves_nothing_and_heals(server: HubServer) -> None:
    server.fail("*/model.safetensors", kind="truncated")
    refused("hub:owner/tiny-vit", "could not be fetched", "should be of size")
    server.heal()
    assert zoo.load("hub:owner/tiny-vit").predict(IMAGE)


def test_a_download_with_another_checksum_is_not_kept(server: HubServer, cache: Path) -> None:
    server.fail("*/model.safetensors", kind="corrupt")
    refused("hub:owner/tiny-vit", "model.safetensors", "damaged on its way", "checksum")
    assert not [name for name in files_in(cache) if name.endswith("model.safetensors")]
    server.heal()
    assert zoo.load("hub:owner/tiny-vit").predict(IMAGE)


def test_a_damaged_file_that_is_small_is_not_kept_either(server: HubServer, cache: Path) -> None:
    server.fail("*/config.json", kind="corrupt")
    refused("hub:owner/tiny-vit", "config.json", "damaged on its way", "checksum")
    assert not [name for name in files_in(cache) if name.endswith("/config.json")]


def test_a_card_without_weights_is_called_so(server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "README.md").write_text("# A model")
    (tmp_path / "card" / ".eval_results").mkdir()
    (tmp_path / "card" / ".eval_results" / "zoo.yaml").write_text("[]")
    server.add("owner/card", tmp_path / "card")
    refused("hub:owner/card", "has a card and no weights; the card says how to load")


def test_a_full_disk(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("huggingface_hub.file_download.http_get", fail)
    refused("hub:owner/tiny-vit", "could not be stored: No space left on device")


def test_a_cache_that_cannot_be_written(server: HubServer, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    refused("hub:owner/tiny-vit", "could not be stored")


def test_pickle_only_is_refused_before_anything_is_fetched(
    server: HubServer, folder: Path, cache: Path
) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    server.add("owner/pickled", folder)
    refused("hub:owner/pickled", "no safetensors weights; other formats can run code")
    assert not server.requested("/resolve/")
    assert not server.requested(".bin")
    assert not cache.exists()


@pytest.mark.parametrize(
    "reference",
    [
        *("hub:", "hub:a", "hub:/b", "hub:a/", "hub:a/b/c", "hub:a b", "hub:https://hf.co/a/b"),
        *("hub:a/b@", "hub:a/b@x y", "hub:a/b@x@y", "hub:a/b@../../x"),
    ],
)
def test_malformed_references(server: HubServer, reference: str) -> None:
    refused(reference, "is not of the form hub:owner/repo or hub:owner/repo@revision")
    assert not server.requests


@pytest.mark.parametrize("repo", ["a--b/c", "a/..", "-a/b", "a/b.git", "ä/b"])
def test_names_that_the_hub_does_not_allow(server: HubServer, repo: str) -> None:
    refused(f"hub:{repo}", "is no name of a repository")
    assert not server.requests
