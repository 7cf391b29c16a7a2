from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch
import transformers
from safetensors.numpy import load_file, save_file

import zoo
from tests.speech.checkpoints import ARCHITECTURES, RATE, edit, load, sound
from zoo import cli
from zoo.entries import Generation
from zoo.errors import InputError, WeightsError, ZooError
from zoo.imports import import_attribute
from zoo.speech.hub_models import ADAPTERS, HUB_MODELS
from zoo.speech.transformers import TransformersCtcRecognizer
from zoo.speech.transformers_seq2seq import TransformersSeq2SeqRecognizer

# --- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_alone_is_as_in_a_batch_and_after_saving(
    folders: dict[str, Path], architecture: str, tmp_path: Path
) -> None:
    model = load(folders[architecture])
    inputs = [(sound(seed, seconds), RATE) for seed, seconds in enumerate((0.3, 2.7, 1.5))]
    alone = [model.predict(x) for x in inputs]
    assert len({one.text for one in alone}) > 1
    assert model.predict_batch(inputs[::-1])[::-1] == alone
    model.save(tmp_path / "copy")
    model.save(tmp_path / "copy")  # over itself
    assert load(tmp_path / "copy").predict_batch(inputs) == alone


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_words_are_in_order_and_within_the_sound(
    folders: dict[str, Path], architecture: str
) -> None:
    answer = load(folders[architecture]).predict((sound(4, 5.3), RATE))
    assert answer.text
    assert answer.seconds == pytest.approx(5.3)
    assert bool(answer.words) is (architecture != "moonshine")
    times = [time for word in answer.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0 <= time <= 5.3 for time in times)
    if answer.words:
        assert times[-1] > 2.5
        assert " ".join(word.text for word in answer.words).split() == answer.text.split()


def test_takes_what_people_have(folders: dict[str, Path], tmp_path: Path) -> None:
    model = load(folders["wav2vec2"])
    soundfile.write(tmp_path / "call.wav", sound(1), RATE, subtype="FLOAT")
    expected = model.predict((sound(1), RATE))
    assert expected.text
    assert model.predict(tmp_path / "call.wav") == expected
    assert model.predict((tmp_path / "call.wav").read_bytes()) == expected


@pytest.mark.parametrize("architecture", ["wav2vec2", "whisper"])
def test_bad_input_is_refused_before_the_network_runs(
    folders: dict[str, Path], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders[architecture])
    monkeypatch.setattr(model, "network", None)
    with pytest.raises(InputError, match="without its rate"):
        model.predict(sound(0))
    with pytest.raises(InputError, match="no option 'beams'"):
        model.predict((sound(0), RATE), beams=3)


def test_does_not_learn() -> None:
    for one in (TransformersCtcRecognizer, TransformersSeq2SeqRecognizer):
        with pytest.raises(ZooError, match="does not learn from examples"):
            one.fit([])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_everything_is_silent(
    spoilt: Any, architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.utils import logging as transformers_logging

    folder = spoilt(architecture)
    transformers_logging.set_verbosity_warning()
    said: list[logging.LogRecord] = []
    ear = logging.Handler()
    monkeypatch.setattr(ear, "emit", said.append)
    monkeypatch.setattr(logging.getLogger("transformers"), "handlers", [ear])
    model = load(folder)
    model.predict((sound(0, 3.0), RATE))
    model.save(tmp_path / "copy")
    assert said == []
    assert transformers_logging.get_verbosity() == logging.WARNING


# --- broken and foreign folders -------------------------------------------------------------------


def refused(folder: Path, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        zoo.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_missing_files(spoilt: Any, architecture: str) -> None:
    folder = spoilt(architecture)
    for name in ("tokenizer.json", "vocab.json"):
        (folder / name).unlink(missing_ok=True)
    refused(folder, r"has no (vocab|tokenizer)\.json.*nobody knows which text")
    (folder / "preprocessor_config.json").unlink()
    refused(folder, r"no preprocessor_config\.json, so nobody knows how its sounds")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_broken_files(spoilt: Any, architecture: str) -> None:
    folder = spoilt(architecture)
    name = "vocab.json" if (folder / "vocab.json").exists() else "tokenizer.json"
    content = (folder / name).read_text()
    (folder / name).write_text("{")
    refused(folder, "cannot be loaded")
    (folder / name).write_text(content)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-100])
    refused(folder, "cannot be loaded")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused(folder, "no safetensors weights; other formats can run code")


@pytest.mark.parametrize(
    ("architecture", "array"),
    [("wav2vec2", "lm_head.weight"), ("whisper", "model.encoder.conv1.weight")],
)
def test_arrays_that_would_be_random(spoilt: Any, architecture: str, array: str) -> None:
    folder = spoilt(architecture)
    arrays = load_file(folder / "model.safetensors")
    del arrays[array]
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
    refused(folder, f"lacks 1 of the arrays that .* needs, among them {array}")


