"""CMU Sphinx: known answers, grammars, keywords, and that it forgets what it heard before."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import listening
from zoo.audio import Audio
from zoo.errors import DataNotFoundError, InputError, MissingDependencyError, ZooError
from zoo.speech import pocketsphinx as sphinx

pytest.importorskip("pocketsphinx")

NAME = "speech/pocketsphinx-en"
HEAD = "#JSGF V1.0;\ngrammar test;\n"
AGENT = HEAD + (
    "public <all> = <enter> | agent logged (in | off) | thank you;\n"
    "<enter> = please enter your (password | agent number) [followed by the pound key];\n"
)
AGENT_SENTENCES = {
    "",
    "thank you",
    "agent logged in",
    "agent logged off",
    *(
        f"please enter your {what}{end}"
        for what in ("password", "agent number")
        for end in ("", " followed by the pound key")
    ),
}
KEYWORDS = {"pound key": 1e-30, "agent": 1e-10, "password": 1e-20}


def noise(seed: int, seconds: float, loudness: float = 0.1) -> Audio:
    """Noise that comes and goes four times a second, as syllables do."""
    time = np.arange(round(seconds * sphinx.RATE)) / sphinx.RATE
    random = np.random.default_rng(seed).normal(0, loudness, len(time))
    return Audio((random * np.sin(4 * np.pi * time)).astype(np.float32), sphinx.RATE)


SOUNDS: tuple[Audio, ...] = (
    *(noise(seed, 1.0, loudness) for seed, loudness in enumerate((0.3, 0.02, 0.001))),
    Audio(np.zeros(16000, np.float32), 16000),
    noise(3, 0.011),
    Audio(np.full(1, 0.5, np.float32), 16000),
)


@pytest.fixture(scope="module")
def general() -> Any:
    return zoo.load(NAME)


@pytest.fixture(scope="module")
def spotter() -> Any:
    return zoo.load(NAME, keywords=KEYWORDS)


@pytest.fixture(scope="module")
def commands() -> Any:
    return zoo.load(NAME, grammar=AGENT)


@pytest.fixture(scope="module")
def prompts() -> dict[str, Audio]:
    """Real speech with its text, where that is installed."""
    try:
        examples = zoo.data_set("asterisk-en").examples("test")
    except DataNotFoundError as error:
        pytest.skip(str(error))
    found = {one.target: one.input for one in islice(examples, 24)}
    return {text: audio for text, audio in found.items() if audio.seconds < 6}


def joined(one: Audio, other: Audio) -> Audio:
    """Two sounds at the model's rate with a second of near silence between them."""
    pause = np.random.default_rng(0).normal(0, 1e-4, sphinx.RATE).astype(np.float32)
    return Audio(np.concatenate([one.samples, pause, other.samples]), sphinx.RATE)


@pytest.fixture(scope="module")
def transcripts(general: Any, prompts: dict[str, Audio]) -> dict[str, Any]:
    return dict(zip(prompts, general.predict_batch(prompts.values()), strict=True))


# --- what it hears --------------------------------------------------------------------------------


def test_clear_prompts_are_transcribed(transcripts: dict[str, Any]) -> None:
    for text in ("All circuits are busy now.", "Your call cannot be completed as dialed."):
        heard = transcripts[text]
        assert heard.text == text.lower().rstrip(".")
        assert 0.2 < heard.confidence < 1
        assert heard.words[0].start < 0.5
        assert heard.words[-1].end > heard.seconds - 0.7


def test_half_of_the_words_at_least_are_right(transcripts: dict[str, Any]) -> None:
    import jiwer

    from zoo.text import plain_words

    heard = [transcript.text for transcript in transcripts.values()]
    assert jiwer.wer([plain_words(text) for text in transcripts], heard) < 0.5


def test_marks_of_the_dictionary_and_fillers_are_no_text(transcripts: dict[str, Any]) -> None:
    for heard in transcripts.values():
        assert not set(heard.text) & set("<>[]()0123456789")
        assert heard.text == " ".join(word.text for word in heard.words)


def test_silence_and_steady_noise_are_no_words(general: Any) -> None:
    steady = np.random.default_rng(0).normal(0, 0.05, 32_000).astype(np.float32)
    for samples in (np.zeros(32_000, np.float32), steady):
        heard = general.predict((samples, 16_000))
        assert (heard.text, heard.words, heard.confidence, heard.seconds) == ("", (), 0.0, 2.0)


