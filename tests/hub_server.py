"""A Hugging Face Hub on the loopback: what the real client needs of it, and faults on demand."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import unquote, urlsplit

import pytest

LFS = (".safetensors", ".bin", ".model", ".parquet")
_API = re.compile(
    r"/api/(?P<kind>model|dataset)s/(?P<repo>[^/]+/[^/]+)"
    r"(/revision/(?P<revision>[^/]+)|/tree/(?P<tree>[^/]+))?"
)
_RESOLVE = re.compile(
    r"/((?P<kind>dataset)s/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<name>.+)"
)


@dataclass(frozen=True)
class File:
    content: bytes
    lfs: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def blob_id(self) -> str:
        """The name that git gives the content."""
        header = f"blob {len(self.content)}\0".encode()
        return hashlib.sha1(header + self.content, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.blob_id


@dataclass(frozen=True)
class Commit:
    files: dict[str, File]

    @property
    def sha(self) -> str:
        listing = "\n".join(f"{name} {file.etag}" for name, file in sorted(self.files.items()))
        return hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the requests whose path matches `pattern`.

    kind: "status", or what happens to the body of a file: "corrupt" (right size, wrong bytes),
        "truncated" (the second half is missing and not announced), "dropped" (the connection
        ends before any answer), "silent" (no answer until the server is closed).
    times: how often; None means always.
    method: the only method that it strikes.
    headers, body: sent with a status.
    """

    pattern: str
    kind: str
    status: int = 500
    error_code: str | None = None
    times: int | None = None
    method: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


