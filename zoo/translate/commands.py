"""The commands that translation adds to `zoo`: they parse, call and print.

Nothing heavy is imported before a command runs: every call of `zoo` imports this file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.errors import InputError
from zoo.terminal import INTERRUPTED, print_json, say

if TYPE_CHECKING:
    from zoo.translate.catalog_filling import Filling

_LONGEST_TOLD = 60  # characters of a message


def translate(
    catalog: Annotated[
        Path,
        typer.Argument(
            metavar="CATALOG",
            help="A gettext catalog (.po) or template (.pot).",
            show_default=False,
        ),
    ],
    target: Annotated[
        str, typer.Option("--to", metavar="LANGUAGE", help="As de or pt-BR.", show_default=False)
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="LANGUAGE", help="The language of its messages.")
    ] = "en",
    model: Annotated[
        str, typer.Option(help="A registry name, a weights folder, or hub:owner/repo[@revision].")
    ] = "translate/transformer-multi",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; default messages.LANGUAGE.po beside.")
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Write into the catalog itself.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over the file if it is there.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Only the first so many untranslated entries.")
    ] = None,
    fuzzy: Annotated[
        bool, typer.Option(help="Mark what was filled as to be checked by a person.")
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Fill the entries of a message catalog that are not translated yet.

    What is translated stays as it is. A message whose placeholders or tags would be damaged is
    left alone, and told. Ctrl-C writes what is filled so far.

    Example: zoo translate messages.po --to de
    """
    from zoo.progress import Progress
    from zoo.registry import load
    from zoo.translate.catalog_filling import check_output, fill, read_catalog, write_catalog
    from zoo.translate.translator import Translator

    messages = read_catalog(catalog)
    path = _output(catalog, _standard(target, "--to"), out, in_place=in_place)
    _standard(source, "--from")
    check_output(path, overwrite=overwrite or in_place)
    translator = load(model, device=device)
    if not isinstance(translator, Translator):
        raise InputError(f"{model} is no translator: it is for {translator.task}.")
    progress = Progress(show=sys.stderr.isatty())
    filling = fill(
        messages,
        translator,
        source=source,
        target=target,
        limit=limit,
        fuzzy=fuzzy,
        track=lambda batches: progress.track(batches, "Translating"),
    )
    write_catalog(path, messages)
    if as_json:
        facts = {
            "file": str(path),
            "model": model,
            "filled": filling.filled,
            "left_alone": [{"message": one.message, "why": one.why} for one in filling.left_alone],
            "interrupted": filling.interrupted,
        }
        print_json(facts)
    else:
        _tell(filling, path)
    if filling.interrupted:
        say(
            f"Interrupted: what was filled so far is in {str(path)!r}.",
            style="yellow",
            stderr=True,
        )
        raise typer.Exit(INTERRUPTED)


def _standard(language: str, option: str) -> str:
    """Its BCP 47 code, which can be part of a file's name. Raises InputError."""
    from zoo.translate import languages

    found = languages.standard(language)
    if found is None:
        raise InputError(
            f"{option} {languages.quoted(language)} is no BCP 47 code, such as 'de' or 'pt-BR'."
        )
    return found


def _output(catalog: Path, target: str, out: Path | None, *, in_place: bool) -> Path:
    if in_place and out is not None:
        raise InputError("Either --out or --in-place: both were given.")
    if in_place:
        return catalog
    return out or catalog.with_name(f"{catalog.stem}.{target}.po")


def _tell(filling: Filling, path: Path) -> None:
    for one in filling.left_alone:
        message = " ".join(one.message.split())
        if len(message) > _LONGEST_TOLD:
            message = f"{message[:_LONGEST_TOLD]}…"
        say(f"Left alone: {message!r}: {one.why}.")
    say(
        f"{filling.filled:,} filled and {len(filling.left_alone):,} left alone; "
        f"written to {str(path)!r}."
    )


COMMANDS: tuple[Callable[..., None], ...] = (translate,)
