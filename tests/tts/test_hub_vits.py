"""VITS from the Hub, and what all synthesisers from there share."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from tests import tiny_checkpoints  # noqa: F401 - makes transformers importable as a whole
from tests.tts.checkpoints import edit, edit_arrays, load, refused, same
from zoo import cli, hub
from zoo.entries import Generation
from zoo.errors import InputError, WeightsError
from zoo.imports import import_attribute
from zoo.tts.hub_models import ADAPTERS, HUB_MODELS
from zoo.tts.speecht5 import TransformersSpeechT5Synthesizer
from zoo.tts.transformers import TransformersVitsSynthesizer

BOTH = ["vits", "speecht5"]
TEXT = "Press one for sales, or two. Hold on! Bye"


# --- both kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", BOTH)
def test_a_seed_tells_the_sound(folders: dict[str, Path], architecture: str) -> None:
    model = load(folders[architecture])
    texts = [TEXT, "Hello.", "One two three four five."]
    first = [model.predict(text) for text in texts]
    assert all(one.rate == model.rate == 16_000 for one in first)
    assert all(map(same, first, model.predict_batch(texts[::-1])[::-1]))
    torch.manual_seed(5)  # what others draw has no part in it,
    assert same(model.predict(TEXT, seed=0), first[0])
    assert torch.initial_seed() == 5  # nor has it one in theirs
    assert not same(model.predict(TEXT, seed=1), first[0])
    assert same(model.predict(TEXT, seed=2**70), model.predict(TEXT, seed=2**70))


@pytest.mark.parametrize("architecture", BOTH)
def test_others_draw_what_they_would_have_drawn(
    folders: dict[str, Path], architecture: str
) -> None:
    model = load(folders[architecture])
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    model.predict("Hello.")
    assert torch.equal(torch.rand(4), expected)


def test_threads_do_not_disturb_each_other(folders: dict[str, Path]) -> None:
    model = load(folders["vits"])
    expected = model.predict(TEXT)
    loudness = transformers.logging.get_verbosity()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(model.predict(TEXT))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 4
    assert all(same(one, expected) for one in found)
    assert transformers.logging.get_verbosity() == loudness


def test_other_devices_draw_as_before(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    load(folders["vits"]).predict("Hello.", seed=7)
    assert seeded == []


@pytest.mark.parametrize("architecture", BOTH)
def test_long_texts_are_spoken_sentence_by_sentence(
    folders: dict[str, Path], architecture: str
) -> None:
    model = load(folders[architecture])
    whole = model.predict(TEXT)
    parts = [model.predict(text).samples for text in ("Press one for sales, or two.", "Hold on!")]
    pause = np.zeros(round(0.45 * model.rate), np.float32)
    expected = np.concatenate([parts[0], pause, parts[1], pause, model.predict("Bye").samples])
    assert np.array_equal(whole.samples, expected)
    streamed = list(model.stream(TEXT))
    assert np.array_equal(np.concatenate([one.samples for one in streamed]), expected)
    assert [one.text for one in streamed if one.text] == [
        "press one for sales, or two.",
        "hold on!",
        "bye",
    ]


@pytest.mark.parametrize("architecture", BOTH)
def test_figures_are_read(folders: dict[str, Path], architecture: str) -> None:
    model = load(folders[architecture])
    assert same(model.predict("Room 45 at 4:30."), model.predict("Room forty five at four thirty."))


@pytest.mark.parametrize("architecture", BOTH)
def test_saved_and_loaded_it_speaks_the_same(
    folders: dict[str, Path], architecture: str, tmp_path: Path
) -> None:
    model = load(folders[architecture])
    model.save(tmp_path / "copy")
    model.save(tmp_path / "copy")  # over itself
    again = load(tmp_path / "copy")
    assert type(again) is type(model)
    assert same(again.predict(TEXT, seed=4), model.predict(TEXT, seed=4))


@pytest.mark.parametrize("architecture", BOTH)
def test_bad_input_is_refused_before_the_network_runs(
    folders: dict[str, Path], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders[architecture])
    monkeypatch.setattr(model.network, "forward", None)
    for text in ("", "...?!", "\U0001f600"):
        with pytest.raises(InputError, match="nothing that can be spoken"):
            model.predict(text)
    with pytest.raises(InputError, match="no option 'pitch'"):
        model.predict("Hello.", pitch=2)
    for seed in (-1, 1.5, "x", True):
        with pytest.raises(InputError, match="seed is a whole number from 0 on"):
            model.predict("Hello.", seed=seed)


@pytest.mark.parametrize("architecture", BOTH)
def test_everything_is_silent(
    spoilt: Any,
    architecture: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = spoilt(architecture)
    said: list[logging.LogRecord] = []
    ear = logging.Handler()
    monkeypatch.setattr(ear, "emit", said.append)
    monkeypatch.setattr(logging.getLogger("transformers"), "handlers", [ear])
    model = load(folder)
    model.predict("Hello.")
    model.save(tmp_path / "copy")
    assert said == []
    assert capfd.readouterr() == ("", "")


# --- VITS -----------------------------------------------------------------------------------------


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


# --- broken and foreign folders -------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("architecture", "tokenizer", "array"),
    [
        ("vits", "vocab.json", "text_encoder.project.weight"),
        ("speecht5", "spm_char.model", "speech_decoder_postnet.feat_out.weight"),
    ],
)
def test_broken_folders(spoilt: Any, architecture: str, tokenizer: str, array: str) -> None:
    folder = spoilt(architecture)
    content = (folder / tokenizer).read_bytes()
    (folder / tokenizer).write_bytes(b"{")
    refused(folder, "cannot be loaded")
    (folder / tokenizer).unlink()
    refused(folder, f"has no {tokenizer}, so nobody knows which tokens its texts are of")
    (folder / tokenizer).write_bytes(content)

    arrays = (folder / "model.safetensors").read_bytes()
    edit_arrays(folder, lambda arrays: np.copyto(arrays[array][..., 0], np.nan))
    refused(folder, f"has numbers that are not finite, in {array}")
    edit_arrays(folder, lambda arrays: arrays.pop(array))
    refused(folder, f"lacks 1 of the arrays that .* needs, among them {array}")
    (folder / "model.safetensors").write_bytes(arrays[:-100])
    refused(folder, "cannot be loaded")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused(folder, "no safetensors weights; other formats can run code and are not loaded")


def test_more_signs_than_the_network_knows(spoilt: Any) -> None:
    folder = spoilt("vits")
    edit(folder / "vocab.json", **{"é": 40})
    refused(folder, "a sign of number 40 for a network that knows 34")


def test_code_in_the_folder_is_not_run(spoilt: Any, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    for architecture in BOTH:
        folder = spoilt(architecture)
        (folder / "trap.py").write_text(f"import pathlib\npathlib.Path({str(trap)!r}).touch()\n")
        names = ("AutoConfig", "AutoModelForTextToWaveform", "AutoModelForTextToSpectrogram")
        edit(folder / "config.json", auto_map=dict.fromkeys(names, "trap.Trap"))
        edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["trap.Trap", None]})
        assert load(folder).predict("Hello.").seconds > 0
    assert not trap.exists()


@pytest.mark.parametrize(
    ("architecture", "model_type"),
    [
        ("BarkModel", "bark"),
        ("FastSpeech2ConformerWithHifiGan", "fastspeech2_conformer_with_hifigan"),
        ("MusicgenForConditionalGeneration", "musicgen"),
        ("SpeechT5ForSpeechToText", "speecht5"),
        ("SpeechT5HifiGan", "hifigan"),
        ("VitsModel", None),
    ],
)
def test_other_kinds_of_checkpoints_are_not_taken(
    tmp_path: Path, architecture: str, model_type: str | None
) -> None:
    config = {"architectures": [architecture], "model_type": model_type}
    (tmp_path / "config.json").write_text(json.dumps(config))
    refused(tmp_path, r"known end in .*VitsModel of type vits, ForTextToSpeech of type speecht5")
    for one in (TransformersVitsSynthesizer, TransformersSpeechT5Synthesizer):
        with pytest.raises(WeightsError, match="holds no speech synthesiser"):
            one.load(tmp_path)


# --- the catalog, the command line ----------------------------------------------------------------


def test_entries_are_sound() -> None:
    for entry in HUB_MODELS:
        assert entry.generation is Generation.SOFTWARE_2
        assert entry.baseline == "tts/unit-selection-en"
        assert entry.weights is not None
        _, revision = hub.parse(entry.weights)
        assert len(revision or "") == 40
    classes = [import_attribute(adapter.entry) for adapter in ADAPTERS]
    assert classes == [TransformersVitsSynthesizer, TransformersSpeechT5Synthesizer]
    assert [one.adapter for one in classes] == list(ADAPTERS)


def test_every_entry_has_its_recomputed_number_of_parameters() -> None:
    with torch.device("meta"):  # of sizes as in the repositories' config.json
        networks = {
            "tts/mms-en": [transformers.VitsModel(transformers.VitsConfig())],
            "tts/speecht5": [
                transformers.SpeechT5ForTextToSpeech(transformers.SpeechT5Config(vocab_size=81)),
                transformers.SpeechT5HifiGan(transformers.SpeechT5HifiGanConfig()),
            ],
        }
    counts = {
        name: sum(p.numel() for network in of for p in network.parameters())
        for name, of in networks.items()
    }
    assert counts == {entry.name: entry.parameters for entry in HUB_MODELS}


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
