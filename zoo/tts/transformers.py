"""Synthesisers of speech from the Hub, through transformers: what all share, and VITS."""

from __future__ import annotations

import unicodedata
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import transformers
from anyascii import anyascii
from torch import Tensor

from zoo import checkpoints, weights
from zoo.entries import Adapter
from zoo.errors import InputError, MissingDependencyError, WeightsError
from zoo.options import check_seed, check_within
from zoo.tts.draws import seeded
from zoo.tts.hub_models import VITS
from zoo.tts.spelling import english_sentences
from zoo.tts.synthesizer import Samples, Sentence, Synthesizer

LONGEST_SENTENCE = 400  # characters that are spoken at once
_PACES, _TEMPERATURES = (0.5, 2.0), (0.0, 2.0)
_ENGLISH = frozenset({"en", "eng", "english"})


class TransformersSynthesizer(Synthesizer):
    """Text in, sound out, by a checkpoint's own tokenizer and network.

    Sentences are spoken one by one, each with random numbers of its own, so that none sounds
    otherwise in company.

    adapter: the checkpoints that the class takes. auto_class, tokenizer_class: the classes of
        transformers that read them, by their names, for importing them may need
        `zoo.torchaudio_rescue`. tokenizer_file: has to be there.
    """

    devices = ("cpu", "cuda")
    adapter: ClassVar[Adapter]
    auto_class: ClassVar[str]
    tokenizer_class: ClassVar[str]
    tokenizer_file: ClassVar[str]
    predict_options = Synthesizer.predict_options | {"seed"}

    def __init__(self, network: Any, tokenizer: Any, *, device: str = "cpu") -> None:
        super().__init__()
        if not isinstance(tokenizer, getattr(transformers, self.tokenizer_class)):
            raise ValueError(f"a {type(tokenizer).__name__} in place of a {self.tokenizer_class}")
        self.device = device
        self.network = network.to(device).eval()
        self.tokenizer = tokenizer

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        check_seed(options.get("seed", 0))

    def _speak(self, sentence: Sentence, *, seed: int = 0, **options: Any) -> Samples:
        ids = self._ids(sentence.text)
        if not ids:
            return np.empty(0, np.float32)
        # First what lets in one thread at a time: the library's quiet is one for all, too.
        with seeded(seed, self.device), checkpoints.quiet(), torch.inference_mode():
            samples = self._sound(torch.tensor([ids], device=self.device), **options)
        return samples.float().cpu().numpy()

    @abstractmethod
    def _ids(self, text: str) -> list[int]:
        """The tokens of a sentence as the network takes them; none if it has none of its signs."""

    @abstractmethod
    def _sound(self, ids: Tensor, **options: Any) -> Tensor:
        """The sound [N] of tokens [1, T]; what it draws at random is seeded."""

    @classmethod
    def _read(cls, folder: Path) -> tuple[Any, Any]:
        """The network and the tokenizer of a transformers checkpoint folder."""
        config = checkpoints.read_config(folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, config=config, **checkpoints.OFFLINE
        )
        network = checkpoints.read_network(getattr(transformers, cls.auto_class), folder, config)
        check_finite(folder, network)
        return network, tokenizer

    @classmethod
    def _check_folder(cls, folder: Path) -> None:
        checkpoints.check_folder(folder, cls.adapter, kind="speech synthesiser", inputs=None)
        if not (folder / cls.tokenizer_file).is_file():
            raise WeightsError(
                f"{str(folder)!r} has no {cls.tokenizer_file}, so nobody knows which tokens its "
                "texts are of."
            )

    def save(self, folder: str | Path) -> None:
        """Write a transformers checkpoint folder, whole or not at all. Raises WeightsError."""

        def fill(new: Path) -> None:
            with checkpoints.quiet():
                self.network.save_pretrained(new)
                self.tokenizer.save_pretrained(new)
            self._complete(new)

        weights.replace_folder(Path(folder), fill)

    def _complete(self, folder: Path) -> None:
        """Add what the folder needs besides the network and the tokenizer."""


