"""The Hugging Face Hub, through its own client.

Of a model, nothing but JSON, safetensors, the files of a tokenizer and its card is ever fetched.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
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
# Where a token stands, or what looks like one: the HTTP library quotes a header that it refuses.
# And what signs an address: whoever has it can read or write there.
_SECRET = re.compile(
    r"(?<=[Bb]earer )[^'\"\n]+|\b(hf|api_org)_[\w.-]{30,}|(?<=[Ss]ignature=)[^&'\"\s]+"
)


def parse(reference: str) -> tuple[str, str | None]:
    """Split "hub:owner/repo[@revision]" into repository and revision. Raises HubError."""
    match = _REFERENCE.fullmatch(reference.removeprefix(PREFIX))
    if match is None:
        raise HubError(
            f"{reference!r} is not of the form hub:owner/repo or hub:owner/repo@revision."
        )
    return match["repo"], match["revision"]


def is_model_file(name: str) -> bool:
    """Whether a file of a repository is one that loading a model would fetch."""
    allowed: list[str] = _FILES["allow_patterns"]
    return not re.search(r"[/\\]", name) and any(fnmatchcase(name, pattern) for pattern in allowed)


def download_model(reference: str, *, strict: bool = False) -> Path:
    """The local folder of a model repository: each file is fetched once, then kept in the cache.

    A repository without safetensors is refused before anything of it is fetched, and a file whose
    content is not the one that the Hub states is not kept.

    strict: also verify what was in the cache already. Otherwise, if the Hub cannot be asked, what
        is wholly in the cache is used.

    Raises HubError.
    """
    from huggingface_hub import HfApi, constants, errors, snapshot_download, try_to_load_from_cache

    repo, revision = parse(reference)
    with sentences(lambda error: _sentence(error, repo, revision, cached=not strict)):
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
            cached = None if strict else _cached_model(repo, revision)
            if cached is None:
                raise
            return cached
        files = {file.rfilename: file for file in listing.siblings or ()}
        if not _has_weights(files):
            raise HubError(_why_no_weights(repo, files))
        expected = {
            name: file
            for name, file in files.items()
            if is_model_file(name)
            and (
                strict
                or not isinstance(try_to_load_from_cache(repo, name, revision=listing.sha), str)
            )
        }
        with bars_on_terminals_only():
            folder = Path(snapshot_download(repo, revision=revision, **_FILES))
        for name, file in expected.items():
            _verify(folder / name, file, repo)
    return folder


def download_file(repo: str, name: str, *, repo_type: str) -> Path:
    """The local path of one file of a repository, fetched if it is not cached. Raises HubError."""
    from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(repo, name, repo_type=repo_type)
    if isinstance(cached, str):
        return Path(cached)
    with sentences(lambda error: _sentence(error, repo, None)):
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


def _why_no_weights(repo: str, names: Iterable[str]) -> str:
    # Beside a card there are git's settings, and perhaps the figures for leaderboards.
    if {"README.md"} == {name for name in names if not name.startswith(".")}:
        return f"{repo} has a card and no weights; the card says how to load the model."
    return f"{repo} has no safetensors weights; other formats can run code and are not loaded."


def holds(file: Any, content: Path | bytes) -> bool:
    """Whether a file of a listing (`RepoSibling`, with metadata) has this very content."""
    if file.lfs is not None:
        return bool(file.lfs.sha256 == _digest(content, "sha256"))
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    # The name that git gives to a content: the SHA-1 of a header and the content.
    return bool(file.blob_id == _digest(content, "sha1", f"blob {size}\0".encode()))


def _digest(content: Path | bytes, method: str, header: bytes = b"") -> str:
    digest = hashlib.new(method, header, usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(content)
    else:
        with content.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _verify(path: Path, file: Any, repo: str) -> None:
    # The client compares sizes only.
    if not holds(file, path):
        path.resolve().unlink()  # the cache keeps contents apart and links to them
        path.unlink(missing_ok=True)
        raise HubError(
            f"{path.name} of {repo} was damaged on its way: its content has not the checksum "
            "that the Hub states; try again."
        )


@contextmanager
def sentences(tell: Callable[[BaseException], str], token: str | None = None) -> Iterator[None]:
    """Turn whatever the client raises into a HubError of one sentence, without any secret."""
    try:
        yield
    except HubError:
        raise
    except Exception as error:  # the client, its HTTP library and its transfer library: no base
        told = HubError(without_secrets(tell(error), token))
        raise told from (error if _is_harmless(error, token) else None)


def _is_harmless(error: BaseException | None, token: str | None) -> bool:
    """Whether neither an error nor any that led to it tells a token or a signed address."""
    while error is not None:
        if without_secrets(str(error), token) != str(error):
            return False
        error = error.__cause__ or error.__context__
    return True


@contextmanager
def bars_on_terminals_only() -> Iterator[None]:
    """Keep the client from drawing its bars into files and pipes, too."""
    from huggingface_hub import utils

    as_they_are = sys.stderr.isatty() or utils.are_progress_bars_disabled()
    if not as_they_are:
        utils.disable_progress_bars()
    try:
        yield
    finally:
        if not as_they_are:
            utils.enable_progress_bars()


def without_secrets(text: str, token: str | None = None) -> str:
    """The text without the token, whatever may be another, and what signs an address."""
    return _SECRET.sub("…", text.replace(token, "…") if token else text)


def first_line(message: object) -> str:
    """Of what a client or a server has to say, without a full stop; "" if that is nothing."""
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else ""


def _sentence(error: BaseException, repo: str, revision: str | None, *, cached: bool = True) -> str:
    """What an error means; cached: whether what is in the cache would have done."""
    from huggingface_hub import errors

    at = f" at revision {revision!r}" if revision else ""
    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ is not None:
        error = error.__cause__  # why the Hub could not be asked tells more
    reason = first_line(error) or type(error).__name__
    absent = f"{repo}{at} is not, or not wholly, in the cache, and"
    if not cached:
        absent = f"{repo}{at} cannot be fetched:"
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
