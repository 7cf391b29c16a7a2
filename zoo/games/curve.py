"""The learning curve of a run of self-play, drawn from its log."""

from __future__ import annotations

import json
from pathlib import Path

_PANELS = (
    ("loss", {"policy_loss": "policy", "value_loss": "value"}),
    (
        "strength",
        {
            "outcome_kept_policy": "known positions, network alone",
            "outcome_kept_100": "known positions, 100 simulations",
            "score_against_mcts": "score against search with random games",
            "gate": "score against the best so far",
        },
    ),
)


def draw(log_file: Path, picture: Path) -> None:
    """Draw losses and strength over the iterations of a training log into a PNG file."""
    from matplotlib.figure import Figure

    events = [json.loads(line) for line in log_file.read_text(encoding="utf-8").splitlines()]
    logged: dict[int, dict[str, float]] = {}
    for event in events:
        if "iteration" in event:
            # A run that went back to an earlier iteration has left what came after it.
            logged = {i: earlier for i, earlier in logged.items() if i < event["iteration"]}
            logged[event["iteration"]] = event
    figure = Figure(figsize=(8, 6), layout="constrained")
    for axes, (title, curves) in zip(figure.subplots(2, 1, sharex=True), _PANELS, strict=True):
        for key, label in curves.items():
            points = sorted((i, event[key]) for i, event in logged.items() if key in event)
            if points:
                axes.plot(*zip(*points, strict=True), label=label, marker=".", markersize=3)
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    axes.set_xlabel("iteration")
    figure.savefig(picture, dpi=120)
