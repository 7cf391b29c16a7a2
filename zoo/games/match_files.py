"""A match as a JSON file: every game of it, and the figures that follow from them."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from zoo.errors import ResultsError
from zoo.files import write_atomically
from zoo.games.arena import Game, Match, Side, elo
from zoo.games.player import Budget

SCHEMA = 1


def to_json(match: Match) -> dict[str, Any]:
    """The match as JSON-able values, with the figures that follow from it; see `from_json`."""
    score = match.score
    figures = {
        "sentence": match.sentence,
        "score": asdict(score),
        "wilson": list(match.wilson),
        "elo": {
            name: value if math.isfinite(value) else None
            for name, value in (
                ("value", elo(score.value)),
                ("low", elo(score.low)),
                ("high", elo(score.high)),
            )
        },
        "tally": dict(zip(("won", "drawn", "lost"), match.tally, strict=True)),
    }
    for side, name in enumerate("ab"):
        taken = match.seconds(side)
        figures[f"seconds_{name}"] = {
            "terms": getattr(match, name).terms,
            "median": statistics.median(taken) if taken else None,
            "mean": statistics.fmean(taken) if taken else None,
        }
    return {"schema": SCHEMA, "figures": figures, **asdict(match)}


def from_json(payload: Any) -> Match:
    """The match that `to_json` described; its figures are computed anew. Raises ResultsError."""
    if not isinstance(payload, dict) or payload.get("schema") != SCHEMA:
        raise ResultsError(f"The match is not of schema {SCHEMA}.")
    try:
        facts = {field.name: payload[field.name] for field in fields(Match)}
        for side in "ab":
            facts[side] = Side(
                facts[side]["name"], Budget(**facts[side]["budget"]), facts[side]["unit"]
            )
        facts["pairs"] = tuple((_game(one), _game(two)) for one, two in facts["pairs"])
        if not {"cpu", "cores"} <= set(facts["machine"]):
            raise ValueError("the machine is not described")
        return Match(**facts)
    except (LookupError, TypeError, ValueError) as error:
        raise ResultsError(f"The match is incomplete ({error}).") from error


def read_matches(folder: Path) -> list[Match]:
    """All matches in a folder, in the order of their names. Raises ResultsError."""
    if not folder.is_dir():
        raise ResultsError(f"There is no folder of matches at {str(folder)!r}.")
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(from_json(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, ResultsError) as error:
            raise ResultsError(f"{str(path)!r} is no match: {error}") from error
    return found


def markdown_list(found: Sequence[Match]) -> str:
    """What came of matches, one sentence each, and where they were played. Raises ResultsError."""
    if not found:
        raise ResultsError("There are no matches to report; zoo arena --out plays them.")
    machines = dict.fromkeys(
        f"{match.machine['cpu']}, cores: {match.machine['cores']}" for match in found
    )
    lines = [f"- {match.sentence} {match.details}" for match in found]
    return "\n".join([*lines, "", f"Played on: {'; '.join(machines)}."])


def _game(payload: Mapping[str, Any]) -> Game:
    if payload["result"] not in (-1, 0, 1):
        raise ValueError(f"no game ends with {payload['result']!r}")
    first, second = (tuple(map(float, side)) for side in payload["seconds"])
    return Game(
        tuple(map(int, payload["opening"])),
        tuple(map(int, payload["moves"])),
        int(payload["result"]),
        (first, second),
    )


def file_name(match: Match) -> str:
    """What a match is told apart by, as the name of a file.

    The number of games is in it, so that a match that was broken off never replaces a whole one.
    """
    names = [Path(side.name).name for side in (match.a, match.b)]
    budgets = dict.fromkeys(_short(side.budget) for side in (match.a, match.b))
    # The names of models for Connect Four say so; those for any game do not.
    game = [] if match.game == "connect_four()" else [match.game.removesuffix("()")]
    terms = f"{match.games}games-{match.opening_plies}plies-seed{match.seed}"
    return "-".join([names[0], "vs", names[1], *game, *budgets, terms]) + ".json"


def _short(budget: Budget) -> str:
    parts = [
        f"{budget.seconds:g}s" if budget.seconds is not None else "",
        f"{budget.nodes}n" if budget.nodes is not None else "",
        f"{budget.depth}d" if budget.depth is not None else "",
    ]
    return "-".join(filter(None, parts)) or "unlimited"


def write_match(path: Path, match: Match) -> None:
    """Write the match as a whole or not at all: its facts, then one game a line.

    Raises ResultsError.
    """
    payload = to_json(match)
    games = [game for pair in payload.pop("pairs") for game in pair]
    for game in games:
        game["seconds"] = [[round(taken, 6) for taken in side] for side in game["seconds"]]
    lines = [json.dumps(game, separators=(",", ":")) for game in games]
    rows = ",\n".join(
        f"    [{one},\n     {two}]" for one, two in zip(lines[::2], lines[1::2], strict=True)
    )
    head = json.dumps(payload, indent=2, allow_nan=False, ensure_ascii=False)
    write_atomically(path, f'{head[:-2]},\n  "pairs": [\n{rows}\n  ]\n}}\n')
