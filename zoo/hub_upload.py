"""Sending files to the Hugging Face Hub, through its own client.

What is in a repository changes by one commit or not at all. Large files are sent before it, each
by its content: what has arrived is not sent again.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any

from zoo.errors import HubError
from zoo.hub import (
    bars_on_terminals_only,
    first_line,
    holds,
    is_model_file,
    sentences,
    without_secrets,
)
from zoo.weights import README

Files = Mapping[str, Path | bytes]

# What leaderboards take of a card's figures: https://huggingface.co/docs/hub/eval-results.
EVALUATIONS = ".eval_results/zoo.yaml"

_OF_GIT = ".gitattributes"  # every repository is born with it
_METADATA = re.compile(r"\A\s*---[ \t]*\r?\n(.*?\n)??---[ \t]*(\r?\n|\Z)", flags=re.DOTALL)
_CLIENT_LOG = "huggingface_hub.utils._http"  # where the client says that it tries again
_ON = "the same command goes on from there."


class Change(StrEnum):
    """What a push does to a file of a repository."""

    NEW = "new"
    CHANGED = "changed"
    KEPT = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a push would do to a repository.

    head: the commit that was looked at; None if there is no such repository yet.
    """

    repo: str
    url: str
    head: str | None
    changes: Mapping[str, Change]

    @property
    def is_needed(self) -> bool:
        return any(change is not Change.KEPT for change in self.changes.values())


def survey(repo: str, files: Files, *, private: bool = False, force: bool = False) -> Survey:
    """Look at what a push of these files would do; nothing is changed.

    files: what the repository shall hold of a model, by name, its card among it. Another file
        there that loading a model would fetch is to be removed, and so are the figures for
        leaderboards that an earlier push left there; the rest stays.
    private: whether nobody else may see the repository.
    force: whether a repository that holds something else may be written to.

    Raises HubError if it may not be pushed.
    """
    from huggingface_hub import constants, errors

    with _client(repo) as api:
        url = f"{api.endpoint}/{repo}"
        try:
            listing = api.model_info(
                repo, files_metadata=True, timeout=constants.HF_HUB_ETAG_TIMEOUT
            )
        except errors.GatedRepoError:
            raise
        except errors.RepositoryNotFoundError:
            return Survey(repo=repo, url=url, head=None, changes=dict.fromkeys(files, Change.NEW))
        there = {file.rfilename: file for file in listing.siblings or ()}
        there.pop(_OF_GIT, None)
        if private and not listing.private:
            raise HubError(_is_public(repo))
        may_write = force or not there
        if not may_write and not _is_of_the_same(api, repo, listing.sha, there, files[README]):
            raise HubError(_what_is_there(repo, there))
        changes = {name: _change(there.get(name), content) for name, content in files.items()}
        ours = (name for name in there if is_model_file(name) or name == EVALUATIONS)
        stale = [name for name in ours if name not in files]
        changes |= dict.fromkeys(stale, Change.REMOVED)
        return Survey(repo=repo, url=url, head=listing.sha, changes=changes)


