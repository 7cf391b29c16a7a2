"""What a prediction says of itself."""

from __future__ import annotations

import base64
import copy
import dataclasses
import io
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from zoo.errors import InputError, ResultsError
from zoo.predictions import Classification, Phrase, Prediction, Speech, Translation

THREE = Classification(("cat", "dog", "<owl>"), (0.25, 0.125, 0.625))


def test_the_answer_is_the_most_probable_label() -> None:
    assert isinstance(THREE, Prediction)
    assert THREE.label == "<owl>"
    assert THREE.confidence == 0.625
    assert list(THREE.scores.items()) == [("<owl>", 0.625), ("cat", 0.25), ("dog", 0.125)]
    assert THREE.top(2) == [("<owl>", 0.625), ("cat", 0.25)]
    assert THREE.top(99) == list(THREE.scores.items())
    assert THREE.top(0) == []


def test_of_equals_the_first_in_the_models_order_is_named() -> None:
    tie = Classification(("z", "a", "m"), (0.4, 0.4, 0.2))
    assert tie.label == "z"
    assert [label for label, _ in tie.top()] == ["z", "a", "m"]


def test_it_prints_its_answer_first() -> None:
    assert str(THREE) == "<owl> 62.5%  (then cat 25.0%, dog 12.5%)"
    assert str(Classification(("only",), (1.0,))) == "only 100.0%"
    assert repr(THREE) == "Classification(label='<owl>', confidence=0.6250)"


def test_a_thousand_classes_do_not_hide_the_answer() -> None:
    many = Classification(tuple(map(str, range(1000))), (0.5, *[0.5 / 999] * 999))
    assert max(len(str(many)), len(repr(many))) < 80
    assert many._repr_html_().count("<tr>") == 5


def test_the_notebook_shows_labels_as_text() -> None:
    html = THREE._repr_html_()
    assert "&lt;owl&gt;" in html
    assert "<owl>" not in html
    assert html.index("owl") < html.index("cat") < html.index("dog")


def test_scripts_get_json() -> None:
    again = json.loads(json.dumps(THREE.to_dict()))
    assert again == {
        "label": "<owl>",
        "confidence": 0.625,
        "scores": {"<owl>": 0.625, "cat": 0.25, "dog": 0.125},
    }


def test_it_is_a_value() -> None:
    assert Classification(THREE.labels, THREE.probabilities) == THREE
    assert len({THREE, copy.deepcopy(THREE), pickle.loads(pickle.dumps(THREE))}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        THREE.labels = ()  # type: ignore[misc]


def test_a_translation_prints_its_text_and_shows_its_phrases() -> None:
    phrases = (Phrase("a <dog>", "ein <Hund>", {"language model": -2.0, "phrase": -0.5}),)
    one = Translation("ein <Hund>", "en", "de", -2.5, phrases)
    assert str(one) == "ein <Hund>"
    assert one.to_dict()["phrases"] == [
        {
            "source": "a <dog>",
            "target": "ein <Hund>",
            "scores": {"language model": -2.0, "phrase": -0.5},
        }
    ]
    assert "phrases" not in Translation("ja", "en", "de", 0.0).to_dict()
    page = one._repr_html_()
    assert "ein &lt;Hund&gt;" in page
    assert "-2.50" in page


# --- speech ---------------------------------------------------------------------------------------

TONE = np.asarray(0.5 * np.sin(np.arange(8000) / 8), np.float32)


def test_speech_knows_its_length_and_cannot_be_changed() -> None:
    speech = Speech(TONE, 16_000, "La <la>")
    assert speech.seconds == 0.5
    assert str(speech) == "0.50 s of speech at 16,000 Hz"
    assert repr(speech) == "Speech(0.50 s at 16,000 Hz)"
    facts = {"text": "La <la>", "seconds": 0.5, "rate": 16_000, "samples": 8000, "peak": 0.5}
    assert json.loads(json.dumps(speech.to_dict())) == facts
    with pytest.raises(ValueError, match="read-only"):
        speech.samples[0] = 1
    assert TONE.flags.writeable
    for wrong in (TONE.astype(float), TONE[None]):
        with pytest.raises(ValueError, match=r"Speech is \[N\] float32"):
            Speech(wrong, 16_000)


@pytest.mark.parametrize(("name", "close"), [("x.wav", 4e-5), ("x.FLAC", 4e-5), ("x.ogg", 0.1)])
def test_speech_is_saved_by_its_suffix(tmp_path: Path, name: str, close: float) -> None:
    Speech(TONE, 16_000).save(tmp_path / "new" / name)
    samples, rate = soundfile.read(tmp_path / "new" / name)
    assert rate == 16_000
    assert samples == pytest.approx(TONE, abs=close)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_speech_is_not_saved_as_anything_else(tmp_path: Path) -> None:
    for name in ("x.doc", "x"):
        with pytest.raises(InputError, match=r"\.wav, \.flac, \.ogg, \.mp3; 'x"):
            Speech(TONE, 16_000).save(tmp_path / name)
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        Speech(TONE, 16_000).save(tmp_path / "file" / "x.wav")


def test_speech_plays_in_a_notebook() -> None:
    page = Speech(TONE, 16_000, "La <la>")._repr_html_()
    assert "<p>La &lt;la&gt;</p>" in page
    found = re.search(r"<audio controls src='data:audio/wav;base64,([^']+)'", page)
    assert found is not None
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(found[1])))
    assert samples == pytest.approx(TONE, abs=4e-5)
