"""Speech recognisers from the Hub, through transformers: what all share, and those of CTC."""

from __future__ import annotations

import math
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from zoo import checkpoints, weights
from zoo.audio import Audio, read_audio
from zoo.entries import Adapter
from zoo.errors import WeightsError
from zoo.model import Model
from zoo.predictions import Transcript, Word
from zoo.speech import chunks
from zoo.speech.hub_models import CTC

CHUNK_SECONDS, MARGIN_SECONDS = 30, 5


class TransformersRecognizer(Model):
    """Sound in, text out, by a checkpoint's own feature extractor, network and tokenizer.

    Recordings are computed one at a time, so that none is padded to the length of another.

    adapter: the checkpoints that the class takes. auto_class: the class of transformers that reads
        them, by its name, for importing it may need `zoo.torchaudio_rescue`.
    tokenizer_files: sets of files, one of which has to be there.
    unused: how arrays end that only training needs.
    """

    task: ClassVar[str] = "automatic-speech-recognition"
    devices = ("cpu", "cuda", "mps")
    batch_size = 1
    adapter: ClassVar[Adapter]
    auto_class: ClassVar[str]
    tokenizer_files: ClassVar[tuple[tuple[str, ...], ...]]
    unused: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, network: Any, feature_extractor: Any, tokenizer: Any, *, device: str = "cpu"
    ) -> None:
        super().__init__()
        self.device = device
        self.network = network.to(device).eval()
        self.feature_extractor = feature_extractor
        self.tokenizer = tokenizer
        self.rate = int(feature_extractor.sampling_rate)

    def predict(self, x: Any, **options: Any) -> Transcript:
        """Recognise one recording: a path, bytes, or samples with a rate (see `zoo.audio`)."""
        prediction = super().predict(x, **options)
        assert isinstance(prediction, Transcript)
        return prediction

    def _prepare(self, x: Any) -> Audio:
        return read_audio(x, self.rate)

    def _predict(self, batch: list[Any], **options: Any) -> list[Any]:
        with checkpoints.quiet(), torch.inference_mode():
            return [self._recognize(audio, **options) for audio in batch]

    @abstractmethod
    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        """Answer one recording at the network's rate, of any length."""

    def _features(self, samples: NDArray[np.float32], **options: Any) -> dict[str, torch.Tensor]:
        """What the network takes, a batch of one, on its device."""
        features = self.feature_extractor(
            samples, sampling_rate=self.rate, return_tensors="pt", **options
        )
        return {name: tensor.to(self.device) for name, tensor in features.items()}

    @classmethod
    def load(cls, folder: str | Path, device: str = "auto") -> Self:
        """Read a transformers checkpoint folder: no network, no pickle, no code from the folder.

        A language model beside the network, as of pyctcdecode, is not read.

        Raises WeightsError, or MissingDependencyError if the architecture needs another package.
        """
        folder = Path(folder)
        checkpoints.check_folder(folder, cls.adapter, kind="speech recogniser", inputs="sounds")
        if not any(all((folder / name).is_file() for name in one) for one in cls.tokenizer_files):
            files = ", nor ".join(" and ".join(one) for one in cls.tokenizer_files)
            raise WeightsError(
                f"{str(folder)!r} has no {files}, so nobody knows which text its outputs stand for."
            )
        device = cls.pick_device(device)
        with checkpoints.loading(folder):
            config = checkpoints.read_config(folder)
            # Not AutoProcessor: it would want the package of a language model that lies beside.
            feature_extractor = transformers.AutoFeatureExtractor.from_pretrained(
                folder, config=config, **checkpoints.OFFLINE
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, config=config, **checkpoints.OFFLINE
            )
            auto_class = getattr(transformers, cls.auto_class)
            network = checkpoints.read_network(auto_class, folder, config, unused=cls.unused)
            return cls(network, feature_extractor, tokenizer, device=device)

    def save(self, folder: str | Path) -> None:
        """Write a transformers checkpoint folder, whole or not at all. Raises WeightsError."""

        def fill(new: Path) -> None:
            with checkpoints.quiet():
                self.network.save_pretrained(new)
                self.feature_extractor.save_pretrained(new)
                self.tokenizer.save_pretrained(new)

        weights.replace_folder(Path(folder), fill)


