from __future__ import annotations

from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest

from zoo.acoustics import distance
from zoo.audio import Audio
from zoo.data import Example
from zoo.errors import InputError
from zoo.tts.alignment import PAUSE, RATE, Aligner, Segment
from zoo.tts.contexts import FURTHEST, SYMBOLS, contexts, spoken_contexts
from zoo.tts.formant import FormantSynthesizer
from zoo.tts.pronunciation import BreathGroup, PronouncedWord, stressed
from zoo.tts.recordings import Recording
from zoo.tts.synthesizer import Sentence
from zoo.tts.unit_search import UnitSearch
from zoo.tts.unit_selection import UnitSelectionSynthesizer
from zoo.tts.units import Inventory

WORDS = {"sat": "S AE1 T", "me": "M IY1", "taste": "T EY1 S T", "emit": "IH0 M IH1 T"}
SENTENCES = [["sat", "me"], ["taste", "emit"], ["me", "emit", "sat"], ["emit", "taste", "me"]]


def word(text: str) -> PronouncedWord:
    return PronouncedWord(text, stressed(tuple(WORDS[text].split())))


def recording(words: list[str], random: np.random.Generator) -> Recording:
    segments = [Segment(PAUSE, -1, 0.0, 0.1)]
    for number, text in enumerate(words):
        for symbol in WORDS[text].split():
            end = segments[-1].end + random.uniform(0.06, 0.14)
            segments.append(Segment(symbol, number, segments[-1].end, end))
    segments.append(Segment(PAUSE, -1, segments[-1].end, segments[-1].end + 0.1))
    t = np.arange(round(segments[-1].end * RATE)) / RATE
    samples = np.zeros(len(t))
    for segment in segments:
        here = (t >= segment.start) & (t < segment.end)
        first = SYMBOLS.index(segment.symbol.rstrip("012"))
        if segment.symbol[-1].isdigit():
            tones = [200 * k * np.exp(-(((200 * k - 60 * first) / 900) ** 2)) for k in range(1, 9)]
            samples += here * sum(
                a / 2000 * np.sin(2 * np.pi * 200 * (k + 1) * t) for k, a in enumerate(tones)
            )
        elif segment.symbol != PAUSE:
            samples += here * 0.02 * random.standard_normal(len(t))
    return Recording(" ".join(words), (0.2 * samples).astype(np.float32), tuple(segments))


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    random = np.random.default_rng(4)
    return Inventory.of_recordings([recording(words, random) for words in SENTENCES])


def sentence(*groups: tuple[list[str], str]) -> Sentence:
    found = tuple(BreathGroup(tuple(map(word, words)), mark) for words, mark in groups)
    return Sentence("", 0.0, found)


@pytest.mark.parametrize("words", SENTENCES)
def test_what_was_recorded_is_said_as_it_was(inventory: Inventory, words: list[str]) -> None:
    search = UnitSearch(inventory)
    wanted = contexts([word(text).phones for text in words])
    assert (np.diff(search.select(wanted)) == 1).all()
    pieces = search.pieces(wanted)
    assert all(a.end == b.start for a, b in pairwise(pieces))


def test_something_new_is_put_together(inventory: Inventory) -> None:
    model = UnitSelectionSynthesizer(inventory)
    new = sentence((["taste", "sat"], ","), (["me"], "."))
    sound = model._speak(new)
    assert sound.dtype == np.float32
    assert 0.4 < len(sound) / RATE < 2.5
    assert 0.02 < np.abs(sound).max() <= 2 * np.abs(inventory.recorded.samples).max()
    assert np.array_equal(sound, model._speak(new))


def test_a_phone_that_was_never_spoken_is_stood_in_for(inventory: Inventory) -> None:
    pieces = UnitSearch(inventory).pieces(contexts([stressed(("Z", "UW1"))]))
    units = inventory.units
    taken = [int(np.flatnonzero(units.start == one.start)[-1]) for one in pieces]
    symbols = [SYMBOLS[int(units.context[one, 0])] for one in taken]
    assert symbols[:2] == ["S", "S"]
    assert [int(units.half[one]) for one in taken] == [0, 1, 0, 1]


