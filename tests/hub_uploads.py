"""The Hub on the loopback, to write to as well: what the real client needs for a push."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest

from tests.hub_server import LFS, Commit, File, Handler, HubServer

TOKEN = "hf_" + "t0kenOfTheOwner" * 3
OWNER = "owner"
_PREUPLOAD = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/preupload/(?P<revision>[^/]+)")
_COMMIT = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/commit/(?P<revision>[^/]+)")
_BATCH = re.compile(r"/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch")
_OBJECT = re.compile(r"/lfs/(?P<repo>[^/]+/[^/]+)/(?P<oid>[0-9a-f]{64})")
_COLLECTION = re.compile(r"/api/collections/(?P<slug>[^/]+/[^/]+)(?P<items>/items)?")


class WritableHub(HubServer):
    """A Hub on which `OWNER`, who has `TOKEN`, may write under that name.

    commits: the repository and message of every commit so far, in order.
    objects: large files that have arrived, by repository and SHA-256, committed or not.
    private: the repositories that only their owner may see.
    collections: by slug, as the Hub describes them.
    """

    def __init__(self) -> None:
        self.commits: list[tuple[str, str]] = []
        self.objects: dict[tuple[str, str], bytes] = {}
        self.private: set[str] = set()
        self.collections: dict[str, dict[str, Any]] = {}
        super().__init__()

    def use(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        from huggingface_hub import constants

        super().use(monkeypatch, cache)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)

    def environment(self, cache: Path) -> dict[str, str]:
        """For a process of its own, what `use` is for this one."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(cache),
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",
        }

    def head(self, repo: str) -> Commit:
        revisions = self.revisions_of("model", repo)
        assert revisions is not None, repo
        return revisions["main"]

    def contents(self, repo: str) -> dict[str, bytes]:
        """What a repository holds, but for what it was born with."""
        files = self.head(repo).files.items()
        return {name: file.content for name, file in files if name != ".gitattributes"}

    def sent(self) -> int:
        """How many large files have been sent so far, sent in vain, or sent again."""
        return len(self.requested("PUT /lfs/"))


