"""From a registry entry or a weights folder to a repository on the Hub, and back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zoo import hub, registry, weights
from zoo.card_metadata import evaluation_file
from zoo.cards import card
from zoo.entries import ModelInfo
from zoo.errors import HubError, InputError, WeightsError
from zoo.evidence import Evidence
from zoo.hub_upload import EVALUATIONS, Files, gather

Quoted = Callable[[], Evidence]
NOTHING: Quoted = partial(Evidence, ())

COLLECTION = "Software 1.0 and 2.0 for the same jobs"
_ABOUT_COLLECTION = (
    "Programs written by hand and learned ones that do the same jobs, measured side by side by zoo."
)
_LONGEST_NOTE = 500  # characters; the Hub takes no more


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What goes into one repository."""

    name: str
    repo: str
    files: Files

    @property
    def sizes(self) -> Mapping[str, int]:
        """The bytes of each file."""
        return {
            name: len(content) if isinstance(content, bytes) else content.stat().st_size
            for name, content in self.files.items()
        }


def is_folder(name: str) -> bool:
    """Whether a name is a weights folder's, and not a model's of the registry."""
    is_path = name.startswith((".", "/", "~")) or Path(name).is_dir()
    return is_path and name not in registry.registry().models


def pack(name: str, to: str, quoted: Quoted = NOTHING, *, anew: bool = False) -> Parcel:
    """The files of a model, by its registry name or as a weights folder of our own.

    A model that needs no weights has its card only. With the card of a registered model go those
    of its figures that leaderboards take.

    quoted: called for what a card quotes, if it has to be rendered as none lies beside the
        weights.
    anew: whether to render it in any case; the card of a weights folder never is.

    Raises HubError for a model whose weights have their home on the Hub already, WeightsError
    for a folder that is not whole, UnknownNameError, or InputError for a place that is no
    owner/repo.
    """
    repo, revision = hub.parse(to)
    if revision is not None:
        raise InputError(f"A model is pushed to owner/repo, to no revision of it; {to!r} came.")
    if is_folder(name):
        return _pack_folder(Path(name).expanduser(), repo)
    entry = registry.info(name)
    if home := _home(entry):
        raise HubError(
            f"{name} has its home on the Hub, at {home}, and is not pushed to another place; "
            f"`zoo card {name}` prints what is known of it here."
        )
    files = {} if entry.weights is None else _weights_files(registry.weights_folder(entry))
    beside = files.get(weights.README)
    if isinstance(beside, Path) and not anew:
        text = beside.read_text(encoding="utf-8")
    else:
        text = card(entry, quoted())
        files[weights.README] = text.encode()
    if figures := evaluation_file(text):
        files[EVALUATIONS] = figures.encode()
    return Parcel(name=name, repo=repo, files=files)


def _pack_folder(folder: Path, repo: str) -> Parcel:
    files = _weights_files(folder)
    if weights.README not in files:
        raise WeightsError(
            f"{str(folder)!r} has no {weights.README}: write there what these weights are, what "
            "they learned from, and under which licence they may be used."
        )
    return Parcel(name=folder.resolve().name, repo=repo, files=files)


def pack_all(
    entries: Iterable[ModelInfo], owner: str, quoted: Quoted = NOTHING, *, anew: bool = False
) -> list[Parcel]:
    """A parcel for each model that does not live on the Hub: `domain/model` as `domain-model`."""
    if "/" in owner:
        raise InputError(f"A collection is pushed to its owner alone; {owner!r} came.")
    return [
        pack(entry.name, _repo_of(entry, owner), quoted, anew=anew)
        for entry in entries
        if _home(entry) is None
    ]


def gather_all(entries: Iterable[ModelInfo], owner: str, *, private: bool = False) -> str:
    """Put all models into the owner's collection, those that live elsewhere by their homes.

    The address of the collection. Raises HubError.
    """
    items = [
        (_home(entry) or _repo_of(entry, owner), f"{entry.name}: {entry.summary}"[:_LONGEST_NOTE])
        for entry in entries
    ]
    return gather(owner, COLLECTION, items, description=_ABOUT_COLLECTION, private=private)


def pull(reference: str, folder: Path) -> None:
    """Fetch a repository into a weights folder, whole and verified or not at all.

    reference: "owner/repo[@revision]", with or without "hub:" before it.

    Every file is compared with the checksum that the Hub states, and weights of our own with the
    one in their config.json. Raises HubError, or WeightsError if the folder holds something else.
    """
    source = hub.download_model(reference, strict=True)

    def fill(new: Path) -> None:
        for path in source.iterdir():
            if hub.is_model_file(path.name):
                shutil.copyfile(path, new / path.name)  # the cache holds links
        if weights.is_ours(weights.read_config(new)):
            weights.read(new)

    weights.replace_folder(folder, fill)


def _weights_files(folder: Path) -> dict[str, Path | bytes]:
    weights.read(folder)  # nothing that is broken goes up
    return {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.is_file() and hub.is_model_file(path.name)
    }


def _home(entry: ModelInfo) -> str | None:
    """The repository of a model whose weights are somebody else's on the Hub."""
    if entry.weights is None or not entry.weights.startswith(hub.PREFIX):
        return None
    return hub.parse(entry.weights)[0]


def _repo_of(entry: ModelInfo, owner: str) -> str:
    return f"{owner}/{entry.name.replace('/', '-')}"
