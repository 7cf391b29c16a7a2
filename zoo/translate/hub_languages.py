"""Which languages a transformers checkpoint translates, and how it is told which are meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import transformers

from zoo.errors import WeightsError
from zoo.translate import languages

# How the authors of most Marian checkpoints name them: by source and target.
_NAMED = re.compile(r"opus-mt-(?:tc-(?:base-|big-|bible-big-)?)?([A-Za-z_]+)-([A-Za-z_]+)")
_FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")
_TAG = re.compile(r">>(\w+)<<")
_SEVERAL = "mul"


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """The languages of a checkpoint by their BCP 47 codes.

    tokens: that of each language which the checkpoint has to be told.
    tagged: whether the source text begins with the token of the target, as of Marian; else it has
        the one of the source, and the translation begins with that of the target.
    suffixed: whether the source's token ends the text, as of older NLLB, not begins it.
    end: the token that ends every text.
    """

    directions: frozenset[tuple[str, str]]
    tokens: Mapping[str, int]
    tagged: bool
    suffixed: bool
    end: int

    def frame(self, source: str, target: str) -> tuple[list[int], list[int]]:
        """The tokens before and after a source text."""
        if not self.tokens:
            return [], [self.end]
        told = self.tokens[target if self.tagged else source]
        return ([], [self.end, told]) if self.suffixed else ([told], [self.end])

    def forced(self, target: str) -> int | None:
        """The token that a translation has to begin with."""
        return None if self.tagged else self.tokens.get(target)


def read_languages(tokenizer: Any, network: Any) -> Languages:
    """Raises ValueError for a tokenizer that is not known, or that has no language."""
    if isinstance(tokenizer, transformers.MarianTokenizer):
        return _marian(tokenizer)
    if isinstance(tokenizer, transformers.NllbTokenizer):
        vocabulary = tokenizer.get_vocab()
        own = {code: vocabulary[code] for code in filter(_FLORES.fullmatch, vocabulary)}
    elif isinstance(tokenizer, transformers.M2M100Tokenizer | transformers.MBart50Tokenizer):
        own = tokenizer.lang_code_to_id
    else:
        raise ValueError(f"a {type(tokenizer).__name__} is the tokenizer of no known translator")
    nations = isinstance(tokenizer, transformers.MBart50Tokenizer)
    unknown, count = tokenizer.unk_token_id, network.config.vocab_size
    tokens = {
        name: own[code]
        for name, code in _standard(own, nations=nations)
        if own[code] != unknown and own[code] < count
    }
    if len(tokens) < 2:
        raise ValueError("its tokenizer has no languages")
    # A checkpoint that writes a single language says so here.
    only = network.generation_config.forced_bos_token_id
    return Languages(
        directions=frozenset(
            (source, target)
            for source, target in permutations(tokens, 2)
            if only not in tokens.values() or tokens[target] == only
        ),
        tokens=tokens,
        tagged=False,
        suffixed=bool(getattr(tokenizer, "legacy_behaviour", False)),
        end=int(tokenizer.eos_token_id),
    )


def _marian(tokenizer: Any) -> Languages:
    tags = {match[1]: match[0] for match in map(_TAG.fullmatch, tokenizer.get_vocab()) if match}
    # A single one, if there is any, tells nothing.
    tokens = {
        name: int(tokenizer.convert_tokens_to_ids(tags[code]))
        for name, code in _standard(tags if len(tags) > 1 else ())
    }
    source = languages.standard(tokenizer.source_lang or "") or _SEVERAL
    target = languages.standard(tokenizer.target_lang or "") or _SEVERAL
    return Languages(
        directions=frozenset((source, one) for one in tokens or (target,) if one != source),
        tokens=tokens,
        tagged=True,
        suffixed=False,
        end=int(tokenizer.eos_token_id),
    )


def _standard(own: Iterable[str], *, nations: bool = False) -> Iterable[tuple[str, str]]:
    """(BCP 47 code, own code): each once, of codes that mean the same the shortest.

    nations: whether a country follows that tells nothing, as in "de_DE".
    """
    names: dict[str, str] = {}
    for code in sorted(own, key=lambda code: (len(code), code)):
        written = code.partition("_")[0] if nations else code
        name = languages.standard(written)
        if name in names:
            name = languages.standard(written, narrow=True)
        if name is not None:
            names.setdefault(name, code)
    return names.items()


def named_direction(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """The languages of a Marian checkpoint whose tokenizer does not say them, by its name.

    Raises WeightsError if that does not, either.
    """
    if config.get("model_type") != "marian":
        return {}
    try:
        said = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        if said.get("source_lang") and said.get("target_lang"):
            return {}
    except (OSError, ValueError, AttributeError):
        pass  # a checkpoint may have none, and a broken one is refused by whoever needs it
    for name in (str(config.get("_name_or_path")), str(folder.resolve())):
        if found := _NAMED.findall(name):
            source, target = found[-1]
            return {"source_lang": source, "target_lang": target}
    raise WeightsError(
        f"{str(folder)!r} does not say which languages it translates: its tokenizer_config.json "
        "has no source_lang and target_lang."
    )
