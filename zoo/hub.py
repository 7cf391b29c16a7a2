"""The Hugging Face Hub, through its own client.

Of a model, nothing but JSON, safetensors, the files of a tokenizer and its card is ever fetched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import Any

from zoo.errors import HubError

PREFIX = "hub:"
# Git allows no ".." in the name of a revision; in the cache it would lead out of its folder.
_REFERENCE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>(?!.*\.\.)[\w./-]+))?")
_WEIGHTS = ["model.safetensors", "model-*-of-*.safetensors"]
# How text is cut into tokens: "*.json" is not all.
_TOKENIZER = ["*.model", "*.spm", "merges.txt", "vocab.txt"]
_FILES: dict[str, Any] = {
    "allow_patterns": [*_WEIGHTS, "*.json", *_TOKENIZER, "README.md"],
    # In subfolders lie a training's checkpoints and exports for other programs.
    "ignore_patterns": ["*/*"],
}


def parse(reference: str) -> tuple[str, str | None]:
    """Split "hub:owner/repo[@revision]" into repository and revision. Raises HubError."""
    match = _REFERENCE.fullmatch(reference.removeprefix(PREFIX))
    if match is None:
        raise HubError(
            f"{reference!r} is not of the form hub:owner/repo or hub:owner/repo@revision."
        )
    return match["repo"], match["revision"]


def download_model(reference: str) -> Path:
    """The local folder of a model repository: each file is fetched once, then kept in the cache.

    If the Hub cannot be asked, what is wholly in the cache is used. A repository without
    safetensors is refused before anything of it is fetched, and a file whose SHA-256 is not the
    one that the Hub states is not kept. Raises HubError.
    """
    from huggingface_hub import HfApi, constants, errors, snapshot_download, try_to_load_from_cache

    repo, revision = parse(reference)
    with _sentences(repo, revision):
        try:
            # The client itself would ask without any time limit.
            listing = HfApi().model_info(
                repo,
                revision=revision,
                files_metadata=True,
                timeout=constants.HF_HUB_ETAG_TIMEOUT,
            )
        except errors.RevisionNotFoundError:
            raise
        except Exception:  # no network, a login page in its place, the Hub's own failures, …
            cached = _cached_model(repo, revision)
            if cached is None:
                raise
            return cached
        files = {file.rfilename: file.lfs for file in listing.siblings or ()}
        if not _has_weights(files):
            raise HubError(
                f"{repo} has no safetensors weights; other formats can run code and are not loaded."
            )
        expected = {
            name: lfs.sha256
            for name, lfs in files.items()
            if lfs is not None
            and not re.search(r"[/\\]", name)
            and not isinstance(try_to_load_from_cache(repo, name, revision=listing.sha), str)
        }
        folder = Path(snapshot_download(repo, revision=revision, **_FILES))
        for name, sha256 in expected.items():
            if (folder / name).is_file():
                _verify(folder / name, sha256, repo)
    return folder


def download_file(repo: str, name: str, *, repo_type: str) -> Path:
    """The local path of one file of a repository, fetched if it is not cached. Raises HubError."""
    from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(repo, name, repo_type=repo_type)
    if isinstance(cached, str):
        return Path(cached)
    with _sentences(repo, None):
        # Without a network the download itself would try again for more than a minute.
        HfApi().repo_info(repo, repo_type=repo_type, timeout=constants.HF_HUB_ETAG_TIMEOUT)
        return Path(hf_hub_download(repo, name, repo_type=repo_type))


def is_cached(repo: str, name: str, *, repo_type: str) -> bool:
    """Whether a file can be read without a network."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(repo, name, repo_type=repo_type), str)


def _cached_model(repo: str, revision: str | None) -> Path | None:
    from huggingface_hub import errors, snapshot_download

    try:
        folder = Path(snapshot_download(repo, revision=revision, local_files_only=True, **_FILES))
    except errors.LocalEntryNotFoundError:  # nothing of it, or not all
        return None
    return folder if _has_weights(path.name for path in folder.iterdir()) else None


def _has_weights(names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in _WEIGHTS)


def _verify(path: Path, sha256: str, repo: str) -> None:
    # The client compares sizes only.
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        path.resolve().unlink()  # the cache keeps contents apart and links to them
        path.unlink(missing_ok=True)
        raise HubError(
            f"{path.name} of {repo} was damaged on its way: its SHA-256 is not the one that the "
            "Hub states; try again."
        )


@contextmanager
def _sentences(repo: str, revision: str | None) -> Iterator[None]:
    """Turn whatever the client raises into one sentence."""
    try:
        yield
    except HubError:
        raise
    except Exception as error:  # the client, its HTTP library and its transfer library: no base
        raise HubError(_sentence(error, repo, revision)) from error


def _sentence(error: BaseException, repo: str, revision: str | None) -> str:
    from huggingface_hub import errors

    at = f" at revision {revision!r}" if revision else ""
    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ is not None:
        error = error.__cause__  # why the Hub could not be asked tells more
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0].rstrip(".:") if lines else type(error).__name__
    absent = f"{repo}{at} is not, or not wholly, in the cache, and"
    match error:
        case errors.GatedRepoError():
            return (
                f"{repo} is gated: accept its terms on its page, then log in with `hf auth login`."
            )
        case errors.RepositoryNotFoundError():
            return f"The Hub has no repository {repo!r}, or it is private and you may not read it."
        case errors.RevisionNotFoundError():
            return f"{repo} has no revision {revision!r}."
        case errors.RemoteEntryNotFoundError():
            return f"{repo}{at} lacks a file that is needed: {error.response.url.path}"
        case errors.HFValidationError():
            return f"{repo!r} is no name of a repository: {reason}."
        case errors.OfflineModeIsEnabled():
            return f"{absent} HF_HUB_OFFLINE forbids to fetch it."
        case errors.HfHubHTTPError():
            status = error.response.status_code
            if status == HTTPStatus.UNAUTHORIZED:
                return f"The Hub refuses your login for {repo}: renew it with `hf auth login`."
            if status == HTTPStatus.FORBIDDEN:
                return f"The Hub forbids you to read {repo}{at}."
            return (
                f"{repo}{at} could not be fetched: the Hub answered {status} "
                f"{error.response.reason_phrase}; try again later."
            )
        case errors.LocalEntryNotFoundError() | errors.HTTPError():
            return f"{absent} the Hub cannot be reached ({reason}); connect to the network once."
        case OSError(errno=int(), strerror=str()):
            return f"{repo}{at} could not be stored: {error.strerror}: {error.filename or 'cache'}."
        case _:
            return f"{repo}{at} could not be fetched: {reason}."
