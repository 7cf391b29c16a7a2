"""The commands that the games add to `zoo`: they parse, call and print.

Nothing heavy is imported before a command runs: every call of `zoo` imports this file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zoo.terminal import INTERRUPTED, console, print_json, say

if TYPE_CHECKING:
    from zoo.games.player import Player

_ARENA_SECONDS = 0.1

ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A registry name or a weights folder.", show_default=False
    ),
]
Seconds = Annotated[
    float | None, typer.Option(help="Time for each move of a model.", show_default=False)
]
Nodes = Annotated[
    int | None,
    typer.Option(
        help="Positions to look at for each move; of a tree search, simulations.",
        show_default=False,
    ),
]


def play(
    game: Annotated[
        str,
        typer.Argument(help="connect4, tictactoe, or any OpenSpiel game of the kind, by its name."),
    ] = "connect4",
    against: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="The model to play; one that fits the game if not given."
        ),
    ] = None,
    seconds: Seconds = None,
    nodes: Nodes = None,
    second: Annotated[bool, typer.Option("--second", help="Let the model move first.")] = False,
) -> None:
    """Play a board game against a model.

    Example: zoo play connect4
    """
    from zoo.games.play import Sitting, default_opponent, load_player, rules_of

    rules = rules_of(game)
    name = against or default_opponent(rules)
    player = load_player(name, rules)
    sitting = Sitting(
        player,
        name=name,
        options=_options(player, seconds, nodes),
        human=int(second),
        out=console(),
        ask=_ask,
    )
    try:
        sitting.play()
    except KeyboardInterrupt:
        print()
        say("Interrupted; goodbye.")
        raise typer.Exit(INTERRUPTED) from None


def arena(
    a: ModelName,
    b: ModelName,
    pairs: Annotated[
        int, typer.Option(help="Openings, each of them played twice, with sides changed.")
    ] = 100,
    seconds: Annotated[
        float | None,
        typer.Option(
            help=f"Time for each move; {_ARENA_SECONDS} if no --nodes are given.",
            show_default=False,
        ),
    ] = None,
    nodes: Nodes = None,
    opening_plies: Annotated[int, typer.Option(help="Random moves that begin each game.")] = 4,
    seed: Annotated[int, typer.Option(help="Of the random openings.")] = 0,
    game: Annotated[
        str | None,
        typer.Option(help="The game, for models that play any.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write all games as JSON into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Let two models play a match, and tell which is stronger, and how surely.

    Ctrl-C ends the match and tells what is known so far.

    Example: zoo arena games/alphazero-connect4 games/alphabeta-connect4 --pairs 20
    """
    from zoo.games.arena import match
    from zoo.games.match_files import file_name, to_json, write_match
    from zoo.games.play import load_player, rules_of, watch

    if seconds is None and nodes is None:
        seconds = _ARENA_SECONDS
    rules = rules_of(game) if game is not None else None
    players = [load_player(name, rules) for name in (a, b)]
    rounds = match(
        *players,
        pairs=pairs,
        options_a=_options(players[0], seconds, nodes),
        options_b=_options(players[1], seconds, nodes),
        names=(a, b),
        opening_plies=opening_plies,
        seed=seed,
    )
    played, interrupted = watch(rounds, pairs)
    if played is not None:
        if as_json:
            print_json(to_json(played))
        else:
            say(played.sentence)
            say(played.details)
        if out is not None:
            path = out / file_name(played)
            write_match(path, played)
            say(f"All games are in {path}.", style="dim", stderr=True)
    if interrupted:
        finished = 0 if played is None else len(played.pairs)
        say(
            f"Interrupted after {finished:,} of {pairs:,} pairs of games.",
            style="yellow",
            stderr=True,
        )
        raise typer.Exit(INTERRUPTED)


def matches(
    folder: Annotated[Path, typer.Argument(help="Folder of matches.")] = Path("matches"),
    into: Annotated[
        Path | None,
        typer.Option(help="Write between the marker lines of this page instead."),
    ] = None,
) -> None:
    """Tell what came of the matches that were played with --out.

    Example: zoo matches matches
    """
    from zoo.files import write_between_markers
    from zoo.games.match_files import markdown_list, read_matches

    told = markdown_list(read_matches(folder))
    if into is None:
        print(told)
    else:
        write_between_markers(into, "matches", told)


def _options(player: Player, seconds: float | None, nodes: int | None) -> dict[str, Any]:
    """The budget as the player takes it: a tree search may call its positions simulations."""
    count = "nodes" if "nodes" in player.predict_options else "simulations"
    given = {"seconds": seconds, count: nodes}
    return {name: value for name, value in given.items() if value is not None}


def _ask(prompt: str) -> str:
    line = input(prompt)
    if not sys.stdin.isatty():  # nobody typed it there: a transcript is to show it
        print(line)
    return line


COMMANDS: tuple[Callable[..., None], ...] = (play, arena, matches)
