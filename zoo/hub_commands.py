"""`zoo push` and `zoo pull`: they parse, call and print."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zoo.arguments import AsJson
from zoo.terminal import INTERRUPTED, console, print_json, say

if TYPE_CHECKING:
    from zoo.hub_upload import Survey
    from zoo.publish import Parcel


def push(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="OWNER/REPO",
            help="Where to; with --collection the owner alone.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A registry name or a weights folder; with --collection a domain, or nothing.",
            show_default=False,
        ),
    ] = None,
    collection: Annotated[
        bool,
        typer.Option(
            "--collection", help="All models, and a collection of them; of a domain if it is named."
        ),
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Nobody else may see what is new on the Hub.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also into a repository that holds something else.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="List every file, ask the Hub, and change nothing there."),
    ] = False,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Render cards anew from this folder of results; without it none is read.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a model on the Hugging Face Hub: its weights and its card, by one commit.

    What is there already is brought up to date. A model that needs no weights has its card only,
    which quotes no results but those of --results; one whose weights come from the Hub stays where
    it is, and a collection points to it.

    Ctrl-C leaves nothing half-made; the same command goes on from there.
    """
    from zoo import __version__, registry
    from zoo.evidence import read_evidence
    from zoo.hub_upload import send, survey
    from zoo.publish import NOTHING, gather_all, is_folder, pack, pack_all

    if name is None and not collection:
        raise typer.BadParameter("name a model, or give --collection for all.")
    anew = results is not None
    if anew and not collection and is_folder(str(name)):
        raise typer.BadParameter(
            "--results renders the card of a registered model; a weights folder goes with its own "
            "README.md."
        )
    quoted = cache(lambda: read_evidence(results)) if anew else NOTHING
    if collection:
        entries = list(registry.resolve(name))
        parcels = pack_all(entries, to, quoted, anew=anew)
    else:
        parcels = [pack(str(name), to, quoted, anew=anew)]

    plans: list[Survey] = []
    commits: list[str | None] = []
    address = None
    try:
        # All are looked at before anything is sent, so that a refusal comes first.
        for parcel in parcels:
            plans.append(survey(parcel.repo, parcel.files, private=private, force=force))
        if not dry_run:
            for parcel, plan in zip(parcels, plans, strict=True):
                message = f"Push {parcel.name} with zoo {__version__}"
                commits.append(send(plan, parcel.files, message=message, private=private))
                if not as_json:
                    print(f"{'pushed' if commits[-1] else 'kept':>6}  {parcel.name}  {plan.url}")
            if collection:
                address = gather_all(entries, to, private=private)
    except KeyboardInterrupt:
        say(
            f"Interrupted: {len(commits)} of {len(parcels)} pushed; the same command goes on from "
            "there.",
            style="yellow",
            stderr=True,
        )
        raise typer.Exit(INTERRUPTED) from None
    finally:  # an error is told after what is known
        if as_json:
            told = _facts(parcels, plans, commits)
            print_json({"dry_run": dry_run, "repositories": told, "collection": address})
        elif dry_run:
            _list_files(parcels, plans)
    if address and not as_json:
        print(address)


def pull(
    repo: Annotated[
        str,
        typer.Argument(
            metavar="OWNER/REPO[@REVISION]", help="A repository on the Hub.", show_default=False
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(help="The weights folder to write; default REPO.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model from the Hugging Face Hub into a weights folder, for zoo.load.

    Every file is compared with the checksum that the Hub states. The folder is replaced as a
    whole, or left as it was; one that holds anything but weights is never touched. The card beside
    the weights, README.md, is replaced by the Hub's, edited or not.
    """
    from zoo.hub import parse
    from zoo.publish import pull as fetch

    folder = folder or Path(parse(repo)[0].partition("/")[2])
    fetch(repo, folder)
    if as_json:
        files = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
        print_json({"folder": str(folder), "files": files})
    else:
        print(folder)


def _facts(
    parcels: Sequence[Parcel], plans: Sequence[Survey], commits: Sequence[str | None]
) -> list[dict[str, Any]]:
    """What is known of each push; null stands for what is not known (yet)."""
    facts = []
    for position, parcel in enumerate(parcels):
        plan = plans[position] if position < len(plans) else None
        facts.append(
            {
                "model": parcel.name,
                "repository": parcel.repo,
                "url": plan.url if plan else None,
                "exists": plan.head is not None if plan else None,
                "files": _changes(parcel, plan),
                "commit": commits[position] if position < len(commits) else None,
            }
        )
    return facts


def _changes(parcel: Parcel, plan: Survey | None) -> list[dict[str, Any]]:
    """Every file that a push sends, leaves or removes; of the removed no size is known."""
    sizes = parcel.sizes
    changes = plan.changes if plan else dict.fromkeys(sizes)
    return [
        {"name": file, "bytes": sizes.get(file), "change": change}
        for file, change in changes.items()
    ]


def _list_files(parcels: Sequence[Parcel], plans: Sequence[Survey]) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("Repository", "File", "Change"):
        table.add_column(column, overflow="fold")
    table.add_column("Bytes", justify="right")
    for facts in _facts(parcels, plans, ()):
        for file in facts["files"]:
            size = "" if file["bytes"] is None else f"{file['bytes']:,}"
            table.add_row(facts["repository"], file["name"], file["change"] or "", size)
    console().print(table)
