"""A push to the Hub on the loopback, and how one is refused."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hub_uploads import TOKEN
from zoo.errors import HubError
from zoo.hub_upload import Survey, send, survey

REPO = "owner/constant"
CARD = b"---\nlibrary_name: zoo\n---\n\n# Constant\n\nAlways the same.\n"
AGAIN = "the same command goes on from there"
# What the Hub can answer, and what is made of it.
ANSWERS = [
    (401, "refuses your login: renew it with `hf auth login`"),
    (403, f"may not write to {REPO}"),
    (404, f"does not find {REPO}"),
    (429, f"push again in 30 seconds; {AGAIN}"),
    (500, f"answered 500 Internal Server Error: try again; {AGAIN}"),
]
Files = dict[str, Path | bytes]


def push(files: Files, *, private: bool = False, force: bool = False) -> Survey:
    plan = survey(REPO, files, private=private, force=force)
    send(plan, files, message="Push it", private=private)
    return plan


def refused(action: Callable[[], object], *words: str) -> None:
    """One sentence that says the words, and never the token or a signed address."""
    with pytest.raises(HubError) as caught:
        action()
    message = str(caught.value)
    for word in words:
        assert word in message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 400
    told = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in told
    assert "s1gned" not in told


def bytes_of(files: Files) -> dict[str, bytes]:
    return {
        name: content if isinstance(content, bytes) else content.read_bytes()
        for name, content in files.items()
    }
