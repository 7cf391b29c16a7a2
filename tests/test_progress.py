"""What long work tells of itself."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests import pseudo_terminal
from zoo.progress import LOG, Progress

FACTS = {"model": "translate/" + 10 * "some-model-", "score": 12.3456, "text": "[b]old :x:"}
LINE = f"      0 s  model {FACTS['model']}  score 12.35  text [b]old :x:\n"

WORK = """
from zoo.progress import Progress
for number in Progress(show=True).track(range(3), "Working"):
    Progress(show=True).log(number=number)
"""


@pytest.fixture(params=["", "1"], ids=["plain", "colour forced"])
def either_colour(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colour may be wanted in a file, too, which makes no difference to what is written there."""
    monkeypatch.setenv("FORCE_COLOR", request.param)


@pytest.mark.usefixtures("either_colour")
def test_what_is_logged_is_a_line_of_json_and_one_for_the_eye(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress.kept_in(tmp_path / "new", show=True)
    progress.log(**FACTS)
    assert capsys.readouterr().err == LINE
    (kept,) = (tmp_path / "new" / LOG).read_text().splitlines()
    assert json.loads(kept) == {"at_seconds": 0.0, **FACTS}


@pytest.mark.usefixtures("either_colour")
def test_no_bar_is_drawn_into_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(Progress(show=True).track(iter("ab"), "Working")) == ["a", "b"]
    assert capsys.readouterr() == ("", "")


def test_nothing_is_shown_where_that_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    assert list(progress.track(range(3), "Working")) == [0, 1, 2]
    progress.log(**FACTS)
    assert capsys.readouterr() == ("", "")


def test_a_bar_makes_room_for_what_is_logged() -> None:
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    told = pseudo_terminal.shown([sys.executable, "-c", WORK], environment)
    assert "Working" in told
    lines = re.findall(r"(.{4}) +0 s  number (\d)\r\n", told, re.DOTALL)
    assert [number for _, number in lines] == ["0", "1", "2"]
    assert {before for before, _ in lines} == {"\x1b[2K"}  # the line of the bar, cleared
