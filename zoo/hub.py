"""The only room that talks to the network: the Hugging Face Hub, through its own client.

Nothing but JSON, safetensors, SentencePiece models and text is ever fetched of a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import HubError

PREFIX = "hub:"
_REFERENCE = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
_SAFE_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "README.md"]


def parse(reference: str) -> tuple[str, str | None]:
    """Split "hub:owner/repo[@revision]" into repository and revision. Raises HubError."""
    match = _REFERENCE.fullmatch(reference.removeprefix(PREFIX))
    if match is None:
        raise HubError(f"{reference!r} is not of the form hub:owner/repo or hub:owner/repo@revision.")
    return match["repo"], match["revision"]


def download_model(reference: str) -> Path:
    """The local folder of a model repository: fetched once, then served from the cache.

    Without a network, what is in the cache is used. Raises HubError.
    """
    from huggingface_hub import snapshot_download

    repo, revision = parse(reference)
    with _sentences(repo, revision):
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=_SAFE_FILES))
    if not any(folder.glob("*.safetensors")):
        raise HubError(
            f"{repo} has no safetensors weights; other formats can run code and are not loaded."
        )
    return folder


def download_file(repo: str, name: str, *, repo_type: str) -> Path:
    """The local path of one file of a repository, fetched if it is not cached."""
    from huggingface_hub import hf_hub_download

    with _sentences(repo, None):
        return Path(hf_hub_download(repo, name, repo_type=repo_type))


def is_cached(repo: str, name: str, *, repo_type: str) -> bool:
    """Whether a file can be read without a network."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(repo, name, repo_type=repo_type), str)


@contextmanager
def _sentences(repo: str, revision: str | None) -> Iterator[None]:
    """Turn the client's errors into one sentence each."""
    from huggingface_hub import errors

    at = f" at revision {revision!r}" if revision else ""
    try:
        yield
    except errors.GatedRepoError as error:
        raise HubError(
            f"{repo} is gated: accept its terms on its page, then log in with `hf auth login`."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise HubError(
            f"The Hub has no repository {repo!r}, or it is private and you are not logged in."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{repo} has no revision {revision!r}.") from error
    except errors.LocalEntryNotFoundError as error:
        raise HubError(
            f"{repo}{at} is not in the cache, and the Hub cannot be reached; "
            "connect to the network once."
        ) from error
    except errors.HFValidationError as error:
        raise HubError(f"{repo!r} is no name of a repository: {error}") from error
    except (errors.HfHubHTTPError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise HubError(f"{repo}{at} could not be fetched: {reason}") from error