class TransformersCtcRecognizer(TransformersRecognizer):
    """Any transformers checkpoint whose architecture ends in ForCTC and takes the waveform.

    The text is that of the best path: the most probable label of each frame, repetitions and
    blanks taken out. A word begins and ends with the first and the last frame of its letters. Its
    confidence is the geometric mean of these labels' probabilities over its frames; that of the
    whole text is the same over all frames, silence included.

    Sound of more than 30 s is computed in chunks that overlap by 10 s, of which the outer 5 s on
    either side are dropped; the labels of all chunks are decoded together.
    """

    adapter = CTC
    auto_class = "AutoModelForCTC"
    tokenizer_files = (("vocab.json",),)
    unused = ("masked_spec_embed",)  # hides parts of the sound in training

    def __init__(
        self, network: Any, feature_extractor: Any, tokenizer: Any, *, device: str = "cpu"
    ) -> None:
        super().__init__(network, feature_extractor, tokenizer, device=device)
        if not isinstance(tokenizer, transformers.Wav2Vec2CTCTokenizer):
            raise ValueError(f"a {type(tokenizer).__name__} in place of a Wav2Vec2CTCTokenizer")
        outputs, labels = network.config.vocab_size, max(tokenizer.get_vocab().values()) + 1
        if outputs > labels:
            raise ValueError(f"{outputs} outputs of the network for {labels} labels")
        self._hop = int(network.config.inputs_to_logits_ratio)
        self._shortest = _receptive_field(network.config)
        # Labels of which no text is made; the blank is one, and stands for all of them.
        delimiter = tokenizer.word_delimiter_token_id
        self._silent = [i for i in tokenizer.all_special_ids if i != delimiter]

    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        samples = audio.samples
        if len(samples) < self._shortest:
            samples = np.pad(samples, (0, self._shortest - len(samples)))
        second = self.rate // self._hop * self._hop  # whole frames, so that the chunks' fit
        parts = [
            self._best_path(samples[one.start : one.stop], one)
            for one in chunks.cut(len(samples), CHUNK_SECONDS * second, MARGIN_SECONDS * second)
        ]
        labels, logs = (np.concatenate(part) for part in zip(*parts, strict=True))
        labels[np.isin(labels, self._silent)] = self.tokenizer.pad_token_id
        found = self.tokenizer.decode(
            labels.tolist(), output_word_offsets=True, clean_up_tokenization_spaces=False
        )
        words = []
        for word in found.word_offsets:
            first, end = int(word["start_offset"]), int(word["end_offset"])
            text = word["word"].lower() if self.tokenizer.do_lower_case else word["word"]
            begin, finish = (
                min(frame * self._hop / self.rate, audio.seconds) for frame in (first, end)
            )
            confidence = math.exp(float(logs[first:end].mean()))
            words.append(Word(text, begin, finish, confidence))
        spoken = " ".join(word.text for word in words)  # the tokenizer's has a space a delimiter
        return Transcript(spoken, tuple(words), math.exp(float(logs.mean())), audio.seconds)

    def _best_path(
        self, samples: NDArray[np.float32], chunk: chunks.Chunk
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The best label of each frame between the margins and its log-probability, both [T]."""
        values = self._features(samples)["input_values"]
        best = self.network(input_values=values).logits[0].float().log_softmax(-1).max(-1)
        # Frame t looks at samples from t * hop on; at the end of the sound there are fewer.
        first = chunk.left // self._hop
        end = (len(samples) - chunk.right) // self._hop
        return best.indices[first:end].cpu().numpy(), best.values[first:end].cpu().numpy()


def _receptive_field(config: Any) -> int:
    """How many samples a network has to get to answer with one frame."""
    field = 1
    for kernel, stride in zip(config.conv_kernel[::-1], config.conv_stride[::-1], strict=True):
        field = (field - 1) * stride + kernel
    return int(field)