class WritableHandler(Handler):
    hub: ClassVar[WritableHub]  # type: ignore[misc]

    def _serve(self, path: str, fault: Any) -> None:
        if self._is_stranger():
            self._send(
                401, b"{}", {"X-Error-Message": "Invalid credentials in Authorization header"}
            )
        elif self.command in ("GET", "HEAD") and path.startswith("/api/collections"):
            self._send_json(self.hub.collections[path.removeprefix("/api/collections/")])
        elif self.command in ("GET", "HEAD"):
            super()._serve(path, fault)
        elif match := _OBJECT.fullmatch(path):
            self._take_object(match)
        elif self.headers["Authorization"] is None:
            self._refuse(401, None)
        elif path == "/api/validate-yaml":
            self._send_json({"errors": [], "warnings": []})
        elif path == "/api/repos/create":
            self._create()
        elif path == "/api/collections":
            self._create_collection()
        elif match := _PREUPLOAD.fullmatch(path):
            self._say_how(match)
        elif match := _BATCH.fullmatch(path):
            self._say_where(match)
        elif match := _COMMIT.fullmatch(path):
            self._take_commit(match)
        elif match := _COLLECTION.fullmatch(path):
            self._add_item(match)
        else:
            self._refuse(404, None)

    def _is_stranger(self) -> bool:
        return self.headers["Authorization"] not in (None, f"Bearer {TOKEN}")

    def _commit(self, kind: str | None, repo: str, revision: str) -> Commit | None:
        if repo in self.hub.private and self.headers["Authorization"] is None:
            self._refuse(401, "RepoNotFound")
            return None
        return super()._commit(kind, repo, revision)

    def _more_about(self, repo: str) -> dict[str, Any]:
        return {"private": repo in self.hub.private}

    def _create(self) -> None:
        asked = json.loads(self.body)
        repo = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] != OWNER:
            self._say(403, f'You don\'t have the rights to create a model under "{repo}"')
        elif self.hub.revisions_of("model", repo) is not None:
            self._say(409, "You already created this model repo")
        else:
            if asked.get("visibility") == "private":
                self.hub.private.add(repo)
            self.hub.publish(repo, Commit({".gitattributes": File(b"*.safetensors", lfs=False)}))
            self._send_json({"url": f"{self.hub.url}/{repo}", "name": repo})

    def _say_how(self, match: re.Match[str]) -> None:
        commit = self._commit("model", match["repo"], unquote(match["revision"]))
        if commit is None:
            return
        answers = []
        for file in json.loads(self.body)["files"]:
            there = commit.files.get(file["path"])
            mode = "lfs" if file["path"].endswith(LFS) else "regular"
            answer = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
            answers.append(answer | ({"oid": there.etag} if there else {}))
        self._send_json({"files": answers})

    def _say_where(self, match: re.Match[str]) -> None:
        answers = []
        for wanted in json.loads(self.body)["objects"]:
            if (match["repo"], wanted["oid"]) not in self.hub.objects:
                # As on the Hub: whoever has this address can write there.
                href = f"{self.hub.url}/lfs/{match['repo']}/{wanted['oid']}?X-Signature=s1gned"
                wanted["actions"] = {"upload": {"href": href}}
            answers.append(wanted)
        self._send_json({"transfer": "basic", "objects": answers})

    def _take_object(self, match: re.Match[str]) -> None:
        if hashlib.sha256(self.body).hexdigest() != match["oid"]:
            self._say(400, "The content is not of that SHA-256")
            return
        self.hub.objects[match["repo"], match["oid"]] = self.body
        self._send(200, b"", {})

    def _take_commit(self, match: re.Match[str]) -> None:
        repo = match["repo"]
        parent = self._commit("model", match["repo"], unquote(match["revision"]))
        if parent is None:
            return
        header, *operations = [json.loads(line) for line in self.body.splitlines()]
        if header["value"].get("parentCommit", parent.sha) != parent.sha:
            self._say(412, "A commit has happened since")
            return
        files = dict(parent.files)
        for operation in operations:
            value = operation["value"]
            match operation["key"]:
                case "file":
                    content = base64.b64decode(value["content"])
                    files[value["path"]] = File(content, lfs=False)
                case "lfsFile":
                    files[value["path"]] = File(self.hub.objects[repo, value["oid"]], lfs=True)
                case "deletedFile":
                    del files[value["path"]]
        sha = self.hub.publish(repo, Commit(files))
        self.hub.commits.append((repo, header["value"]["summary"]))
        self._send_json({"commitUrl": f"{self.hub.url}/{repo}/commit/{sha}", "commitOid": sha})

    def _create_collection(self) -> None:
        asked = json.loads(self.body)
        name = re.sub(r"[^a-z0-9]+", "-", asked["title"].lower())
        slug = f"{asked['namespace']}/{name}-0123456789abcdef01234567"
        if asked["namespace"] != OWNER:
            self._say(403, "You don't have the rights to create a collection there")
        elif slug in self.hub.collections:
            self._send_json({"error": "This collection is there already", "slug": slug}, 409)
        else:
            self.hub.collections[slug] = {
                **{"slug": slug, "title": asked["title"], "owner": {"name": OWNER}, "items": []},
                **{"lastUpdated": "2026-01-01T00:00:00.000Z", "position": 0, "upvotes": 0},
                **{"private": asked["private"], "theme": "green"},
                "description": asked["description"],
            }
            self._send_json(self.hub.collections[slug])

    def _add_item(self, match: re.Match[str]) -> None:
        asked = json.loads(self.body)
        collection = self.hub.collections[match["slug"]]
        items = collection["items"]
        if any(item["id"] == asked["item"]["id"] for item in items):
            self._say(409, "This item is in the collection already")
            return
        items.append(
            asked["item"]
            | {"_id": f"item-{len(items)}", "position": len(items), "note": {"text": asked["note"]}}
        )
        self._send_json(collection)

    def _say(self, status: int, message: str) -> None:
        self._send_json({"error": message}, status)


WritableHub.handler = WritableHandler