def test_too_short_for_a_word_is_no_word(general: Any, spotter: Any, commands: Any) -> None:
    for model in (general, spotter, commands):
        assert [model.predict(sound).text for sound in SOUNDS[-2:]] == ["", ""]


def test_long_sound_is_told_in_its_own_time(
    general: Any, prompts: dict[str, Audio], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["All circuits are busy now.", "Your call cannot be completed as dialed."]
    both = joined(prompts[texts[0]], prompts[texts[1]])
    monkeypatch.setattr(listening, "LONGEST", 0.7 * both.seconds)
    assert len(list(sphinx.pieces(both.samples))) == 2
    heard = general.predict(both)
    assert heard.text.endswith("busy now " + texts[1].lower().rstrip("."))
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times)
    second = next(word for word in heard.words if word.text == "your")
    assert second.start == pytest.approx(prompts[texts[0]].seconds + 1.0, abs=0.5)


# --- nothing is carried over ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"keywords": KEYWORDS}, {"grammar": AGENT}], ids=["general", "keywords", "jsgf"]
)
def test_an_answer_is_that_of_a_new_model(options: dict[str, Any]) -> None:
    used = zoo.load(NAME, **options)
    used.predict_batch(SOUNDS[1:])
    assert used.predict(SOUNDS[0]) == zoo.load(NAME, **options).predict(SOUNDS[0])


def test_speech_before_changes_nothing(
    general: Any, spotter: Any, commands: Any, prompts: dict[str, Audio]
) -> None:
    sounds = list(prompts.values())[:3]
    for model in (general, spotter, commands):
        forward = model.predict_batch(sounds)
        assert model.predict_batch(sounds[::-1]) == forward[::-1]
        assert [model.predict(sound) for sound in sounds] == forward


def test_several_models_do_not_disturb_each_other(
    general: Any, spotter: Any, commands: Any, prompts: dict[str, Audio]
) -> None:
    sound = prompts["Agent logged in."]
    first = [model.predict(sound) for model in (general, spotter, commands)]
    zoo.load(NAME, grammar=HEAD + "public <a> = yes | no;")
    assert [model.predict(sound) for model in (general, spotter, commands)] == first


# --- grammars -------------------------------------------------------------------------------------


def test_a_grammar_hears_its_sentences(commands: Any, prompts: dict[str, Audio]) -> None:
    for text in ("Agent logged in.", "Please enter your password followed by the pound key."):
        assert commands.predict(prompts[text]).text == text.lower().rstrip(".")


def test_nothing_but_sentences_of_the_grammar_is_heard(
    commands: Any, prompts: dict[str, Audio]
) -> None:
    for heard in commands.predict_batch([*prompts.values(), *SOUNDS]):
        assert heard.text in AGENT_SENTENCES


def test_noise_is_a_sentence_of_the_grammar_or_nothing(commands: Any) -> None:
    assert {heard.text for heard in commands.predict_batch(SOUNDS)} <= AGENT_SENTENCES


