"""The contract of text-to-speech: good input, bad input, and what an answer must be."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import zoo
from tests.contract.case import Case
from zoo.audio import Audio
from zoo.data import Example
from zoo.errors import ZooError
from zoo.model import Model
from zoo.predictions import Speech


def _good_scripts(_: Model) -> list[Any]:
    return [
        "Hello.",
        "Dr. Smith paid $12.50 at 4:30 p.m. on March 5, 2024!",
        "Press 1 for sales.\n\nPress 2 for support; or hold...",
        "Mail jane.doe@example.com, or see https://www.example.com/a?b=c#d.",
        "<speak>Good <break time='1s'/><emphasis>morning</emphasis> &amp; welcome.</speak>",
        "Caf\u00e9 \U0001f600 \u4f60\u597d \u041f\u0440\u0438\u0432\u0435\u0442",
        "Tab\tand\x07bell\x1b[31m\x00.",
        "supercalifragilistic xqzt",
        "WE ARE CLOSED",
    ]


def _bad_scripts(_: Model) -> list[Any]:
    return [
        "",
        " \n\t",
        "...?!",
        "\U0001f600\U0001f600",
        "\x00\x07",
        "<speak></speak>",
        "word " * 20_000,
        None,
        7,
        b"Hello.",
        ["Hello."],
        {"text": "Hello."},
    ]


def _check_speech(prediction: Any) -> None:
    assert isinstance(prediction, Speech)
    assert prediction.samples.dtype == np.float32
    assert not prediction.samples.flags.writeable
    assert np.isfinite(prediction.samples).all()
    assert 0.1 < prediction.seconds < 60
    # Neither silent nor clipped, nor off the middle.
    assert 0.02 < np.abs(prediction.samples).max() <= 1
    assert np.mean(np.abs(prediction.samples) > 0.999) < 0.001
    assert abs(prediction.samples.mean()) < 0.01
    assert prediction.text


def _fit_synthesizer(model_class: type[Model]) -> None:
    """A few words of a formant synthesiser are learned, the same each time."""
    pytest.importorskip("espeakng_loader")
    if not hasattr(model_class, "tiny_options"):
        with pytest.raises(ZooError, match="does not learn"):
            model_class.fit([])
        return
    speaker = zoo.load("tts/formant-en")
    texts = [" ".join(words) + "." for words in itertools.permutations(("one", "two", "five"), 2)]

    def said(text: str) -> Audio:
        speech: Any = speaker.predict(text)
        return Audio(speech.samples, speech.rate).at(16_000)

    examples = [Example(text, said(text)) for text in texts]
    options = {"progress": False, **model_class.tiny_options()}
    learned = [model_class.fit(examples, examples[:2], seed=3, **options) for _ in range(2)]
    answers: list[list[Any]] = [list(one.predict_batch(texts[:2])) for one in learned]
    assert all(CASE.same(a, b) for a, b in zip(*answers, strict=True))
    for answer, example in zip(answers[0], examples, strict=False):
        _check_speech(answer)
        assert 0.3 < answer.seconds / example.recording.seconds < 3


CASE = Case(
    good=_good_scripts,
    bad=_bad_scripts,
    numbers=lambda prediction: [prediction.rate, *prediction.samples.tolist()],
    check=_check_speech,
    fit=_fit_synthesizer,
)