def test_a_voice_is_learned_from_texts_and_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("espeakng_loader")
    speaker = FormantSynthesizer()

    def said(text: str) -> Audio:
        speech = speaker.predict(text)
        return Audio(speech.samples, speech.rate).at(RATE)

    texts = [f"{a} {b}." for a, b in permutations(("one", "two", "five"), 2)]
    examples = [Example(text, said(text)) for text in texts]
    model = UnitSelectionSynthesizer.fit(examples, rounds=(4,), progress=False, workspace=tmp_path)
    spoken = model.predict(texts[0])
    near, far = (distance(Audio(spoken.samples, RATE), examples[one].recording) for one in (0, -1))
    assert near.distortion / near.pairs < 0.7 * far.distortion / far.pairs

    def learn(*_: object) -> None:
        raise AssertionError("it was aligned already")

    monkeypatch.setattr(Aligner, "learn", learn)
    again = UnitSelectionSynthesizer.fit(examples, rounds=(4,), progress=False, workspace=tmp_path)
    assert np.array_equal(again.predict(texts[0]).samples, spoken.samples)
    (path,) = tmp_path.glob("alignment-*.json")
    path.write_text("{}")
    with pytest.raises(InputError, match="None of the recordings says what its text does"):
        UnitSelectionSynthesizer.fit(examples, rounds=(4,), progress=False, workspace=tmp_path)


@pytest.mark.parametrize(
    ("example", "words"),
    [
        (Example("One.", "two"), "Example 0: An example's target is a recording here; 'two' came"),
        (Example("...", Audio(np.zeros(RATE, np.float32), RATE)), "Example 0: The text holds no"),
    ],
)
def test_what_is_no_voice_is_refused(example: Example, words: str) -> None:
    with pytest.raises(InputError, match=words):
        UnitSelectionSynthesizer.fit([example], progress=False)
    with pytest.raises(InputError, match="no recordings to learn from"):
        UnitSelectionSynthesizer.fit([], progress=False)
    with pytest.raises(InputError, match="learns with no option 'depth'"):
        UnitSelectionSynthesizer.fit([example], depth=3, progress=False)


def test_a_stored_voice_says_the_same(inventory: Inventory) -> None:
    once = Inventory.of(inventory.arrays())
    again = Inventory.of(once.arrays())
    new = sentence((["taste", "sat"], "."))
    one, other = (UnitSelectionSynthesizer(each)._speak(new) for each in (once, again))
    assert np.array_equal(one, other)


def test_units_beyond_the_recordings_are_refused(inventory: Inventory) -> None:
    arrays = inventory.arrays()
    arrays["units.end"] = arrays["units.end"] + len(inventory.recorded.samples)
    with pytest.raises(ValueError, match="beyond the end"):
        Inventory.of(arrays)
    arrays["recordings"] = arrays["recordings"][:100]
    with pytest.raises(ValueError, match="cannot be read"):
        Inventory.of(arrays)


def test_contexts_of_a_group() -> None:
    found = contexts([word("emit").phones, word("me").phones])
    pause = SYMBOLS.index(PAUSE)
    assert [SYMBOLS[one.symbol] for one in found] == ["IH", "M", "IH", "T", "M", "IY"]
    assert (found[0].before, found[-1].after) == (pause, pause)
    assert [one.left for one in found] == [2, 1, 1, 1, 0, 0]
    assert [one.stress for one in found] == [0, 1, 1, 1, 1, 1]
    assert max(one.left for one in contexts([word("emit").phones] * 4)) == FURTHEST
    assert (found[0].progress, found[-1].progress) == (0.0, 1.0)


def test_a_short_pause_does_not_end_a_group() -> None:
    segments = [
        Segment("M", 0, 0.0, 0.1), Segment("IY1", 0, 0.1, 0.2), Segment(PAUSE, -1, 0.2, 0.22),
        Segment("M", 1, 0.22, 0.3), Segment("IY1", 1, 0.3, 0.4), Segment(PAUSE, -1, 0.4, 0.8),
    ]  # fmt: skip
    found = spoken_contexts(segments)
    assert [one.left for one in found] == [1, 1, 0, 0, 0, 0]
    assert SYMBOLS[found[1].after] == "M"
