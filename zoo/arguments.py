"""What several commands take and give back: options and exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FAILED, WRONG, WORSE = 1, 2, 3
RESULTS = Path("results")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
PredictOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="An option of the model's predict, such as seconds=0.5; may be repeated.",
        show_default=False,
    ),
]
