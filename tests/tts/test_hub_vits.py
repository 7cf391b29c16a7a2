"""VITS from the Hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from tests import tiny_checkpoints  # noqa: F401 - makes transformers importable as a whole
from tests.tts.checkpoints import TEXT, edit, edit_arrays, load, refused, same
from zoo import cli
from zoo.errors import InputError


def test_vits_is_what_transformers_makes_of_the_checkpoint(folders: dict[str, Path]) -> None:
    network = transformers.VitsModel.from_pretrained(folders["vits"]).eval()
    tokenizer = transformers.VitsTokenizer.from_pretrained(folders["vits"])
    torch.manual_seed(7)
    with torch.inference_mode():
        expected = network(**tokenizer("hello world", return_tensors="pt")).waveform[0].numpy()
    assert np.array_equal(load(folders["vits"]).predict("Hello world", seed=7).samples, expected)


def test_vits_reads_weights_under_the_names_of_older_versions(spoilt: Any) -> None:
    expected = load(spoilt("vits")).predict(TEXT)

    def rename(arrays: dict[str, Any]) -> None:
        ends = {"original0": "weight_g", "original1": "weight_v"}
        for name in [name for name in arrays if "parametrizations" in name]:
            stem, _, end = name.partition(".parametrizations.weight.")
            arrays[f"{stem}.{ends[end]}"] = arrays.pop(name)

    folder = spoilt("vits-voices").parent / "vits"
    edit_arrays(folder, rename)
    assert same(load(folder).predict(TEXT), expected)


def test_pace_and_temperature(folders: dict[str, Path]) -> None:
    model = load(folders["vits"])
    normal = model.predict(TEXT)
    assert same(model.predict(TEXT, pace=1, temperature=1.0), normal)
    assert model.predict(TEXT, pace=0.5).seconds > 1.2 * normal.seconds
    assert model.predict(TEXT, pace=2.0).seconds < normal.seconds
    cold = model.predict(TEXT, temperature=0)
    assert same(cold, model.predict(TEXT, temperature=0.0, seed=9))
    assert not same(cold, normal)
    assert same(model.predict(TEXT), normal)  # no option outlasts its call


def test_speakers(folders: dict[str, Path]) -> None:
    model = load(folders["vits-voices"])
    sounds = [model.predict("Hello.", speaker=one) for one in range(3)]
    assert same(sounds[0], model.predict("Hello."))
    assert not any(same(sounds[one], sounds[one - 1]) for one in range(3))
    network = transformers.VitsModel.from_pretrained(folders["vits-voices"]).eval()
    tokenizer = transformers.VitsTokenizer.from_pretrained(folders["vits-voices"])
    torch.manual_seed(0)
    with torch.inference_mode():
        expected = network(**tokenizer("hello.", return_tensors="pt"), speaker_id=2).waveform[0]
    assert np.array_equal(sounds[2].samples, expected.numpy())
    for bad in (3, -1, 1.0, True, "Anna", None):
        with pytest.raises(InputError, match="speaker is a whole number from 0 to 2"):
            model.predict("Hello.", speaker=bad)
    with pytest.raises(InputError, match="takes no speaker, for it has one only; 0 came"):
        load(folders["vits"]).predict("Hello.", speaker=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pace": 0}, "pace is a number from 0.5 to 2; 0 came"),
        ({"pace": float("nan")}, "pace is a number from 0.5 to 2; nan came"),
        ({"temperature": -0.1}, "temperature is a number from 0 to 2; -0.1 came"),
        ({"temperature": "hot"}, "temperature is a number from 0 to 2; 'hot' came"),
    ],
)
def test_bad_options(folders: dict[str, Path], options: dict[str, Any], words: str) -> None:
    model = load(folders["vits"])
    with pytest.raises(InputError, match=words):
        model.predict("Hello.", **options)
    with pytest.raises(InputError, match=words):
        model.stream("Hello.", **options)


def test_other_languages_are_spelled_in_the_signs_of_the_checkpoint(
    folders: dict[str, Path],
) -> None:
    model = load(folders["vits-de"])
    text = "Grüße aus Köln. Zimmer 3!"
    assert same(model.predict(text), model.predict("grüße aus köln.\nzimmer 3!"))
    assert same(model.predict("Café"), model.predict("Cafe"))
    assert same(model.predict("Привет"), model.predict("Privet"))
    for sign in "€%":
        with pytest.raises(InputError, match=f"no sign for '{sign}': write numbers and units"):
            model.predict(f"zwei {sign}")
    with pytest.raises(InputError, match="no sign for '4': write numbers and units in words"):
        model.predict("Zimmer 14.")
    with pytest.raises(InputError, match="no sign for '½'"):
        model.predict("½")
    assert not same(model.predict("3 gut"), model.predict("drei gut"))
    assert same(model.predict("&lt;unk&gt; &lt;pad&gt;"), model.predict("unk pad"))
    with pytest.raises(InputError, match="no sign for 'ー': it speaks another script"):
        model.predict("ー")  # a letter of which nothing remains


def test_a_checkpoint_of_another_script_loses_no_words(spoilt: Any) -> None:
    folder = spoilt("vits-de")
    signs = {sign: i for i, sign in enumerate("кабвгдежзийлмнопрстуфхцчшщъыьэюя '-_")}
    (folder / "vocab.json").write_text(json.dumps(signs))
    edit(folder / "tokenizer_config.json", language="rus", pad_token="к")
    model = load(folder)
    assert model.language == "ru"
    assert model.predict("Привет").seconds > 0
    with pytest.raises(InputError, match="no sign for 'H': it speaks another script"):
        model.predict("Привет Hello")
    with pytest.raises(InputError, match="nothing that can be spoken"):
        model.predict(" - ")


def test_sentences_end_as_in_the_language_of_the_checkpoint(folders: dict[str, Path]) -> None:
    model = load(folders["vits-de"])
    assert model.language == "de"
    parts = [one.text for one in model.stream("Er hat es usw. gesehen. Am dritten Mai kam er.")]
    assert [one for one in parts if one] == ["Er hat es usw. gesehen.", "Am dritten Mai kam er."]


@pytest.mark.parametrize("blanks", [True, False])
def test_tokens_are_the_tokenizers_own(spoilt: Any, blanks: bool) -> None:
    folder = spoilt("vits")
    edit(folder / "tokenizer_config.json", add_blank=blanks)
    model = load(folder)
    for text in ("hello world.", "it's like this", "one, two"):
        assert model._ids(text) == model.tokenizer(text).input_ids
    assert model._ids("ok") == ([0, 14, 0, 0, 0] if blanks else [14, 0])
    assert model._ids("...") == []


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("is_uroman", "takes texts romanised by uroman, which is not carried here"),
        ("phonemize", "takes texts in phones by phonemizer, which is not carried here"),
    ],
)
def test_texts_in_forms_that_are_not_carried(spoilt: Any, flag: str, words: str) -> None:
    folder = spoilt("vits")
    edit(folder / "tokenizer_config.json", **{flag: True})
    refused(folder, words)


def test_more_signs_than_the_network_knows(spoilt: Any) -> None:
    folder = spoilt("vits")
    edit(folder / "vocab.json", **{"é": 40})
    refused(folder, "a sign of number 40 for a network that knows 34")


def test_options_on_the_command_line(
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "said.flac"
    arguments = ["zoo", "predict", str(folders["vits-voices"]), TEXT, "--device", "cpu"]
    options = ["--option", "speaker=2", "--option", "pace=1.5", "--save", str(out)]
    monkeypatch.setattr("sys.argv", [*arguments, *options])
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    expected = load(folders["vits-voices"]).predict(TEXT, speaker=2, pace=1.5)
    expected.save(tmp_path / "expected.flac")
    assert out.read_bytes() == (tmp_path / "expected.flac").read_bytes()
