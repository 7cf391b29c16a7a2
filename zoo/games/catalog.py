"""What the games domain brings: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Catalog, Generation, ModelInfo, Recipe, Reference
from zoo.games.data_sets import DATA_SETS

_TASK = "board-game"

_ALPHA_BETA = (
    Reference(
        "Knuth and Moore, “An Analysis of Alpha-Beta Pruning”, Artificial Intelligence 6, 1975",
        "https://doi.org/10.1016/0004-3702(75)90019-3",
    ),
    Reference(
        "Allis, “A Knowledge-Based Approach of Connect-Four”, Vrije Universiteit Amsterdam, 1988",
        "http://www.informatik.uni-trier.de/~fernau/DSL0607/Masterthesis-Viergewinnt.pdf",
    ),
)
_MCTS = (
    Reference(
        "Kocsis and Szepesvári, “Bandit Based Monte-Carlo Planning”, ECML 2006",
        "https://doi.org/10.1007/11871842_29",
    ),
    Reference(
        "Winands, Björnsson and Saito, “Monte-Carlo Tree Search Solver”, CG 2008",
        "https://doi.org/10.1007/978-3-540-87608-3_3",
    ),
)
_ALPHAZERO = (
    Reference(
        "Silver et al., “A General Reinforcement Learning Algorithm that Masters Chess, Shogi, and "
        "Go Through Self-Play”, Science 362, 2018",
        "https://doi.org/10.1126/science.aar6404",
    ),
    Reference(
        "Danihelka, Guez, Schrittwieser and Silver, “Policy Improvement by Planning with Gumbel”, "
        "ICLR 2022",
        "https://openreview.net/forum?id=bERaNdoegnO",
    ),
    Reference(
        "Wu, “Accelerating Self-Play Learning in Go”, 2019",
        "https://arxiv.org/abs/1902.10565",
    ),
)
_LEARNED = (
    "Learned from its own games alone: where those never led, it can be wrong and sure of it."
)
_ONE_GAME = "Plays the standard board only."

MODELS = (
    ModelInfo(
        name="games/alphabeta",
        summary="Alpha-beta search for any two-player game without chance or hidden information.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.games.alphabeta:AlphaBetaPlayer",
        weights=None,
        license="apache-2.0",
        parameters=0,
        references=_ALPHA_BETA[:1],
        limits="Knows nothing of a game but its rules, so its evaluation is crude; it is written "
        "in Python and looks at far fewer positions a second than a player made for one game.",
    ),
    ModelInfo(
        name="games/alphabeta-connect4",
        summary="Alpha-beta search on bitboards for Connect Four, which solves late positions.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.games.alphabeta_connect4:AlphaBetaConnect4",
        weights=None,
        license="apache-2.0",
        parameters=0,
        references=_ALPHA_BETA,
        data=("connect4-positions",),
        variants=({"seconds": 0.5},),
        limits=_ONE_GAME,
    ),
    ModelInfo(
        name="games/mcts",
        summary="Monte Carlo tree search with random games, for any two-player game without "
        "chance or hidden information.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.games.mcts:MctsPlayer",
        weights=None,
        license="apache-2.0",
        parameters=0,
        references=_MCTS,
        data=("connect4-positions",),
        limits="Random games tell little where one precise reply refutes a move; it then needs "
        "many simulations.",
    ),
    ModelInfo(
        name="games/alphazero",
        summary="A network that learns any two-player game without chance or hidden information "
        "by playing against itself, and searches with what it learned.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.games.alphazero:AlphaZeroPlayer",
        weights=None,
        license="apache-2.0",
        parameters=0,
        references=_ALPHAZERO,
        baseline="games/alphabeta",
        recipe=Recipe(data=None, exclude=("connect4-positions",), options={"game": "connect_four"}),
        limits="Comes without weights: train it on a game first, with "
        "zoo train games/alphazero --game GAME.",
    ),
    ModelInfo(
        name="games/alphazero-connect4",
        summary="A residual network that learned Connect Four by playing against itself, and "
        "searches with what it learned.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.games.alphazero:AlphaZeroPlayer",
        weights="zoo:pretrained/games/alphazero-connect4",
        license="apache-2.0",
        parameters=665_912,
        references=_ALPHAZERO,
        baseline="games/alphabeta-connect4",
        data=("connect4-positions",),
        variants=({"simulations": 1}, {"simulations": 50}, {"simulations": 200}),
        recipe=Recipe(
            data=None,
            exclude=("connect4-positions",),
            options={
                "game": "connect_four",
                "width": 64,
                "blocks": 8,
                "iterations": 30,
                "games": 2048,
                "simulations": 96,
                "fast_simulations": 24,
                "thorough": 0.4,
                "passes": 4.0,
                "workers": 2,
                "probe": "connect4-positions",
                # Play begins on crowded boards, too, where the first stage saw little; each of its
                # fewer moves is searched well enough to teach.
                "then": {
                    "iterations": 32,
                    "games": 1024,
                    "simulations": 64,
                    "thorough": 1.0,
                    "random_openings": 0.8,
                    "opening_plies": 32,
                    "slots": 512,
                    "learning_rate": 1e-3,
                    "steady": 0.4,
                },
            },
        ),
        limits=_LEARNED,
    ),
    ModelInfo(
        name="games/alphazero-tictactoe",
        summary="A small network that learned tic-tac-toe by playing against itself.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.games.alphazero:AlphaZeroPlayer",
        weights="zoo:pretrained/games/alphazero-tictactoe",
        license="apache-2.0",
        parameters=71_858,
        references=_ALPHAZERO,
        baseline="games/alphabeta",
        recipe=Recipe(
            data=None,
            options={
                "game": "tic_tac_toe",
                "width": 32,
                "blocks": 3,
                "iterations": 20,
                "games": 512,
                "slots": 256,
                "simulations": 32,
                "fast_simulations": 16,
                "thorough": 0.5,
                "opening_plies": 5,
                "passes": 6.0,
                "averaging": 100,
                "gate_games": 40,
            },
        ),
        sample="519",
        limits=_LEARNED,
    ),
)

CATALOG = Catalog(models=MODELS, data_sets=DATA_SETS)
