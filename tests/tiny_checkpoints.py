"""Random transformers checkpoints of some kilobytes, in the layout of the Hub.

Image classifiers take 32x32 pixels and know five labels. Recognisers of speech know a handful of
letters; Whisper hears two seconds at once. Translators are in `tests.translate.checkpoints`,
synthesisers in `tests.tts.checkpoints`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers

from tests.translate import checkpoints as translators
from tests.tts import checkpoints as synthesizers
from zoo import torchaudio_rescue

torchaudio_rescue.make_importable()  # for the tests that ask transformers itself

# Not in alphabetical order, and with a label twice, as ImageNet's "crane" is.
LABELS = ("zebra", "crane", "ant", "crane", "mango tree, Mangifera indica")
ARCHITECTURES = ("vit", "resnet", "convnextv2")
SPEECH_ARCHITECTURES = ("wav2vec2", "hubert", "whisper", "whisper-en", "moonshine")

CTC_LABELS = ("<pad>", "<s>", "</s>", "<unk>", "|", *"AEHLORTZ", "'")
_PIECES = ("a", "e", "h", "l", "o", "z", "Ġ", "Ġa", "Ġz", "Ġzoo", "Ġhello", ".", "Ã", "©")
_SPECIAL = {
    "whisper": ("<|startoftranscript|>", "<|en|>", "<|de|>", "<|haw|>", "<|translate|>"),
    "whisper-en": ("<|startoftranscript|>",),
}
_PROMPT = ("<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>")
_TIMES = tuple(f"<|{step * 0.02:.2f}|>" for step in range(101))


def config_of(architecture: str) -> transformers.PretrainedConfig:
    labels = {
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: index for index, label in enumerate(LABELS)},
    }
    match architecture:
        case "vit":
            return transformers.ViTConfig(
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=32,
                image_size=32,
                patch_size=8,
                **labels,
            )
        case "resnet":
            return transformers.ResNetConfig(
                embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", **labels
            )
        case "convnextv2":
            return transformers.ConvNextV2Config(
                num_stages=2, hidden_sizes=[8, 16], depths=[1, 1], image_size=32, **labels
            )
        case _:
            raise ValueError(architecture)


def write(folder: Path, architecture: str, seed: int = 0) -> Path:
    """Write a checkpoint with its processor as transformers itself does."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if architecture in SPEECH_ARCHITECTURES:
            return _write_speech(folder, architecture)
        if architecture in translators.ARCHITECTURES:
            return translators.write(folder, architecture)
        if architecture in synthesizers.ARCHITECTURES:
            return synthesizers.write(folder, architecture)
        return _write_vision(folder, architecture)


def _randomise(network: Any, std: float = 0.3) -> Any:
    """So large that the answers differ."""
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return network


def _randomise_matrices(network: Any) -> None:
    """The same where so much is normalised that random biases would drown all else."""
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.8)


def _write_vision(folder: Path, architecture: str) -> Path:
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    network = transformers.AutoModelForImageClassification.from_config(config_of(architecture))
    _randomise(network).save_pretrained(folder)
    if architecture == "vit":
        processor = ViTImageProcessorPil(size={"height": 32, "width": 32})
    else:
        processor = ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=0.875)
    processor.save_pretrained(folder)
    return folder


# --- recognisers of speech ------------------------------------------------------------------------


