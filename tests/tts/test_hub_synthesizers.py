"""What all synthesisers from the Hub share."""

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
from tests.tts.checkpoints import TEXT, edit, edit_arrays, load, refused, same
from zoo import hub
from zoo.entries import Generation
from zoo.errors import InputError, WeightsError
from zoo.imports import import_attribute
from zoo.tts.hub_models import ADAPTERS, HUB_MODELS
from zoo.tts.speecht5 import TransformersSpeechT5Synthesizer
from zoo.tts.transformers import TransformersVitsSynthesizer

BOTH = ["vits", "speecht5"]


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


# --- broken and foreign folders -------------------------------------------------------------------


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


# --- the catalog ----------------------------------------------------------------------------------


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
