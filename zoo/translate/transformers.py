"""Translators from the Hub, through transformers: Marian, M2M100, NLLB and mBART-50."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
import transformers

from zoo import checkpoints, weights
from zoo.errors import WeightsError
from zoo.text import Passage
from zoo.translate.hub_languages import Languages, named_direction, read_languages
from zoo.translate.hub_models import ADAPTERS
from zoo.translate.sentences import equal_parts
from zoo.translate.translator import Hypothesis, Translator, checked_beams

BEAMS = 5
_MOST_BEAMS = 64
_LONGEST_OUTPUT = 512  # tokens; networks that read sentences go astray far earlier
_SHORTEST_OUTPUT = 32
_TOKENIZER_FILES = (
    ("tokenizer.json",),
    ("source.spm", "target.spm", "vocab.json"),
    ("sentencepiece.bpe.model",),
)


class TransformersTranslator(Translator):
    """A transformers checkpoint that reads a text in one language and writes it in another.

    It writes with beam search, with the checkpoint's own settings for all but the number of beams.
    The score is the log-probability of the tokens that it wrote, its end included, divided by their
    number to the power of the checkpoint's `length_penalty`.

    A text may become twice as many tokens as it has, and some more, rounded up to a power of two;
    texts are computed together only where that limit is the same, so that none has another answer
    in company. What is too long for the network is cut once more.

    Options of `predict`:
    beams: how many translations are pursued at once; 1 takes the best token at each step.
    """

    devices = ("cpu", "cuda", "mps")
    batch_size = 16
    predict_options = Translator.predict_options | {"beams"}

    def __init__(self, network: Any, tokenizer: Any, *, device: str = "cpu") -> None:
        super().__init__()
        self.device = device
        self.network = network.to(device).eval()
        self.tokenizer = tokenizer
        self._languages: Languages = read_languages(tokenizer, network)
        self._directions = self._languages.directions
        is_marian = isinstance(tokenizer, transformers.MarianTokenizer)
        self._decoding = {"use_source_tokenizer": False} if is_marian else {}
        generation = network.generation_config
        # No text has these: whoever writes "</s>" means the four signs.
        self._special = set(tokenizer.all_special_ids) | set(self._languages.tokens.values())
        self._unknown = int(tokenizer.unk_token_id)
        ends = generation.eos_token_id
        self._ends = set(ends) if isinstance(ends, list) else {ends}
        penalty = generation.length_penalty  # None stands for the library's default
        self._length_penalty = 1.0 if penalty is None else float(penalty)
        self._end_forced = generation.forced_eos_token_id is not None
        positions = int(network.config.max_position_embeddings)
        self._longest_output = min(_LONGEST_OUTPUT, positions - 1)
        self._longest_input = (self._longest_output - _SHORTEST_OUTPUT // 2) // 2
        if self._longest_input < _SHORTEST_OUTPUT // 2:
            raise ValueError(f"{positions} positions are too few to translate a sentence")

    @property
    def directions(self) -> frozenset[tuple[str, str]]:
        return self._directions

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        checked_beams(options.get("beams", BEAMS), _MOST_BEAMS)

    def _translate(self, pieces: Sequence[Passage], **options: Any) -> list[Hypothesis]:
        cut = [self._cut(piece) for piece in pieces]
        parts = [(ids, piece.target) for piece, of in zip(pieces, cut, strict=True) for ids in of]
        together: dict[tuple[str, int], list[int]] = defaultdict(list)
        for position, (ids, target) in enumerate(parts):
            together[target, self._limit(ids)].append(position)
        found: dict[int, Hypothesis] = {}
        with checkpoints.quiet(), torch.inference_mode():
            for (target, limit), positions in together.items():
                positions.sort(key=lambda position: len(parts[position][0]))
                for start in range(0, len(positions), self.batch_size):
                    some = positions[start : start + self.batch_size]
                    answers = self._generate(
                        [parts[position][0] for position in some],
                        target,
                        limit,
                        options.get("beams", BEAMS),
                    )
                    found.update(zip(some, answers, strict=True))
        in_order = iter(found[position] for position in range(len(parts)))
        return [_joined([next(in_order) for _ in of]) for of in cut]

    def _cut(self, piece: Passage) -> list[list[int]]:
        """The tokens of a piece as the network takes them, in parts if they are too many."""
        before, after = self._languages.frame(piece.source, piece.target)
        body = self.tokenizer(
            piece.text, add_special_tokens=False, split_special_tokens=True
        ).input_ids
        body = [self._unknown if token in self._special else token for token in body]
        room = self._longest_input - len(before) - len(after)
        return [[*before, *part, *after] for part in equal_parts(body, room)]

    def _limit(self, ids: list[int]) -> int:
        """How many tokens may come of these."""
        limit = _SHORTEST_OUTPUT
        while limit < 2 * len(ids) + _SHORTEST_OUTPUT // 2:
            limit *= 2
        return min(limit, self._longest_output)

    def _generate(
        self, inputs: list[list[int]], target: str, limit: int, beams: int
    ) -> list[Hypothesis]:
        # Not `tokenizer.pad`: in some checkpoints it pads on the left, where positions begin.
        longest = max(map(len, inputs))
        padding = int(self.tokenizer.pad_token_id)
        ids = torch.tensor([[*one, *[padding] * (longest - len(one))] for one in inputs])
        mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in inputs])
        first = self._languages.forced(target)
        written = self.network.generate(
            input_ids=ids.to(self.device),
            attention_mask=mask.to(self.device),
            forced_bos_token_id=first,
            suppress_tokens=[padding],
            max_new_tokens=limit,
            num_beams=beams,
            do_sample=False,
        )
        return [
            self._hypothesis(
                one,
                tokens,
                # Nothing was to be chosen there.
                slice(int(first is not None), limit - 1 if self._end_forced else None),
            )
            for one, tokens in zip(inputs, map(self._until_end, written.tolist()), strict=True)
        ]

    def _until_end(self, tokens: list[int]) -> list[int]:
        """Without the padding; the first token is where the decoder starts, and may be an end."""
        for position, token in enumerate(tokens[1:], 1):
            if token in self._ends:
                return tokens[: position + 1]
        return tokens

    def _hypothesis(self, ids: list[int], tokens: list[int], chosen: slice) -> Hypothesis:
        """The text of what was written, with its start, and its score by one more pass over it.

        chosen: which tokens after the start count; the probability of others is 1.
        `generate` could tell the score itself, but would keep the whole vocabulary's of each step.
        """
        logits = self.network(
            input_ids=torch.tensor([ids], device=self.device),
            decoder_input_ids=torch.tensor([tokens[:-1]], device=self.device),
        ).logits[0]  # [tokens, vocabulary]
        written = torch.tensor(tokens[1:], device=self.device)
        logs = logits.float().log_softmax(-1).gather(1, written[:, None])[:, 0]
        score = float(logs[chosen].sum()) / len(written) ** self._length_penalty
        text = self.tokenizer.decode(
            [token for token in tokens[1:] if token not in self._special],
            # What the library calls cleaning up takes out spaces that were written.
            clean_up_tokenization_spaces=False,
            **self._decoding,
        )
        return Hypothesis(text.strip(), score)

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> Self:
        """Read a transformers checkpoint folder: no network, no pickle, no code from the folder.

        Raises WeightsError, or MissingDependencyError if the tokenizer needs another package.
        """
        folder = Path(folder)
        config = weights.read_config(folder)
        adapter = next((one for one in ADAPTERS if one.takes(config)), ADAPTERS[0])
        checkpoints.check_folder(folder, adapter, kind="translator", inputs=None)
        if not any(all((folder / name).is_file() for name in one) for one in _TOKENIZER_FILES):
            files = ", nor ".join(" and ".join(one) for one in _TOKENIZER_FILES)
            raise WeightsError(
                f"{str(folder)!r} has no {files}, so nobody knows which tokens its texts are of."
            )
        device = cls.pick_device(device)
        with checkpoints.loading(folder), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a package is missing which only training needs
            settings = checkpoints.read_config(folder)
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, config=settings, **named_direction(folder, config), **checkpoints.OFFLINE
            )
            network = checkpoints.read_network(
                transformers.AutoModelForSeq2SeqLM, folder, settings, unused=("final_logits_bias",)
            )
            return cls(network, tokenizer, device=device)

    def save(self, folder: str | Path) -> None:
        """Write a transformers checkpoint folder, whole or not at all. Raises WeightsError."""

        def fill(new: Path) -> None:
            with checkpoints.quiet():
                self.network.save_pretrained(new)
                self.tokenizer.save_pretrained(new)

        weights.replace_folder(Path(folder), fill)


def _joined(parts: list[Hypothesis]) -> Hypothesis:
    if len(parts) == 1:
        return parts[0]
    return Hypothesis(" ".join(one.text for one in parts), sum(one.score for one in parts))