def _write_speech(folder: Path, architecture: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if architecture in ("wav2vec2", "hubert"):
        return _write_ctc(folder, architecture)
    if architecture == "moonshine":
        return _write_moonshine(folder)
    return _write_whisper(folder, architecture)


def _write_ctc(folder: Path, architecture: str) -> Path:
    """Frames of 20 ms, as of the real ones."""
    kinds = {
        "wav2vec2": (transformers.Wav2Vec2Config, transformers.Wav2Vec2ForCTC),
        "hubert": (transformers.HubertConfig, transformers.HubertForCTC),
    }
    config_class, network_class = kinds[architecture]
    config = config_class(
        vocab_size=len(CTC_LABELS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8, 8),
        conv_kernel=(16, 8, 5),
        conv_stride=(8, 8, 5),
        num_feat_extract_layers=3,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
    )
    network = network_class(config).eval()
    # Large where that makes answers differ; the rest as it is, or all frames would sound alike.
    torch.nn.init.normal_(network.lm_head.weight, std=2.0)
    with torch.no_grad():  # what is no text is never said by a trained one
        network.lm_head.bias[1:4] = -100
    network.save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({one: i for i, one in enumerate(CTC_LABELS)}))
    transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def _write_whisper(folder: Path, architecture: str) -> Path:
    special = (*_SPECIAL[architecture], *_PROMPT, "<|notimestamps|>")
    vocabulary = {piece: i for i, piece in enumerate((*_PIECES, "<|endoftext|>"))}
    tokenizer = transformers.WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": list(special)})
    tokenizer.add_tokens(list(_TIMES))
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in ("<|endoftext|>", *special)}
    network = transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(
            vocab_size=len(tokenizer),
            num_mel_bins=20,
            d_model=16,
            encoder_layers=1,
            decoder_layers=2,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=16,
            decoder_ffn_dim=16,
            max_source_positions=100,
            max_target_positions=24,
            pad_token_id=ids["<|endoftext|>"],
            bos_token_id=ids["<|endoftext|>"],
            eos_token_id=ids["<|endoftext|>"],
            decoder_start_token_id=ids["<|startoftranscript|>"],
            suppress_tokens=None,
            begin_suppress_tokens=None,
        )
    )
    _randomise_matrices(network)
    with torch.no_grad():  # the tied embeddings: text is likelier than all the rest
        network.model.decoder.embed_tokens.weight[len(_PIECES) :] *= 0.5
    settings: dict[str, Any] = {
        "decoder_start_token_id": ids["<|startoftranscript|>"],
        **{f"{name}_token_id": ids["<|endoftext|>"] for name in ("pad", "bos", "eos")},
        "max_length": 24,
        "no_timestamps_token_id": ids["<|notimestamps|>"],
        "max_initial_timestamp_index": 20,
        "begin_suppress_tokens": [ids["<|endoftext|>"]],
        "suppress_tokens": [i for token, i in ids.items() if token != "<|endoftext|>"],
        "alignment_heads": [[0, 1], [1, 0]],
        "is_multilingual": architecture == "whisper",
        "forced_decoder_ids": [[1, ids["<|notimestamps|>"]]],  # from older days, ignored by now
    }
    if architecture == "whisper":
        settings["forced_decoder_ids"] = [[1, None], [2, ids["<|transcribe|>"]]]
        settings["lang_to_id"] = {token: ids[token] for token in special[1:4]}
        settings["task_to_id"] = {
            "translate": ids["<|translate|>"],
            "transcribe": ids["<|transcribe|>"],
        }
    network.generation_config = transformers.GenerationConfig(**settings)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=20, chunk_length=2).save_pretrained(folder)
    return folder


def _write_moonshine(folder: Path) -> Path:
    from tokenizers import Tokenizer, decoders, models

    pieces = ("<unk>", "<s>", "</s>", *"aehloz", "▁", "▁zoo", "▁hello", "▁the")
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, []))
    backend.decoder = decoders.Metaspace()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    network = transformers.MoonshineForConditionalGeneration(
        transformers.MoonshineConfig(
            vocab_size=len(pieces),
            hidden_size=16,
            intermediate_size=16,
            encoder_num_hidden_layers=1,
            decoder_num_hidden_layers=1,
            encoder_num_attention_heads=2,
            decoder_num_attention_heads=2,
            encoder_num_key_value_heads=2,
            decoder_num_key_value_heads=2,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
        )
    )
    _randomise(network).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(folder)
    return folder
