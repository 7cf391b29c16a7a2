"""Which examples the page shows, and how inputs and answers of each task look on it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

import zoo
from tests import html_page, planted
from tests.html_page import Element
from zoo import metrics
from zoo import page as page_module
from zoo.audio import Audio
from zoo.data import Example
from zoo.errors import ResultsError
from zoo.exhibits import Grid, Picture, Sound, Text
from zoo.page import examples as examples_module
from zoo.page import page
from zoo.page.examples import outcomes, typical
from zoo.report import compared
from zoo.results import Result
from zoo.tasks import task

BETTER, WORSE = planted.right_on(range(5, 100)), planted.right_on(range(70))


def _of(results: list[Result]) -> Element:
    html = page(results)
    found = html_page.read(html)
    assert html_page.complaints(found, html) == []
    return found


def _tables(found: Element) -> list[list[str]]:
    return [row for table in found.all("table") for row in table.rows()]


def _result_of(name: str, records: dict[str, list[Any]], **changes: Any) -> Result:
    """A planted result of another task, with scores of its own."""
    job = task(name)
    one = planted.result(**changes)
    scores = {metric.name: metrics.score(metric, records) for metric in job.metrics}
    count = len(records["target"])
    return replace(one, task=name, records=records, count=count, scores=scores)


# --- examples ------------------------------------------------------------------------------------


def test_examples_are_counted_by_outcome_and_taken_from_the_middle() -> None:
    (pair,) = compared(planted.pair(BETTER, WORSE))
    found = {one.title: one for one in outcomes(pair)}
    assert {title: len(one.positions) for title, one in found.items()} == {
        "only Software 2.0 is right": 30,
        "only Software 1.0 is right": 5,
        "both are wrong": 0,
        "both are right": 65,
    }
    assert typical(found["only Software 2.0 is right"]) == [80, 90]  # of 70 to 99
    assert typical(found["only Software 1.0 is right"]) == [1, 3]  # of 0 to 4
    assert typical(found["both are wrong"]) == []


def test_where_less_is_better_fewer_errors_are_better() -> None:
    records = {"target": ["one two"] * 4, "confidence": [0.5] * 4, "seconds": [1.0] * 4}
    name = "automatic-speech-recognition"
    learned = _result_of(
        name,
        {**records, "text": ["one two", "one", "two two", "one two"]},
        model="toys/learned",
        baseline="toys/written",
    )
    written = _result_of(name, {**records, "text": ["one", "one two", "two two", "one two"]})
    (pair,) = compared([learned, written])
    assert {one.title: one.positions for one in outcomes(pair)} == {
        "Software 2.0 does better": (0,),
        "Software 1.0 does better": (1,),
        "both do equally well": (2, 3),
    }
    rows = _tables(_of([learned, written]))
    assert ["one heard as two", "1"] in rows
    assert ["two missed", "1"] in rows


def test_pictures_are_shown_as_the_data_set_has_them() -> None:
    examples = list(zoo.data_set("mnist-5k").examples("test", limit=20))
    results = [_digits(one, examples) for one in planted.pair([True] * 20, [False] * 20)]
    found = _of(results)
    pictures = found.all("img")
    assert len(pictures) == 2  # only the learned model is ever right
    figures = [one for one in found.all("figure") if one.attributes.get("class") == "example"]
    for picture, figure in zip(pictures, figures, strict=True):
        kind, _, content = picture.attributes["src"].partition(",")
        assert kind == "data:image/png;base64"
        number = int(figure.all("figcaption")[0].text.split()[1].rstrip(":"))
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
        assert np.array_equal(shown, examples[number - 1].input)
        assert examples[number - 1].target in figure.all("dd")[0].text


def _digits(one: Result, examples: list[Example]) -> Result:
    subject = replace(one.subject, data="mnist-5k", limit=len(examples))
    targets = [example.target for example in examples]
    right = one.scores["accuracy"].value == 1
    records = {**one.records, "target": targets, "label": targets if right else ["?"] * 20}
    return replace(one, subject=subject, records=records)


def test_other_data_than_those_measured_are_not_shown() -> None:
    results = [
        replace(one, subject=replace(one.subject, data="mnist-5k"))
        for one in planted.pair(planted.right_on(range(9), count=10), [False] * 10)
    ]
    swapped = {"target": ["9", *results[0].records["target"][1:]]}
    results = [replace(one, records={**one.records, **swapped}) for one in results]
    found = _of(results)
    assert found.all("img") == []
    reason = next(one.text for one in found.all("p") if one.attributes.get("class") == "missing")
    assert reason == ("Inputs are not shown, for the data here are not those that were measured.")


def test_where_the_data_are_not_here_the_page_says_so_and_stays_whole() -> None:
    found = _of(planted.pair(BETTER, WORSE))
    (reason,) = (one.text for one in found.all("p") if one.attributes.get("class") == "missing")
    assert reason.startswith("Inputs are not shown, for There is no data set named 'tiny-digits'")
    figures = [one for one in found.all("figure") if one.attributes.get("class") == "example"]
    assert len(figures) == 5
    assert [one.text for one in figures[0].all("dt")] == ["Wanted", "◆ 2.0", "● 1.0"]


@pytest.fixture
def sounds(monkeypatch: pytest.MonkeyPatch) -> list[Sound]:
    """A data set of three sounds, one of them longer than a page keeps."""
    rng = np.random.default_rng(0)
    made = [
        Sound(rng.uniform(-1, 1, round(seconds * 8000)).astype(np.float32), 8000)
        for seconds in (0.1, 0.2, page_module.LONGEST_SOUND + 1)
    ]

    class Sounds:
        def __init__(self, info: object) -> None:
            pass

        def examples(self, split: str, *, limit: int) -> Iterator[Example]:
            yield from (Example(Audio(one.samples, one.rate), "one") for one in made[:limit])

        def exhibit(self, x: Audio) -> Sound:
            return Sound(x.samples, x.rate)

    monkeypatch.setattr(examples_module, "data_set_info", lambda name: name)
    monkeypatch.setattr(examples_module, "present_data_set", Sounds)
    return made


def _heard() -> list[Result]:
    name, facts = "automatic-speech-recognition", {"confidence": [0.5] * 3, "seconds": [1.0] * 3}
    records = {"target": ["one"] * 3, **facts}
    learned = {**records, "text": ["one", "one", "two"]}
    return [
        _result_of(name, learned, model="toys/learned", baseline="toys/written"),
        _result_of(name, {**records, "text": ["two", "two", "one"]}),
    ]


def test_sounds_are_playable_without_loss_and_cut_where_they_are_long(sounds: list[Sound]) -> None:
    players = _of(_heard()).all("audio")
    assert len(players) == 3
    for player, sound in zip(players, sounds, strict=True):
        kind, _, content = player.attributes["src"].partition(",")
        assert kind == "data:audio/flac;base64"
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(content)), dtype="float32")
        assert rate == sound.rate
        kept = sound.samples[: round(page_module.LONGEST_SOUND * sound.rate)]
        assert samples == pytest.approx(kept, abs=1 / 2**15)
        assert "controls" in player.attributes


def test_a_sound_that_is_cut_says_so(sounds: list[Sound]) -> None:
    notes = [one.text for one in _of(_heard()).all("p")]
    assert notes.count("The first 12 of 13.0 seconds.") == 1


def test_sounds_that_would_make_the_page_large_are_left_out(
    sounds: list[Sound], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "MOST_SOUND", 8000)
    found = _of(_heard())
    assert len(found.all("audio")) == 2
    notes = [one.text for one in found.all("p")]
    assert notes.count("This sound is left out, to keep the page small.") == 1


def test_a_recording_that_is_wanted_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["press one", "press two"]
    recording = Audio(np.linspace(-0.5, 0.5, 1600, dtype=np.float32), 16000)

    class Prompts:
        def __init__(self, info: object) -> None:
            pass

        def examples(self, split: str, *, limit: int) -> Iterator[Example]:
            yield from (Example(text, recording) for text in texts[:limit])

        def exhibit(self, x: str) -> Text:
            return Text(x)

    monkeypatch.setattr(examples_module, "data_set_info", lambda name: name)
    monkeypatch.setattr(examples_module, "present_data_set", Prompts)
    facts = {
        "target": texts, "heard_in_recording": texts, "seconds": [1.0] * 2,
        "recording_seconds": [0.1] * 2, "pairs": [100] * 2, "voiced": [50] * 2,
        "pitch": [10.0] * 2, "voicing": [5] * 2,
    }  # fmt: skip
    name = "text-to-speech"
    learned = {**facts, "heard": texts, "distortion": [400.0, 500.0]}
    written = {**facts, "heard": ["press"] * 2, "distortion": [600.0, 700.0]}
    results = [
        _result_of(name, learned, model="toys/learned", baseline="toys/written"),
        _result_of(name, written),
    ]
    found = _of(results)
    figures = [one for one in found.all("figure") if one.attributes.get("class") == "example"]
    assert len(figures) == 2
    for figure, text in zip(figures, texts, strict=True):
        assert f"“{text}” is what the recogniser heard in 0.1 s" in figure.text
        assert len(figure.all("audio")) == len(figure.all("svg")) == 1
        (picture,) = figure.all("img")
        assert picture.attributes["alt"] == "Spectrogram: What is wanted, 0.1 seconds"
    assert not [one for one in found.all("p") if one.attributes.get("class") == "missing"]


@pytest.mark.parametrize("sound", [5, "AAAA", "not packed"])
def test_speech_that_cannot_be_read_is_told_with_its_remedy(sound: Any) -> None:
    facts = {
        "target": ["one"], "heard_in_recording": ["one"], "seconds": [1.0], "pairs": [100],
        "recording_seconds": [0.1], "voiced": [50], "pitch": [10.0], "voicing": [5],
        "heard": ["one"], "distortion": [400.0],
    }  # fmt: skip
    results = [
        _result_of("text-to-speech", facts, model="toys/learned", baseline="toys/written"),
        _result_of("text-to-speech", {**facts, "sound": [sound]}),
    ]
    with pytest.raises(ResultsError, match=r"What toys/written answered on .* measure it again: "):
        page(results)


def test_positions_are_boards() -> None:
    examples = list(zoo.data_set("connect4-positions").examples("test", limit=3))
    targets = [one.target for one in examples]
    about = {"data": "connect4-positions", "limit": 3}
    facts = {"target": targets, "best": [2] * 3, "value": [0.0] * 3, "proven": [True] * 3}
    results = [
        _result_of(
            "board-game",
            {**facts, "action": ["4"] * 3, "score": score},
            model=model,
            baseline=baseline,
            about=about,
        )
        for model, baseline, score in (
            ("toys/learned", "toys/written", [2, 2, 0]),
            ("toys/written", None, [2, -3, 0]),
        )
    ]
    found = _of(results)
    boards = [one for one in found.all("table") if one.attributes.get("class") == "board"]
    assert len(boards) == 3
    for board in boards:
        assert len(board.all("td")) == 42
        assert [one.text for one in board.all("th")] == list("1234567")
    numbers = [
        int(one.all("figcaption")[0].text.split()[1].rstrip(":"))
        for one in found.all("figure")
        if one.attributes.get("class") == "example"
    ]
    for number, board in zip(numbers, boards, strict=True):
        moves = examples[number - 1].input
        assert sum(bool(one.text) for one in board.all("td")) == len(moves)
    assert ["a win turned into a loss", "1"] in _tables(found)
    assert ["a win turned into a draw", "1"] in _tables(found)


# --- how tasks show themselves -------------------------------------------------------------------


def test_a_large_picture_is_made_smaller() -> None:
    show = task("image-classification").display.input
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8))
    shown = show(photo)
    assert isinstance(shown, Picture)
    assert (shown.media_type, shown.width, shown.height) == ("image/jpeg", 320, 240)
    assert Image.open(io.BytesIO(shown.content)).size == (320, 240)


def test_sentences_are_judged_one_by_one() -> None:
    job = task("translation")
    records = {"target": ["a b c d"] * 3 + ["x"], "text": ["a b c d", "a b", "e f g h", "x"]}
    assert job.display.judge is not None
    judged = job.display.judge(job.primary.statistics(records))
    # Of 4 + 3 + 2 + 1 n-grams: all; "a", "b" and "a b"; none; a word that is the whole text.
    assert judged == pytest.approx([1, 0.3, 0, 1])


def test_a_board_holds_the_stones_where_they_fell() -> None:
    from zoo.games.data import connect4_grid

    grid = connect4_grid("4435")
    assert isinstance(grid, Grid)
    assert [len(row) for row in grid.rows] == [7] * 6
    assert grid.rows[5] == ("", "", "x", "x", "o", "", "")
    assert grid.rows[4] == ("", "", "", "o", "", "", "")
    assert not any(piece for row in grid.rows[:4] for piece in row)
    assert grid.caption == "x moves next"


def test_a_translation_is_shown_in_its_language() -> None:
    from zoo.text import Passage

    display, passage = task("translation").display, Passage("A dog.", "en", "de")
    row = {"target": "Ein Hund.", "text": "Hund."}
    assert display.input(passage) == Text("A dog.", "en")
    assert display.target(row, passage) == Text("Ein Hund.", "de")
    assert display.answer(row, None) == Text("Hund.")
