"""Pieces of words, shared by all languages (Kudo & Richardson 2018; Kudo 2018)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.errors import InputError, MissingDependencyError

UNKNOWN, START, END, PADDING = 0, 1, 2, 3


class Pieces:
    """A SentencePiece model with a sign for each language that a text is wanted in.

    A letter that it never saw is spelled by the bytes of its UTF-8, so that no text is unknown.
    """

    def __init__(self, model: bytes, languages: Sequence[str]) -> None:
        self.model = model
        self.languages = tuple(languages)
        if not model:  # SentencePiece would complain on standard error
            raise ValueError("no SentencePiece model: it is empty")
        try:
            self._processor = _sentencepiece().SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise ValueError(f"no SentencePiece model: {error}") from error
        self._signs = {one: self._processor.piece_to_id(_sign(one)) for one in self.languages}
        lacking = [one for one, number in self._signs.items() if number == UNKNOWN]
        if lacking or self._processor.pad_id() != PADDING:
            raise ValueError(f"a SentencePiece model without signs for {lacking}")

    @classmethod
    def learn(cls, texts: Iterable[str], languages: Sequence[str], size: int) -> Pieces:
        """Choose pieces by the unigram model (Kudo 2018); the same texts, the same pieces.

        size: how many; fewer if the texts have no more. Raises InputError if they have none.
        """
        model = io.BytesIO()
        try:
            _sentencepiece().SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=model,
                vocab_size=size,
                hard_vocab_limit=False,
                model_type="unigram",
                character_coverage=0.9999,
                byte_fallback=True,
                normalization_rule_name="identity",
                unk_id=UNKNOWN,
                bos_id=START,
                eos_id=END,
                pad_id=PADDING,
                control_symbols=[_sign(one) for one in languages],
                max_sentence_length=16384,
                num_threads=1,  # with more, the pieces depend on which was the first
                minloglevel=2,
            )
        except RuntimeError as error:
            reason = str(error).rpartition("] ")[2]
            raise InputError(f"No pieces can be learned from these texts: {reason}") from error
        return cls(model.getvalue(), languages)

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.uint16]]:
        """The pieces of each text, without any sign."""
        return [np.array(one, np.uint16) for one in self._processor.encode(list(texts))]

    def decode(self, pieces: Sequence[Sequence[int]]) -> list[str]:
        """Texts from pieces; what is no valid UTF-8 is left out."""
        texts: list[str] = self._processor.decode([list(map(int, one)) for one in pieces])
        return [" ".join(one.replace("\ufffd", "").split()) for one in texts]

    def sign(self, language: str) -> int:
        """The piece that says which language is wanted (Johnson et al. 2017)."""
        return int(self._signs[language])


def _sign(language: str) -> str:
    return f"<2{language}>"


def _sentencepiece() -> Any:
    try:
        import sentencepiece
    except ImportError:
        raise MissingDependencyError(
            "This model needs sentencepiece: pip install 'software-zoo[translate]'."
        ) from None
    return sentencepiece