@pytest.mark.parametrize("name", ["rules.gram", "rules.jsgf"])
def test_a_grammar_is_read_from_a_file(commands: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(AGENT, encoding="utf-8")
    answers = commands.predict_batch(SOUNDS)
    assert zoo.load(NAME, grammar=path).predict_batch(SOUNDS) == answers
    assert zoo.load(NAME, grammar=str(path)).predict_batch(SOUNDS) == answers


# --- keywords -------------------------------------------------------------------------------------


def test_keywords_are_spotted_where_they_are(spotter: Any, prompts: dict[str, Audio]) -> None:
    heard = spotter.predict(prompts["Please enter your password followed by the pound key."])
    assert heard.text == "password pound key"
    assert [word.text for word in heard.words] == ["password", "pound key"]
    assert 0.5 < heard.words[0].start < heard.words[0].end <= heard.words[1].start
    # The very end of a sound counts too.
    assert heard.words[1].end > heard.seconds - 0.5
    assert spotter.predict(prompts["All circuits are busy now."]).text == ""


def test_a_smaller_threshold_finds_more(prompts: dict[str, Audio]) -> None:
    sounds = list(prompts.values())[:8]
    found = [
        sum(len(one.words) for one in zoo.load(NAME, keywords={"agent": t}).predict_batch(sounds))
        for t in (1e-50, 1e-10, 1e20)
    ]
    assert found[0] > found[1] > found[2]


def test_keywords_may_be_a_list_in_any_case() -> None:
    one, other = zoo.load(NAME, keywords=["Pound  KEY"]), zoo.load(NAME, keywords=["pound key"])
    assert one.predict_batch(SOUNDS) == other.predict_batch(SOUNDS)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"grammar": AGENT, "keywords": ["agent"]}, "both came"),
        ({"grammar": "yes | no"}, "syntax error"),
        ({"grammar": ""}, "expecting HEADER"),
        ({"grammar": HEAD + "public <a> = (yes | no;"}, "syntax error"),
        ({"grammar": HEAD + "<a> = yes;"}, "No public rules"),
        ({"grammar": HEAD + "public <a> = yes; public <b> = no;"}, "one public rule; 2 came"),
        ({"grammar": HEAD + "public <a> = yes | <b>;"}, "Undefined rule in RHS: <test.b>"),
        ({"grammar": HEAD + "public <a> = <a> yes | no;"}, "Only right-recursion"),
        ({"grammar": HEAD + "public <a> = <VOID>;"}, "no sentence"),
        ({"grammar": HEAD + "public <a> = yes | floopydoop | YES;"}, "'YES', 'floopydoop'; near"),
        ({"grammar": "no-such-file.gram"}, "'no-such-file.gram' cannot be read"),
        ({"grammar": 7}, "int came"),
        ({"keywords": "yes"}, "'yes' came"),
        ({"keywords": []}, "none came"),
        ({"keywords": [" "]}, "' ' came"),
        ({"keywords": [7]}, "7 came"),
        ({"keywords": [["yes"]]}, "came"),
        ({"keywords": {"yes": 0}}, "0 came for 'yes'"),
        ({"keywords": {"yes": float("nan")}}, "nan came"),
        ({"keywords": {"yes": "low"}}, "'low' came"),
        ({"keywords": ["busy zzyx conferense"]}, "'conferense', 'zzyx'; near .* conference"),
        ({"keywords": ["<sil>"]}, "'<sil>'"),
        ({"keywords": ["read(2)"]}, "Not in the dictionary"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        zoo.load(NAME, **options)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_it_works_on_after_a_refusal(spotter: Any) -> None:
    before = spotter.predict(SOUNDS[0])
    with pytest.raises(InputError):
        zoo.load(NAME, grammar=HEAD + "public <a> = (;")
    assert spotter.predict(SOUNDS[0]) == before


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'software-zoo\[speech\]'"):
        zoo.load(NAME)


def test_it_has_nothing_to_save(general: Any, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="no weights"):
        general.save(tmp_path / "saved")


def test_it_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    for options in ({}, {"keywords": ["agent"]}, {"grammar": AGENT}):
        zoo.load(NAME, **options).predict_batch(SOUNDS)
    with pytest.raises(InputError):
        zoo.load(NAME, grammar=HEAD + "public <a> = (;")
    assert capfd.readouterr() == ("", "")


# --- cutting --------------------------------------------------------------------------------------


def test_short_sound_is_one_piece() -> None:
    samples = noise(0, 1.0).samples
    ((start, piece),) = sphinx.pieces(samples)
    assert start == 0
    assert piece is samples or np.array_equal(piece, samples)


def test_long_sound_is_cut_in_its_pauses() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 100 * sphinx.RATE).astype(np.float32)
    pauses = (5.0, 21.0, 44.0, 70.0)
    for pause in pauses:
        samples[round(pause * sphinx.RATE) : round((pause + 0.5) * sphinx.RATE)] *= 0.001
    found = list(sphinx.pieces(samples))
    assert np.array_equal(np.concatenate([piece for _, piece in found]), samples)
    assert all(len(piece) <= listening.LONGEST * sphinx.RATE for _, piece in found)
    cuts = [start / sphinx.RATE for start, _ in found[1:]]
    assert [any(0 < cut - pause < 0.5 for pause in pauses) for cut in cuts[:3]] == [True] * 3
    assert [start for start, _ in found] == np.cumsum([0, *(len(p) for _, p in found)])[
        :-1
    ].tolist()


def test_an_hour_is_cut_to_pieces_without_a_pause() -> None:
    found = list(sphinx.pieces(np.zeros(3600 * sphinx.RATE, np.float32)))
    assert sum(len(piece) for _, piece in found) == 3600 * sphinx.RATE
    assert all(0 < len(piece) <= listening.LONGEST * sphinx.RATE for _, piece in found)