def test_parts_that_do_not_fit_each_other(spoilt: Any) -> None:
    folder = spoilt("wav2vec2")
    edit(folder / "vocab.json", **{"'": ...})
    refused(folder, "14 outputs of the network for 13 labels")
    folder = spoilt("whisper")
    edit(folder / "preprocessor_config.json", chunk_length=3, n_samples=48_000)
    refused(folder, "spectrograms of 48000 samples for a network that takes 32000")


def test_quantised(spoilt: Any) -> None:
    folder = spoilt("whisper")
    edit(folder / "config.json", quantization_config={"quant_method": "bitsandbytes"})
    refused(folder, "is quantised")


def test_code_in_the_folder_is_not_run(spoilt: Any, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    for architecture in ("wav2vec2", "whisper"):
        folder = spoilt(architecture)
        code = f"import pathlib\npathlib.Path({str(trap)!r}).touch()\n"
        (folder / "trap.py").write_text(code)
        names = ("AutoConfig", "AutoModelForCTC", "AutoModelForSpeechSeq2Seq", "AutoTokenizer")
        auto_map: dict[str, Any] = dict.fromkeys(names, "trap.Trap")
        edit(folder / "config.json", auto_map=auto_map)
        edit(folder / "preprocessor_config.json", auto_map={"AutoFeatureExtractor": "trap.Trap"})
        edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["trap.Trap", None]})
        assert load(folder).predict((sound(0), RATE)).seconds == 1.5
    assert not trap.exists()


@pytest.mark.parametrize(
    ("architecture", "model_type"),
    [
        ("T5ForConditionalGeneration", "t5"),
        ("ParakeetForCTC", "parakeet_ctc"),
        ("WhisperForConditionalGeneration", None),
        ("WhisperForAudioClassification", "whisper"),
    ],
)
def test_other_kinds_of_checkpoints_are_not_taken(
    tmp_path: Path, architecture: str, model_type: str | None
) -> None:
    config = {"architectures": [architecture], "model_type": model_type}
    (tmp_path / "config.json").write_text(json.dumps(config))
    refused(tmp_path, r"known end in .*ForConditionalGeneration of type moonshine or whisper")
    for one in (TransformersCtcRecognizer, TransformersSeq2SeqRecognizer):
        with pytest.raises(WeightsError, match="holds no speech recogniser"):
            one.load(tmp_path)


# --- the catalog, the command line ----------------------------------------------------------------


def _whisper(width: int, encoder: int, decoder: int, vocabulary: int, bins: int = 80) -> Any:
    return transformers.WhisperConfig(
        d_model=width,
        encoder_layers=encoder,
        decoder_layers=decoder,
        encoder_attention_heads=width // 64,
        decoder_attention_heads=width // 64,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        vocab_size=vocabulary,
        num_mel_bins=bins,
    )


CONFIGS = {  # as in the repositories' config.json
    "speech/whisper-tiny-en": _whisper(384, 4, 4, 51864),
    "speech/whisper-base": _whisper(512, 6, 6, 51865),
    "speech/whisper-small": _whisper(768, 12, 12, 51865),
    "speech/whisper-large-v3-turbo": _whisper(1280, 32, 4, 51866, bins=128),
    "speech/wav2vec2-base-960h": transformers.Wav2Vec2Config(),
}


def test_every_entry_has_its_recomputed_number_of_parameters() -> None:
    assert {entry.name for entry in HUB_MODELS} == set(CONFIGS)
    for entry in HUB_MODELS:
        config = CONFIGS[entry.name]
        auto = transformers.AutoModelForSpeechSeq2Seq
        if entry.entry == ADAPTERS[0].entry:
            auto = transformers.AutoModelForCTC
        with torch.device("meta"):
            network = auto.from_config(config)
        assert sum(p.numel() for p in network.parameters()) == entry.parameters, entry.name


def test_entries_are_learned_models_from_the_hub() -> None:
    for entry in HUB_MODELS:
        assert entry.generation is Generation.SOFTWARE_2
        assert entry.baseline == "speech/pocketsphinx-en"
        assert entry.weights is not None
        assert entry.weights.startswith("hub:")
    classes = [import_attribute(adapter.entry) for adapter in ADAPTERS]
    assert classes == [TransformersCtcRecognizer, TransformersSeq2SeqRecognizer]
    assert [one.adapter for one in classes] == list(ADAPTERS)


def test_options_on_the_command_line(
    folders: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = str(tmp_path / "call.wav")
    soundfile.write(path, sound(6), RATE, subtype="FLOAT")
    arguments = ["zoo", "predict", str(folders["whisper"]), path, "--device", "cpu"]
    expected = load(folders["whisper"]).predict(path, language="de", translate=True)
    monkeypatch.setattr(
        "sys.argv", [*arguments, "--option", "language=german", "--option", "translate=true"]
    )
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert capsys.readouterr().out.strip() == expected.text
    monkeypatch.setattr("sys.argv", [*arguments, "--option", "language=germn"])
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert "did you mean german" in capsys.readouterr().err