def send(plan: Survey, files: Files, *, message: str, private: bool = False) -> str | None:
    """Do what a survey says; the address of the commit, None if there was nothing to do.

    Interrupted or failed before its last step, the commit, it leaves the repository as it was, or
    empty if it was made for this push; files that have arrived are not sent again the next time.
    Raises HubError.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    if not plan.is_needed:
        return None
    with _client(plan.repo) as api:
        if plan.head is None:
            # None leaves it to what the owner has set for new repositories.
            api.create_repo(plan.repo, private=True if private else None)
        added = [
            CommitOperationAdd(name, files[name])
            for name, change in plan.changes.items()
            if change in (Change.NEW, Change.CHANGED)
        ]
        removed = [
            CommitOperationDelete(name)
            for name, change in plan.changes.items()
            if change is Change.REMOVED
        ]
        for file in added:
            # One by one: several are sent by threads, and Ctrl-C would have to wait for them.
            api.preupload_lfs_files(plan.repo, [file], free_memory=False)
        commit = api.create_commit(
            plan.repo, [*added, *removed], commit_message=message, parent_commit=plan.head
        )
        return str(commit.commit_url)


def gather(
    owner: str,
    title: str,
    items: Sequence[tuple[str, str]],
    *,
    description: str,
    private: bool = False,
) -> str:
    """Make or complete an owner's collection of models; its address.

    items: repositories, each with a note; those in the collection already stay as they are.
    title: also what the collection is found by, if it is there already.
    private: whether nobody else may see the collection.

    Raises HubError.
    """
    about = f"the collection {title!r} of {owner}"
    with _client(about) as api:
        collection = api.create_collection(
            title, namespace=owner, description=description, private=private, exists_ok=True
        )
        if private and not collection.private:
            raise HubError(_is_public(about))
        held = {item.item_id for item in collection.items if item.item_type == "model"}
        for repo, note in items:
            if repo not in held:
                api.add_collection_item(collection.slug, repo, "model", note=note, exists_ok=True)
        return str(collection.url)


def title_of(card: str) -> str | None:
    """The first heading of a card, by which one knows whose it is."""
    # A line of metadata that begins with # is a comment, and no heading.
    heading = re.search(r"^# +(.+?)\s*$", _METADATA.sub("", card), flags=re.MULTILINE)
    return heading[1] if heading else None


def _change(there: Any, content: Path | bytes) -> Change:
    if there is None:
        return Change.NEW
    return Change.KEPT if holds(there, content) else Change.CHANGED


def _is_of_the_same(
    api: Any, repo: str, head: str, there: Mapping[str, Any], card: Path | bytes
) -> bool:
    """Whether the card in a repository is one of the same model."""
    if README not in there:
        return False
    if holds(there[README], card):
        return True
    theirs = Path(api.hf_hub_download(repo, README, revision=head)).read_bytes()
    ours = card if isinstance(card, bytes) else card.read_bytes()
    title = title_of(ours.decode())
    return title is not None and title == title_of(theirs.decode(errors="replace"))


def _is_public(what: str) -> str:
    return (
        f"{what} is there and everybody can read it: make it private in its settings, or leave out "
        "--private."
    )


def _what_is_there(repo: str, there: Mapping[str, Any]) -> str:
    names = sorted(there)
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"{repo} holds something else ({some}): name another repository, or replace it with "
        "--force; its history keeps what was there."
    )


@contextmanager
def _client(what: str) -> Iterator[Any]:
    """The Hub's client, logged in; whatever it raises becomes one sentence about `what`.

    Its log is kept free of tokens, and of the signed addresses that large files are sent to:
    whoever has one can write there.
    """
    from huggingface_hub import HfApi

    token = _token(what)

    def discreet(record: logging.LogRecord) -> bool:
        record.msg = without_secrets(re.sub(r"\?\S+", "", record.getMessage()), token)
        record.args = ()
        return True

    log = logging.getLogger(_CLIENT_LOG)
    log.addFilter(discreet)
    try:
        with bars_on_terminals_only(), sentences(lambda error: _sentence(error, what), token):
            yield HfApi(token=token, library_name="zoo")
    finally:
        log.removeFilter(discreet)


def _token(what: str) -> str:
    """The token of whoever is logged in. Raises HubError."""
    from huggingface_hub import get_token

    with sentences(lambda error: f"No token for the Hub can be had: {first_line(error)}."):
        token = get_token()
    if token is None:
        raise HubError(
            f"Nobody is logged in who could write to {what}: run `hf auth login` with a token "
            "that may write, or set HF_TOKEN."
        )
    if not re.fullmatch("[!-~]+", token):
        raise HubError(
            "The token for the Hub has characters that no token has: run `hf auth login` anew, or "
            "mend HF_TOKEN."
        )
    return str(token)


def _sentence(error: BaseException, what: str) -> str:
    from huggingface_hub import errors

    if type(error) is RuntimeError and error.__cause__ is not None:
        error = error.__cause__  # the client only says which file it was
    reason = first_line(error) or type(error).__name__
    match error:
        case errors.HfHubHTTPError():
            return _answered(error, what)
        case errors.OfflineModeIsEnabled():
            return f"HF_HUB_OFFLINE forbids to send anything: unset it to push {what}."
        case errors.HFValidationError():
            return f"{what!r} is no name of a repository: {reason}."
        case errors.HTTPError():
            return f"The Hub cannot be reached ({reason}): connect to the network; {_ON}"
        case json.JSONDecodeError():
            return f"Something else than the Hub answers for {what}, such as a login page; {_ON}"
        case ValueError():
            # As of a card's metadata, of which the lines after the first say what is wrong.
            told = " ".join(str(error).split())[:200].rstrip(".")
            return f"The Hub does not take what was sent to {what}: {told}."
        case OSError(errno=int(), strerror=str()):
            return f"{error.filename or what} cannot be read: {error.strerror}."
        case _:
            return f"{what} could not be sent ({reason}); {_ON}"


def _answered(error: Any, what: str) -> str:
    response = error.response
    told = f" ({first_line(error.server_message)[:150]})" if error.server_message else ""
    match response.status_code:
        case HTTPStatus.UNAUTHORIZED:
            return "The Hub refuses your login: renew it with `hf auth login`, or mend HF_TOKEN."
        case HTTPStatus.FORBIDDEN:
            return (
                f"You may not write to {what}{told}: take a token that may write, or name another "
                "owner."
            )
        case HTTPStatus.NOT_FOUND:
            return f"The Hub does not find {what}, or a part of it{told}: check its name."
        case HTTPStatus.CONFLICT:
            return f"{what} is there already, and you may not read it{told}: name another."
        case HTTPStatus.PRECONDITION_FAILED:
            return f"Somebody else changed {what} meanwhile: look at it, then push again."
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = response.headers.get("Retry-After", "")
            when = f"in {wait} seconds" if wait.isdigit() else "later"
            return f"The Hub has had too many requests of yours: push again {when}; {_ON}"
        case status:
            return f"The Hub answered {status} {response.reason_phrase}{told}: try again; {_ON}"
