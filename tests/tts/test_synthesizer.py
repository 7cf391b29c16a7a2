"""What all synthesisers share: sentences, pauses, long texts, speech as it is made."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zoo.errors import InputError
from zoo.tts.formant import FormantSynthesizer
from zoo.tts.synthesizer import EnglishSynthesizer, Sentence, Synthesizer

RATE = 8000


class Beeps(Synthesizer):
    """A tenth of a second for each letter; loud beyond measure if asked."""

    predict_options = frozenset({"loud"})
    rate = RATE  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def _speak(self, sentence: Sentence, *, loud: bool = False) -> NDArray[np.float32]:
        self.asked.append(sentence.text)
        count = sum(map(str.isalnum, sentence.text)) * RATE // 10
        return np.full(count, 3.0 if loud else 0.25, np.float32)


class Told(EnglishSynthesizer, Beeps):
    """The same of what is pronounced."""


def test_sentences_are_spoken_one_by_one_with_pauses_between() -> None:
    model = Beeps()
    speech = model.predict("Pi is 3.14.  Go!\nBye")
    assert model.asked == ["Pi is 3.14.", "Go!", "Bye"]
    assert speech.text == "Pi is 3.14.  Go!\nBye"
    assert speech.seconds == pytest.approx(0.7 + 0.45 + 0.2 + 0.45 + 0.3)
    silent = speech.samples == 0
    assert silent.sum() == round(2 * 0.45 * RATE)
    assert not silent[0]
    assert not silent[-1]


def test_a_stream_is_the_same_in_parts() -> None:
    model = Beeps()
    text = "One two. Three! Four five six?"
    parts = list(model.stream(text))
    whole = model.predict(text)
    assert np.array_equal(np.concatenate([one.samples for one in parts]), whole.samples)
    assert [one.text for one in parts if one.text] == ["One two.", "Three!", "Four five six?"]


def test_a_stream_speaks_no_sooner_than_it_is_asked() -> None:
    model = Beeps()
    stream = model.stream("One. Two. Three.")
    assert model.asked == []
    next(stream)
    assert model.asked == ["One."]


def test_a_stream_refuses_at_once() -> None:
    with pytest.raises(InputError, match="nothing that can be spoken"):
        Beeps().stream("...")
    with pytest.raises(InputError, match="no option 'quiet'"):
        Beeps().stream("One.", quiet=True)


def test_what_comes_out_as_no_sound_is_refused() -> None:
    class Mute(Beeps):
        def _speak(self, sentence: Sentence, *, loud: bool = False) -> NDArray[np.float32]:
            return super()._speak(sentence)[: 0 if "\u0966" in sentence.text else None]

    for text in ("\u0966", "\u0966.\n\u0966."):
        with pytest.raises(InputError, match="nothing that can be spoken"):
            Mute().predict(text)
        with pytest.raises(InputError, match="nothing that can be spoken"):
            list(Mute().stream(text))
    text = "\u0966.\nOne."
    heard = Mute().predict(text).samples
    assert heard.any()
    assert np.array_equal(np.concatenate([one.samples for one in Mute().stream(text)]), heard)


def test_what_espeak_cannot_say_is_refused() -> None:
    pytest.importorskip("espeakng_loader")
    for text in ("\u096a\u096b", "\u2460", "\uabc0\uabc1"):
        with pytest.raises(InputError, match="nothing that can be spoken"):
            FormantSynthesizer().predict(text)


def test_a_long_text_is_for_a_stream() -> None:
    model = Beeps()
    text = "Some words. " * 2000
    with pytest.raises(InputError, match=r"at most 20,000 characters; 24,000 came: .* a stream\.$"):
        model.predict(text)
    assert next(model.stream(text)).text == "Some words."
    with pytest.raises(InputError, match="at most 100,000 characters; 120,000 came"):
        model.stream(text * 5)


def test_a_sentence_without_end_is_cut() -> None:
    model = Beeps()
    model.predict("word " * 300)
    assert len(model.asked) > 1
    assert max(map(len, model.asked)) <= 400
    assert " ".join(model.asked).split() == ["word"] * 300


def test_what_is_too_loud_is_held_within_full_scale() -> None:
    assert Beeps().predict("One.", loud=True).samples.max() == 1.0


def test_english_comes_pronounced() -> None:
    model = Told()
    speech = model.predict("Call 911, Mr. Bell. " + "Now and then, " * 20)
    assert model.asked[0] == "call nine one one mister bell."
    assert all(len(text.split()) <= 60 for text in model.asked)
    assert speech.text.startswith("Call 911")
    (first, *_) = model._sentences("Yes, no. Maybe?")
    assert [(group.mark, len(group.words)) for group in first.groups] == [(",", 1), (".", 1)]
    assert first.pause == 0.45
