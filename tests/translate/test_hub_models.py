from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from zoo import hub, torchaudio_rescue
from zoo.entries import Generation
from zoo.imports import import_attribute
from zoo.translate.hub_models import ADAPTERS, HUB_MODELS
from zoo.translate.transformers import TransformersTranslator

torchaudio_rescue.make_importable()


@pytest.mark.parametrize("entry", HUB_MODELS, ids=lambda entry: entry.name)
def test_entries_are_sound(entry: Any) -> None:
    assert entry.generation is Generation.SOFTWARE_2
    assert entry.entry in {adapter.entry for adapter in ADAPTERS}
    assert import_attribute(entry.entry) is TransformersTranslator
    hub.parse(entry.weights)
    targets = {data.rpartition("-")[2] for data in entry.data}
    assert entry.baseline_on(entry.data[0]) == entry.baseline
    for data in entry.data:
        assert entry.baseline_on(data) == f"translate/phrase-based-en-{data.rpartition('-')[2]}"
    if "opus-mt" in entry.name:
        assert entry.weights.startswith(f"hub:Helsinki-NLP/{entry.name.partition('/')[2]}@")
        assert targets == {entry.name[-2:]}


def test_licences_are_those_of_the_authors() -> None:
    assert {entry.name.partition("/")[2]: entry.license for entry in HUB_MODELS} == {
        "m2m100-418m": "mit",
        "nllb-200-600m": "cc-by-nc-4.0",
        "opus-mt-en-cs": "apache-2.0",
        "opus-mt-en-de": "cc-by-4.0",
        "opus-mt-en-fr": "apache-2.0",
    }


@pytest.mark.parametrize(
    ("config", "taken"),
    [
        ({"architectures": ["MarianMTModel"], "model_type": "marian"}, True),
        ({"architectures": ["M2M100ForConditionalGeneration"], "model_type": "m2m_100"}, True),
        ({"architectures": ["MBartForConditionalGeneration"], "model_type": "mbart"}, True),
        ({"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"}, False),
        ({"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"}, False),
        ({"architectures": ["MarianForCausalLM"], "model_type": "marian"}, False),
    ],
)
def test_adapters_take_translators_only(config: dict[str, Any], taken: bool) -> None:
    assert any(adapter.takes(config) for adapter in ADAPTERS) is taken


def _opus_mt(vocabulary: int) -> Any:
    return transformers.MarianConfig(
        vocab_size=vocabulary,
        d_model=512,
        encoder_layers=6,
        decoder_layers=6,
        encoder_ffn_dim=2048,
        decoder_ffn_dim=2048,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        max_position_embeddings=512,
        pad_token_id=vocabulary - 1,
        decoder_start_token_id=vocabulary - 1,
    )


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("m2m100-418m", transformers.M2M100Config(vocab_size=128_112)),
        ("nllb-200-600m", transformers.M2M100Config(vocab_size=256_206)),
        ("opus-mt-en-cs", _opus_mt(62_509)),
        ("opus-mt-en-de", _opus_mt(58_101)),
        ("opus-mt-en-fr", _opus_mt(59_514)),
    ],
)
def test_parameters_are_those_of_the_architecture(name: str, config: Any) -> None:
    with torch.device("meta"):
        network = transformers.AutoModelForSeq2SeqLM.from_config(config)
    network.tie_weights()
    (entry,) = (entry for entry in HUB_MODELS if entry.name == f"translate/{name}")
    assert entry.parameters == sum(parameter.numel() for parameter in network.parameters())
