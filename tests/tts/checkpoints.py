"""Random synthesisers of some kilobytes, in the layout of the Hub."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load_file, save_file

import zoo
from zoo.errors import WeightsError

ARCHITECTURES = ("vits", "vits-voices", "vits-de", "speecht5")
# As of the project MMS: a blank of number 0, whatever it is, and neither marks nor all figures.
SIGNS = {
    "eng": "kabcdefghijlmnopqrstuvwxyz '-_0123",
    "deu": "kabcdefghijlmnopqrstuvwxyz '-_0123äöüß",
}
_LINE = " ".join("abcdefghijklmnopqrstuvwxyz") + " ' , . ? ! ; : A B C D S"
BANDS, XVECTOR = 8, 6
TEXT = "Press one for sales, or two. Hold on! Bye"


def write(folder: Path, architecture: str) -> Path:
    """Write a checkpoint with its tokenizer as transformers itself does.

    With "speecht5" the vocoder lies in the same folder, as our own `save` puts it there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if architecture == "speecht5":
        return _write_speecht5(folder)
    return _write_vits(
        folder,
        language="deu" if architecture == "vits-de" else "eng",
        voices=3 if architecture == "vits-voices" else 1,
    )


def _random(network: Any, last: Any, sound: Callable[[], torch.Tensor]) -> Any:
    """A random network that is heard, but not too loud, and has no direct current.

    last: the convolution that makes the samples. sound: some that the network makes.
    """
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1 and not name.endswith("original0"):
            torch.nn.init.normal_(parameter, std=0.3)
    network.eval()
    with torch.no_grad():
        if last.bias is not None:
            last.bias.zero_()
        last.weight -= last.weight.mean(dim=-1, keepdim=True)
        last.weight *= 1e-3 / last.weight.norm()  # where the network is linear
        last.weight *= 0.3 / sound().abs().max()
    return network


def vits(language: str = "eng", voices: int = 1, **settings: Any) -> Any:
    config = transformers.VitsConfig(
        vocab_size=len(SIGNS[language]),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=8,
        flow_size=8,
        spectrogram_bins=9,
        num_speakers=voices,
        speaker_embedding_size=4 if voices > 1 else 0,
        upsample_initial_channel=16,
        upsample_rates=[16, 8],
        upsample_kernel_sizes=[32, 16],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
        duration_predictor_num_flows=1,
        duration_predictor_filter_channels=8,
        prior_encoder_num_flows=1,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        **settings,
    )
    network = transformers.VitsModel(config)
    ids = torch.arange(1, 27)[None]
    return _random(network, network.decoder.conv_post, lambda: network(ids).waveform)


def _write_vits(folder: Path, language: str, voices: int) -> Path:
    vits(language, voices).save_pretrained(folder)
    vocab = folder / "vocab.json"
    vocab.write_text(json.dumps({sign: i for i, sign in enumerate(SIGNS[language])}))
    transformers.VitsTokenizer(
        str(vocab), pad_token="k", language=language, phonemize=False
    ).save_pretrained(folder)
    return folder


def vocoder(bands: int = BANDS) -> Any:
    config = transformers.SpeechT5HifiGanConfig(
        model_in_dim=bands,
        upsample_initial_channel=8,
        upsample_rates=[4, 4],
        upsample_kernel_sizes=[8, 8],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1, 3]],
    )
    network = transformers.SpeechT5HifiGan(config)
    torch.nn.init.normal_(network.mean, std=0.1)
    frames = 3 * torch.randn(100, bands)
    return _random(network, network.conv_post, lambda: network(frames))


def speecht5(vocabulary: int, **settings: Any) -> Any:
    """It finds no end: a text of N tokens becomes N steps of 20 frames each."""
    config = transformers.SpeechT5Config(
        **{
            "vocab_size": vocabulary,
            "hidden_size": 16,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 16,
            "decoder_layers": 1,
            "decoder_attention_heads": 2,
            "decoder_ffn_dim": 16,
            "num_mel_bins": BANDS,
            "speech_decoder_prenet_units": 16,
            "speech_decoder_postnet_layers": 2,
            "speech_decoder_postnet_units": 8,
            "reduction_factor": 20,
            "speaker_embedding_dim": XVECTOR,
            "max_speech_positions": 240,
            "max_text_positions": 180,
            **settings,
        }
    )
    network = transformers.SpeechT5ForTextToSpeech(config)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.5)
    with torch.no_grad():
        end = network.speech_decoder_postnet.prob_out
        end.weight.zero_()
        end.bias.fill_(-10)
    return network.eval()


def characters(folder: Path) -> Any:
    """The tokenizer, one token a character."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([_LINE]),
        model_writer=model,
        model_type="char",
        vocab_size=40,
        hard_vocab_limit=False,
        bos_id=0,
        pad_id=1,
        eos_id=2,
        unk_id=3,
        num_threads=1,
        minloglevel=2,
    )
    (folder / "spm_char.model").write_bytes(model.getvalue())
    return transformers.SpeechT5Tokenizer(str(folder / "spm_char.model"))


def _write_speecht5(folder: Path) -> Path:
    from zoo.tts.speecht5 import TransformersSpeechT5Synthesizer

    tokenizer = characters(folder)
    (folder / "spm_char.model").unlink()
    model = TransformersSpeechT5Synthesizer(speecht5(len(tokenizer)), tokenizer, vocoder())
    model.save(folder)
    return folder


# --- what the tests do with them ------------------------------------------------------------------


def load(folder: Path) -> Any:
    return zoo.load(folder, device="cpu")


def same(one: Any, other: Any) -> bool:
    return one.rate == other.rate and np.array_equal(one.samples, other.samples)


def edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))


def edit_arrays(folder: Path, change: Any) -> None:
    path = folder / "model.safetensors"
    arrays = load_file(path)
    change(arrays)
    save_file(arrays, path, metadata={"format": "pt"})


def refused(folder: Path, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        zoo.load(folder, device="cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
