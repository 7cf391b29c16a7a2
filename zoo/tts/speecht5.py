"""SpeechT5 from the Hub: letters to a spectrogram, and by a HiFi-GAN to samples."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from zoo import checkpoints, hub, weights
from zoo.entries import Adapter
from zoo.errors import InputError
from zoo.tts.hub_models import SPEECHT5, VOCODER
from zoo.tts.spelling import english_sentences
from zoo.tts.synthesizer import Sentence
from zoo.tts.transformers import LONGEST_SENTENCE, TransformersSynthesizer, check_finite

_MOST_FRAMES = 20.0  # for each token, of a network that finds no end; the library's own limit
_VOCODERS = Adapter("SpeechT5HifiGan", SPEECHT5.entry)
_VOCODER_CONFIG, _VOCODER = "vocoder_config.json", "vocoder."


class TransformersSpeechT5Synthesizer(TransformersSynthesizer):
    """SpeechT5 with its vocoder, which on the Hub is a repository of its own.

    Texts are read as English, with figures in words. A folder that `save` wrote has both networks:
    the arrays of the vocoder lie among the others, under names that begin with "vocoder.".

    Options of `predict`:
    seed: of what is drawn at random, for its decoder drops numbers when it speaks, too.
    speaker: an x-vector, which tells the voice, or the path of a .npy file that holds it. The
        checkpoint brings none. If none is given it is zeros, a voice that nobody has: it tells the
        network nothing, and how well that is understood is not known here.
    """

    adapter = SPEECHT5
    auto_class = "AutoModelForTextToSpectrogram"
    tokenizer_class = "SpeechT5Tokenizer"
    tokenizer_file = "spm_char.model"
    predict_options = TransformersSynthesizer.predict_options | {"speaker"}

    def __init__(self, network: Any, tokenizer: Any, vocoder: Any, *, device: str = "cpu") -> None:
        super().__init__(network, tokenizer, device=device)
        bands, wanted = network.config.num_mel_bins, vocoder.config.model_in_dim
        if bands != wanted:
            raise ValueError(f"spectrograms of {bands} bands for a vocoder that takes {wanted}")
        self.vocoder = vocoder.to(device).eval()
        self._signs = frozenset(tokenizer.get_vocab())
        # A space before all, and the end, are tokens, too.
        self._longest = min(LONGEST_SENTENCE, int(network.config.max_text_positions) - 2)
        if self._longest < 1:
            raise ValueError(f"{self._longest + 2} positions are too few for a text")

    @property
    def rate(self) -> int:
        return int(self.vocoder.config.sampling_rate)

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        self._embedding(options.get("speaker"))

    def _embedding(self, speaker: Any) -> Tensor:
        """The x-vector, [1, size]. Raises InputError."""
        size = int(self.network.config.speaker_embedding_dim)
        if speaker is None:
            return torch.zeros(1, size)
        found = speaker
        try:
            if isinstance(speaker, str | os.PathLike):
                with Path(speaker).open("rb") as file:  # an archive of arrays would be left open
                    found = np.lib.format.read_array(file, allow_pickle=False)
            vector = np.asarray(found, np.float32)
        except (OSError, EOFError, TypeError, ValueError) as error:
            raise InputError(
                f"speaker is an x-vector of {size} numbers, or the path of a .npy file of one; "
                f"{speaker if found is speaker else found!r} cannot be read as such."
            ) from error
        if vector.shape not in ((size,), (1, size)) or not np.isfinite(vector).all():
            raise InputError(
                f"speaker is an x-vector of {size} finite numbers; an array of shape "
                f"{vector.shape} came{'' if np.isfinite(vector).all() else ', not all finite'}."
            )
        return torch.from_numpy(vector.reshape(1, size).copy())

    def _sentences(self, text: str) -> list[Sentence]:
        return english_sentences(text, self._longest)

    def _ids(self, text: str) -> list[int]:
        # Capitals stand for the names of letters, in which not every checkpoint believes.
        spelled = "".join(one if one in self._signs else one.lower() for one in text)
        if not any(one in self._signs for one in spelled):
            return []
        unknown = self.tokenizer.unk_token_id
        return [one for one in self.tokenizer(spelled).input_ids if one != unknown]

    def _sound(self, ids: Tensor, *, speaker: Any = None, **options: Any) -> Tensor:
        config = self.network.config
        # Beyond its positions the network fails.
        most = config.max_speech_positions * config.reduction_factor / ids.shape[1]
        sound: Tensor = self.network.generate_speech(
            ids,
            self._embedding(speaker).to(self.device),
            vocoder=self.vocoder,
            maxlenratio=min(_MOST_FRAMES, most),
        )
        return sound

    @classmethod
    def load(
        cls, folder: str | Path, device: str = "auto", *, vocoder: str | Path | None = None
    ) -> Self:
        """Read a transformers checkpoint folder: no pickle, no code from the folder.

        vocoder: the folder of a SpeechT5HifiGan, or "hub:owner/repo[@revision]". If not given, it
            is the one in the folder, if `save` wrote that, else Microsoft's, from the Hub.

        Raises WeightsError, HubError, or MissingDependencyError for what the tokenizer needs.
        """
        folder = Path(folder)
        cls._check_folder(folder)
        device = cls.pick_device(device)
        with checkpoints.loading(folder):
            network, tokenizer = cls._read(folder)
        if vocoder is None and (folder / _VOCODER_CONFIG).is_file():
            with checkpoints.loading(folder):
                sound = _own_vocoder(folder)
        else:
            sound = _read_vocoder(VOCODER if vocoder is None else vocoder)
        with checkpoints.loading(folder):
            return cls(network, tokenizer, sound, device=device)

    def _complete(self, folder: Path) -> None:
        arrays = load_file(folder / weights.ARRAYS)
        for name, values in self.vocoder.state_dict().items():
            arrays[f"{_VOCODER}{name}"] = values.cpu().contiguous()
        save_file(arrays, folder / weights.ARRAYS, metadata={"format": "pt"})
        self.vocoder.config.to_json_file(folder / _VOCODER_CONFIG)


def _own_vocoder(folder: Path) -> Any:
    """The vocoder that `save` put beside the network."""
    config = transformers.SpeechT5HifiGanConfig.from_json_file(folder / _VOCODER_CONFIG)
    vocoder = transformers.SpeechT5HifiGan(config)
    with safe_open(folder / weights.ARRAYS, "pt") as stored:
        vocoder.load_state_dict(
            {
                name.removeprefix(_VOCODER): stored.get_tensor(name)
                for name in stored.keys()  # noqa: SIM118 - it is no mapping
                if name.startswith(_VOCODER)
            }
        )
    check_finite(folder, vocoder)
    return vocoder


def _read_vocoder(place: str | Path) -> Any:
    if isinstance(place, str) and place.startswith(hub.PREFIX):
        folder = hub.download_model(place)
    else:
        folder = Path(place)
    checkpoints.check_folder(folder, _VOCODERS, kind="vocoder of SpeechT5", inputs=None)
    with checkpoints.loading(folder):
        # Not AutoConfig, which does not know the type that is written there.
        config = transformers.SpeechT5HifiGanConfig.from_pretrained(folder, **checkpoints.OFFLINE)
        vocoder = checkpoints.read_network(transformers.SpeechT5HifiGan, folder, config)
        check_finite(folder, vocoder)
        return vocoder
