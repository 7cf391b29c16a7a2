"""Random translators of some kilobytes, in the layout of the Hub.

Their vocabularies are learned from a few lines, so that these cut into more than letters.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

ARCHITECTURES = ("marian", "marian-to-many", "m2m100", "nllb", "mbart50")
FLORES = ("deu_Latn", "eng_Latn", "fra_Latn", "aka_Latn", "twi_Latn", "zho_Hans", "zho_Hant")
TAGS = (">>ces<<", ">>deu<<", ">>fr<<", ">>fr_CA<<", ">>nonsense<<")
LINES = (
    *("A dog runs on the beach.", "A man sits on the grass.", "Two women are cooking, I think."),
    *("Ein Hund rennt am Strand.", "Ein Mann sitzt im Gras.", "Zwei Frauen kochen, glaube ich."),
    *("Un chien court sur la plage.", "Hello world! Hallo Welt? Déjà vu; 1234567890"),
)
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def write(folder: Path, architecture: str) -> Path:
    """Write a checkpoint with its tokenizer as transformers itself does."""
    folder.mkdir(parents=True, exist_ok=True)
    if architecture.startswith("marian"):
        return _write_marian(folder, TAGS if architecture == "marian-to-many" else ())
    if architecture == "m2m100":
        return _write_m2m100(folder)
    if architecture == "nllb":
        return _write_nllb(folder)
    return _write_mbart50(folder)


def _learned(kind: str) -> Any:
    """A SentencePiece model of the lines."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 3),
        model_writer=model,
        vocab_size=90,
        hard_vocab_limit=False,
        model_type=kind,
        num_threads=1,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def _pieces(processor: Any) -> list[str]:
    """Without <unk>, <s> and </s>."""
    return [processor.id_to_piece(i) for i in range(3, processor.get_piece_size())]


def _sizes(config_class: Any, **settings: Any) -> Any:
    return config_class(
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=128,
        **settings,
    )


def _write_network(folder: Path, network: Any, unlikely: Sequence[int], **settings: Any) -> None:
    """unlikely: tokens that a trained network does not write."""
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.8)
    with torch.no_grad():
        words = network.model.shared.weight
        words[list(unlikely)] *= 0.2
        end = settings["eos_token_id"]  # so likely that most texts end by themselves
        if hasattr(network, "final_logits_bias"):
            network.final_logits_bias[0, end] = 4
        else:
            network.model.decoder.layer_norm.bias.copy_(0.4 * words[end])
    network.generation_config = transformers.GenerationConfig(
        num_beams=4, max_length=20, **settings
    )
    network.save_pretrained(folder)


def _write_marian(folder: Path, tags: Sequence[str]) -> Path:
    processor = _learned("unigram")
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(processor.serialized_model_proto())
    vocabulary = ("</s>", "<unk>", *_pieces(processor), *tags, "<pad>")
    vocab = folder / "vocab.json"
    vocab.write_text(json.dumps({piece: i for i, piece in enumerate(vocabulary)}))
    transformers.MarianTokenizer(
        *(str(folder / name) for name in ("source.spm", "target.spm", "vocab.json")),
        source_lang="eng" if tags else "en",
        target_lang="mul" if tags else "de",
    ).save_pretrained(folder)
    padding = len(vocabulary) - 1
    ids = {"pad_token_id": padding, "decoder_start_token_id": padding, "eos_token_id": 0}
    config = _sizes(transformers.MarianConfig, vocab_size=len(vocabulary), **ids)
    unlikely = range(padding - len(tags), padding)
    _write_network(
        folder,
        transformers.MarianMTModel(config),
        unlikely,
        bad_words_ids=[[padding]],
        forced_eos_token_id=0,
        **ids,
    )
    return folder


def _ids() -> dict[str, int]:
    names = {"bos": "<s>", "pad": "<pad>", "eos": "</s>", "decoder_start": "</s>"}
    return {f"{name}_token_id": _SPECIAL.index(token) for name, token in names.items()}


def _write_m2m100(folder: Path) -> Path:
    processor = _learned("bpe")
    (folder / "sentencepiece.bpe.model").write_bytes(processor.serialized_model_proto())
    vocabulary = (*_SPECIAL, *_pieces(processor))
    vocab = folder / "vocab.json"
    vocab.write_text(json.dumps({piece: i for i, piece in enumerate(vocabulary)}))
    tokenizer = transformers.M2M100Tokenizer(str(vocab), str(folder / "sentencepiece.bpe.model"))
    tokenizer.save_pretrained(folder)
    last = max(tokenizer.lang_code_to_id.values()) + tokenizer.num_madeup_words
    config = _sizes(transformers.M2M100Config, vocab_size=last + 1, **_ids())
    network = transformers.M2M100ForConditionalGeneration(config)
    _write_network(folder, network, range(len(vocabulary), last), early_stopping=True, **_ids())
    return folder


def _write_nllb(folder: Path) -> Path:
    vocabulary = {piece: i for i, piece in enumerate((*_SPECIAL, *_pieces(_learned("bpe"))))}
    merges = []
    for piece in vocabulary:
        cuts = ((piece[:at], piece[at:]) for at in range(1, len(piece)))
        merges += [cut for cut in cuts if set(cut) <= vocabulary.keys()][:1]
    tokenizer = transformers.NllbTokenizer(
        vocab=vocabulary, merges=merges, extra_special_tokens=list(FLORES)
    )
    tokenizer.save_pretrained(folder)
    config = _sizes(transformers.M2M100Config, vocab_size=len(tokenizer), **_ids())
    network = transformers.M2M100ForConditionalGeneration(config)
    _write_network(folder, network, range(len(vocabulary), len(tokenizer)), **_ids())
    return folder


def _write_mbart50(folder: Path) -> Path:
    processor = _learned("unigram")
    tokenizer = transformers.MBart50Tokenizer(
        vocab=[
            (processor.id_to_piece(i), processor.get_score(i))
            for i in range(processor.get_piece_size())
        ]
    )
    tokenizer.save_pretrained(folder)
    config = _sizes(transformers.MBartConfig, vocab_size=len(tokenizer), **_ids())
    languages = sorted(tokenizer.lang_code_to_id.values())
    network = transformers.MBartForConditionalGeneration(config)
    _write_network(folder, network, languages, forced_eos_token_id=2, **_ids())
    return folder
