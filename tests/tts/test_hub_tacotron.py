"""Tacotron 2 and WaveRNN of torchaudio, small and random, and their bundle with no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch

import zoo
from zoo import torchaudio_rescue
from zoo.errors import HubError, InputError, MissingDependencyError, WeightsError
from zoo.tts import tacotron
from zoo.tts.tacotron import Tacotron2Synthesizer

torchaudio_rescue.make_importable()
torchaudio = pytest.importorskip("torchaudio")
models = pytest.importorskip("torchaudio.models")
bundles = pytest.importorskip("torchaudio.pipelines._tts.impl")

SYMBOLS = "_-!'(),.:;? abcdefghijklmnopqrstuvwxyz"
TACOTRON = {
    **{"n_mels": 6, "symbol_embedding_dim": 8, "encoder_embedding_dim": 8},
    **{"encoder_n_convolution": 1, "decoder_rnn_dim": 8, "decoder_max_step": 12},
    **{"attention_rnn_dim": 8, "attention_hidden_dim": 4, "attention_location_n_filter": 2},
    **{"prenet_dim": 8, "postnet_n_convolution": 2, "postnet_embedding_dim": 8},
}
WAVERNN = {
    **{"upsample_scales": [3, 5], "n_classes": 256, "hop_length": 15, "n_res_block": 1},
    **{"n_rnn": 8, "n_fc": 8, "kernel_size": 5, "n_freq": 6, "n_hidden": 8, "n_output": 8},
}
TEXT = "Press 1 for sales. Hold on!"


def small() -> Tacotron2Synthesizer:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model = Tacotron2Synthesizer(SYMBOLS, TACOTRON, WAVERNN)
        for network in (model.tacotron2, model.wavernn):
            for parameter in network.parameters():
                torch.nn.init.normal_(parameter, std=0.5)
        with torch.no_grad():
            model.tacotron2.decoder.gate_layer.bias.fill_(-20)  # it finds no end
    return model


@pytest.fixture(scope="module")
def model() -> Tacotron2Synthesizer:
    return small()


@pytest.mark.filterwarnings("ignore:Reached max decoder steps")
def test_it_is_what_torchaudio_makes_of_the_networks(
    model: Tacotron2Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = bundles._EnglishCharProcessor()
    # Its own cuts fractions off, by which codes that suffer from rounding become one too low.
    monkeypatch.setattr(
        bundles.utils,
        "_unnormalize_waveform",
        lambda codes, bits: ((codes + 1) * (2**bits - 1) / 2).round().int(),
    )
    torch.manual_seed(3)
    with torch.inference_mode():
        spectrogram, lengths, _ = model.tacotron2.infer(*processor("hold on!"))
        waveform, _ = bundles._WaveRNNVocoder(model.wavernn)(spectrogram, lengths)
    found = model.predict("Hold on!", seed=3)
    assert found.rate == 22_050
    assert len(found.samples) == 12 * 15
    assert np.allclose(found.samples, waveform[0].numpy(), atol=1e-5)
    assert "".join(processor.tokens) == SYMBOLS


def test_a_seed_tells_the_sound(model: Tacotron2Synthesizer) -> None:
    first = model.predict(TEXT)
    assert np.array_equal(model.predict_batch(["Bye.", TEXT])[1].samples, first.samples)
    assert not np.array_equal(model.predict(TEXT, seed=1).samples, first.samples)
    sentences = [model.predict(text).samples for text in ("Press one for sales.", "Hold on!")]
    pause = np.zeros(round(0.45 * 22_050), np.float32)
    assert np.array_equal(first.samples, np.concatenate([sentences[0], pause, sentences[1]]))


def test_it_stops_where_the_network_says(recwarn: pytest.WarningsRecorder) -> None:
    model = small()
    with torch.no_grad():
        model.tacotron2.decoder.gate_layer.bias.fill_(20)
    assert len(model.predict("Hold on!").samples) == 15
    assert not recwarn


def test_bad_input(model: Tacotron2Synthesizer) -> None:
    with pytest.raises(InputError, match="nothing that can be spoken"):
        model.predict("...")
    with pytest.raises(InputError, match="seed is a whole number"):
        model.predict("Hello.", seed=-1)
    with pytest.raises(InputError, match="no option 'pace'"):
        model.predict("Hello.", pace=1)
    assert max(len(one.text) for one in model._sentences("word " * 100)) <= 200
    some = Tacotron2Synthesizer("xyz", TACOTRON, WAVERNN)
    with pytest.raises(InputError, match="nothing that can be spoken"):
        some.predict("Hello.")


def test_a_weights_folder_speaks_the_same(model: Tacotron2Synthesizer, tmp_path: Path) -> None:
    model.save(tmp_path / "own")
    again: Any = zoo.load(tmp_path / "own", device="cpu")
    assert type(again) is Tacotron2Synthesizer
    assert np.array_equal(again.predict(TEXT).samples, model.predict(TEXT).samples)
    assert again.count_parameters() == model.count_parameters()


def test_broken_weights(tmp_path: Path) -> None:
    spoilt = small()
    with torch.no_grad():
        spoilt.wavernn.fc.bias[0] = torch.nan
    spoilt.save(tmp_path / "nan")
    with pytest.raises(WeightsError, match="numbers that are not finite"):
        zoo.load(tmp_path / "nan")
    other = small()
    other._settings["wavernn"] = {**WAVERNN, "n_rnn": 9}
    other.save(tmp_path / "other")
    with pytest.raises(WeightsError, match="does not fit Tacotron2Synthesizer"):
        zoo.load(tmp_path / "other")


def test_a_bundle_is_read_without_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through torchaudio's own bundle, but for the network connection."""
    asked: list[tuple[str, Any]] = []
    with torch.random.fork_rng():
        torch.manual_seed(4)
        sources = {
            "tacotron2_english": models.Tacotron2(n_symbol=38),
            "wavernn_10k": models.WaveRNN(**tacotron._WAVERNN),
        }

    def fetched(address: str, **how: Any) -> dict[str, Any]:
        asked.append((address.rpartition("/")[2], how))
        return next(net.state_dict() for name, net in sources.items() if name in asked[-1][0][:17])

    monkeypatch.setattr(bundles, "load_state_dict_from_url", fetched)
    model = Tacotron2Synthesizer.from_bundle()
    assert [how for _, how in asked] == [{"weights_only": True}] * 2
    assert model.rate == 22_050
    pairs = zip((model.tacotron2, model.wavernn), sources.values(), strict=True)
    for mine, source in pairs:
        theirs = source.state_dict()
        assert all(torch.equal(value, theirs[name]) for name, value in mine.state_dict().items())


@pytest.mark.parametrize(
    "name", ["TACOTRON2_GRIFFINLIM_CHAR_LJSPEECH", "TACOTRON2_WAVERNN_PHONE_LJSPEECH"]
)
def test_bundles_that_do_not_fit_are_refused_before_they_are_fetched(name: str) -> None:
    bundle = getattr(pytest.importorskip("torchaudio.pipelines"), name)
    with pytest.raises(InputError, match="reads letters and has a WaveRNN"):
        Tacotron2Synthesizer.from_bundle(bundle)


def test_a_bundle_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(address: str, **how: Any) -> Any:
        raise URLError("no route")

    monkeypatch.setattr(bundles, "load_state_dict_from_url", fetched)
    with pytest.raises(HubError, match="cannot be fetched: no route"):
        Tacotron2Synthesizer.from_bundle()


def test_without_torchaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchaudio.models", None)
    with pytest.raises(MissingDependencyError, match="pip install torchaudio"):
        small()