class HubServer:
    """Serves folders as repositories as long as it is entered.

    requests: "METHOD path" of every request so far, in order.
    """

    handler: ClassVar[type[Handler]]

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._repos: dict[tuple[str, str], dict[str, Commit]] = {}
        self._faults: list[Fault] = []
        self._closing = threading.Event()
        self._http = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (self.handler,), {"hub": self})
        )
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Be gone: later requests are refused by the system."""
        if not self._closing.is_set():
            self._closing.set()
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()

    def add(
        self, repo: str, folder: Path, *, revision: str = "main", repo_type: str = "model"
    ) -> str:
        """Publish what a folder holds now as a revision; returns the commit's hash."""
        files = {
            path.relative_to(folder).as_posix(): File(path.read_bytes(), path.suffix in LFS)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        return self.publish(repo, Commit(files), revision=revision, repo_type=repo_type)

    def publish(
        self, repo: str, commit: Commit, *, revision: str = "main", repo_type: str = "model"
    ) -> str:
        """Let a revision be a commit; returns its hash."""
        revisions = self._repos.setdefault((repo_type, repo), {})
        revisions[revision] = revisions[commit.sha] = commit
        return commit.sha

    def fail(self, pattern: str, status: int = 500, *, kind: str = "status", **more: Any) -> None:
        """Spoil the requests whose path matches a shell pattern; see `Fault`."""
        self._faults.append(Fault(pattern, kind, status, **more))

    def heal(self) -> None:
        """Forget all faults."""
        self._faults.clear()

    def requested(self, word: str) -> list[str]:
        """The requests in which a word occurs."""
        return [request for request in self.requests if word in request]

    def use(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        """Let the client in this process talk to this server and to an empty cache."""
        from huggingface_hub import constants

        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setattr(constants, "ENDPOINT", self.url)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            self.url + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "no-token"))
        monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(cache / "no-agents.json"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    # --- answering ---

    def fault_at(self, method: str, path: str) -> Fault | None:
        for position, fault in enumerate(self._faults):
            if fnmatchcase(path, fault.pattern) and fault.method in (None, method):
                if fault.times == 1:
                    del self._faults[position]
                elif fault.times is not None:
                    self._faults[position] = replace(fault, times=fault.times - 1)
                return fault
        return None

    def wait_until_closed(self) -> None:
        self._closing.wait(10)

    def revisions_of(self, kind: str | None, repo: str) -> dict[str, Commit] | None:
        return self._repos.get((kind or "model", repo))


class Handler(BaseHTTPRequestHandler):
    """Answers one request.

    HTTP/1.0: no connection outlives its answer, so a closed server is silent at once.
    """

    hub: ClassVar[HubServer]
    body = b""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append(f"{self.command} {path}")
        fault = self.hub.fault_at(self.command, path)
        length = int(self.headers.get("Content-Length", 0))
        if fault is not None and fault.kind == "dropped":
            self.rfile.read(length // 2)
            return
        self.body = self.rfile.read(length)
        if fault is not None and fault.kind == "silent":
            self.hub.wait_until_closed()
            return
        if fault is not None and fault.kind == "status":
            code = {"X-Error-Code": fault.error_code} if fault.error_code else {}
            self._send(fault.status, fault.body, code | fault.headers)
        else:
            self._serve(path, fault)

    def _serve(self, path: str, fault: Fault | None) -> None:
        """Answer what no fault has struck, or one that strikes a file's content."""
        if match := _API.fullmatch(path):
            self._describe(match)
        elif match := _RESOLVE.fullmatch(path):
            self._send_file(match, fault)
        else:
            self._refuse(404, None)

    def _commit(self, kind: str | None, repo: str, revision: str) -> Commit | None:
        revisions = self.hub.revisions_of(kind, repo)
        if revisions is None:
            self._refuse(401, "RepoNotFound")  # a stranger cannot tell private from absent
            return None
        if revision not in revisions:
            self._refuse(404, "RevisionNotFound")
            return None
        return revisions[revision]

    def _describe(self, match: re.Match[str]) -> None:
        revision = unquote(match["revision"] or match["tree"] or "main")
        commit = self._commit(match["kind"], match["repo"], revision)
        if commit is None:
            return
        if match["tree"]:
            self._send_json([_tree_entry(*item) for item in commit.files.items()])
        else:
            siblings = [_sibling(*item) for item in commit.files.items()]
            self._send_json(
                {"id": match["repo"], "sha": commit.sha, "siblings": siblings}
                | self._more_about(match["repo"])
            )

    def _more_about(self, repo: str) -> dict[str, Any]:
        return {}

    def _send_file(self, match: re.Match[str], fault: Fault | None) -> None:
        commit = self._commit(match["kind"], match["repo"], unquote(match["revision"]))
        if commit is None:
            return
        file = commit.files.get(unquote(match["name"]))
        if file is None:
            self._refuse(404, "EntryNotFound")
            return
        content = file.content
        if fault is not None and fault.kind == "corrupt":
            content = bytes(255 - byte for byte in content)
        if fault is not None and fault.kind == "truncated":
            content = content[: len(content) // 2]
        headers = {"X-Repo-Commit": commit.sha, "ETag": f'"{file.etag}"'}
        if file.lfs:
            headers |= {"X-Linked-Etag": f'"{file.etag}"'}
            headers |= {"X-Linked-Size": str(len(file.content))}
        self._send(200, content, headers)

    def _refuse(self, status: int, error_code: str | None) -> None:
        self._send(status, b"{}", {"X-Error-Code": error_code} if error_code else {})

    def _send_json(self, content: Any, status: int = 200) -> None:
        self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


HubServer.handler = Handler


def _sibling(name: str, file: File) -> dict[str, Any]:
    size = len(file.content)
    entry: dict[str, Any] = {"rfilename": name, "size": size, "blobId": file.blob_id}
    if file.lfs:
        entry["lfs"] = {"sha256": file.sha256, "size": size, "pointerSize": 134}
    return entry


def _tree_entry(name: str, file: File) -> dict[str, Any]:
    size = len(file.content)
    entry: dict[str, Any] = {"type": "file", "path": name, "size": size, "oid": file.blob_id}
    if file.lfs:
        entry["lfs"] = {"oid": file.sha256, "size": size, "pointerSize": 134}
    return entry
