"""The sets of game positions: literals only, no work."""

from __future__ import annotations

from zoo.entries import DataSetInfo, Variant
from zoo.sources import PythonPackage

CONNECT4_POSITIONS = DataSetInfo(
    name="connect4-positions",
    title="Connect Four positions",
    task="board-game",
    license="facts, free of rights",
    url="https://openspiel.readthedocs.io/en/latest/games.html",
    splits=("test",),
    sources=(PythonPackage(package="zoo", reader="zoo.games.data:connect4_positions"),),
    variants=(
        Variant(
            "Connect Four positions",
            {"test": "e92533156e4e000a303ad83a8630fee26fb39adf877253f163dbe959eec43243"},
        ),
    ),
    offline=True,
    exhibit="zoo.games.data:connect4_grid",
    note=(
        "1,000 positions of 12 to 32 moves with the exact score of every legal move from a "
        "perfect solver: above 0 wins, 0 draws, below 0 loses, and the sooner the larger. In each "
        "at least two moves differ in outcome. Nothing is trained on them."
    ),
)

DATA_SETS = (CONNECT4_POSITIONS,)