class TransformersVitsSynthesizer(TransformersSynthesizer):
    """VITS: letters to samples in one network; such are the voices of the project MMS.

    English is read as by our own synthesisers, with figures in words. A text of another language is
    spelled in the signs that the checkpoint has: letters that it lacks are transliterated, if that
    leaves anything; else they are refused, and so are figures and signs of units.

    Options of `predict`:
    seed: of what is drawn at random, which is how long sounds are and how they sound.
    temperature: how much of the checkpoint's own randomness there is; 0 for none.
    pace: how many times as fast as the checkpoint speaks.
    speaker: the number of a voice, if the checkpoint has several.
    """

    adapter = VITS
    auto_class = "AutoModelForTextToWaveform"
    tokenizer_class = "VitsTokenizer"
    tokenizer_file = "vocab.json"
    predict_options = TransformersSynthesizer.predict_options | {"temperature", "pace", "speaker"}

    def __init__(self, network: Any, tokenizer: Any, *, device: str = "cpu") -> None:
        super().__init__(network, tokenizer, device=device)
        if tokenizer.is_uroman:
            raise ValueError("it takes texts romanised by uroman, which is not carried here")
        if tokenizer.phonemize:
            raise ValueError("it takes texts in phones by phonemizer, which is not carried here")
        self._signs: Mapping[str, int] = tokenizer.encoder
        self._voices = int(network.config.num_speakers)
        self.language = _two_letters(str(tokenizer.language))
        highest, rows = max(self._signs.values()), int(network.config.vocab_size)
        if highest >= rows:
            raise ValueError(f"a sign of number {highest} for a network that knows {rows}")

    @property
    def rate(self) -> int:
        return int(self.network.config.sampling_rate)

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        check_within("temperature", options.get("temperature", 1.0), _TEMPERATURES)
        check_within("pace", options.get("pace", 1.0), _PACES)
        if "speaker" not in options:
            return
        speaker = options["speaker"]
        if self._voices <= 1:
            raise InputError(f"This model takes no speaker, for it has one only; {speaker!r} came.")
        whole = isinstance(speaker, int) and not isinstance(speaker, bool)
        if not whole or not 0 <= speaker < self._voices:
            raise InputError(
                f"speaker is a whole number from 0 to {self._voices - 1}; {speaker!r} came."
            )

    def _sentences(self, text: str) -> list[Sentence]:
        if self.language == "en":
            return english_sentences(text, LONGEST_SENTENCE)
        found = super()._sentences(text)
        return [Sentence("".join(map(self._sign, one.text)), one.pause) for one in found]

    def _sign(self, one: str) -> str:
        """A character as the checkpoint has it. Raises InputError where a word would be lost."""
        if one in self._signs or one.lower() in self._signs:
            return one
        if one.isnumeric() or one == "%" or unicodedata.category(one) == "Sc":
            raise InputError(
                f"This model has no sign for {one!r}: write numbers and units in words, as they "
                "are said."
            )
        if not one.isalpha():
            return one
        spelled = anyascii(one)
        if not any(letter in self._signs for letter in spelled.lower() if letter.isalpha()):
            raise InputError(f"This model has no sign for {one!r}: it speaks another script.")
        return spelled

    def _ids(self, text: str) -> list[int]:
        # Not by the tokenizer as a whole: it takes "<unk>" for a sign, and forgets the blank before
        # or after a text that begins or ends with its padding, which is "k" in English.
        prepared, _ = self.tokenizer.prepare_for_tokenization(text)
        signs = [one for one in prepared if one in self._signs]
        if not any(map(str.isalnum, signs)):
            return []
        ids = [self._signs[one] for one in signs]
        if not self.tokenizer.add_blank:
            return ids
        blanks = [0] * (2 * len(ids) + 1)  # its number, whatever it is called
        blanks[1::2] = ids
        return blanks

    def _sound(
        self,
        ids: Tensor,
        *,
        temperature: float = 1.0,
        pace: float = 1.0,
        speaker: int = 0,
        **options: Any,
    ) -> Tensor:
        network, config = self.network, self.network.config
        network.noise_scale = temperature * config.noise_scale
        network.noise_scale_duration = temperature * config.noise_scale_duration
        network.speaking_rate = pace * config.speaking_rate
        waveform: Tensor = network(ids, speaker_id=speaker if self._voices > 1 else None).waveform
        return waveform[0]

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> Self:
        """Read a transformers checkpoint folder: no network, no pickle, no code from the folder.

        Raises WeightsError, or MissingDependencyError if the tokenizer needs another package.
        """
        folder = Path(folder)
        cls._check_folder(folder)
        device = cls.pick_device(device)
        with checkpoints.loading(folder):
            return cls(*cls._read(folder), device=device)


def _two_letters(language: str) -> str:
    """The usual code of a language, such as "de" for "deu". Raises MissingDependencyError."""
    if language.lower() in _ENGLISH:
        return "en"
    try:
        import langcodes
    except ImportError:
        raise MissingDependencyError(
            "Other languages than English need langcodes: pip install 'software-zoo[tts]'."
        ) from None
    try:
        return str(langcodes.standardize_tag(language, macro=True))
    except langcodes.LanguageTagError as error:
        raise ValueError(f"a tokenizer of the language {language!r}") from error


def check_finite(folder: Path, network: Any) -> None:
    """Raise WeightsError if a network has numbers that are none."""
    for name, values in network.state_dict().items():
        if values.is_floating_point() and not torch.isfinite(values).all():
            raise WeightsError(f"{str(folder)!r} has numbers that are not finite, in {name}.")
