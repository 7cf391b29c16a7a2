"""Tacotron 2 and a WaveRNN, as torchaudio has them: letters to a spectrogram, that to samples.

Shen et al., "Natural TTS Synthesis by Conditioning WaveNet on Mel Spectrogram Predictions", ICASSP
2018; Kalchbrenner et al., "Efficient Neural Audio Synthesis", ICML 2018.

The networks that torchaudio trained on LJ Speech are on a server of PyTorch, as pickles. No entry
names them, for `zoo.load` never opens such. A weights folder is made of them once by

    Tacotron2Synthesizer.from_bundle().save("tacotron2-wavernn")

and `zoo.load("./tacotron2-wavernn")` speaks from then on.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self
from urllib.error import URLError

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zoo import torchaudio_rescue
from zoo.errors import HubError, InputError, MissingDependencyError
from zoo.options import check_seed
from zoo.tts.draws import seeded
from zoo.tts.spelling import english_sentences
from zoo.tts.synthesizer import Samples, Sentence, Synthesizer

LONGEST_SENTENCE = 200  # characters; of longer ones it loses its place, having learned from none
RATE = 22_050  # Hz, of LJ Speech
_FLOOR, _RANGE = 1e-5, 100.0  # of a spectrogram's magnitudes; the decibels that the WaveRNN knows
# Of torchaudio's WaveRNN; its Tacotron 2 is of the default sizes.
_WAVERNN: dict[str, Any] = {
    **{"upsample_scales": [5, 5, 11], "hop_length": 275},
    **{"n_classes": 256, "n_freq": 80},
}


class Tacotron2Synthesizer(Synthesizer):
    """English, read letter by letter, with figures in words.

    Options of `predict`: seed, of what is drawn at random, for Tacotron 2 drops numbers when it
    speaks, too, and the WaveRNN draws every sample.

    symbols: the signs that a text may have, in the order of their numbers; others are left out.
    tacotron2, wavernn: arguments of torchaudio's classes.

    Raises MissingDependencyError without torchaudio.
    """

    devices = ("cpu", "cuda")
    predict_options = Synthesizer.predict_options | {"seed"}

    def __init__(
        self,
        symbols: str,
        tacotron2: Mapping[str, Any],
        wavernn: Mapping[str, Any],
        *,
        rate: int = RATE,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        models = _torchaudio().models
        self.device = device
        self._settings: dict[str, Any] = {
            "symbols": symbols,
            "rate": rate,
            "tacotron2": dict(tacotron2),
            "wavernn": dict(wavernn),
        }
        self._numbers = {sign: number for number, sign in enumerate(symbols)}
        self.tacotron2 = models.Tacotron2(n_symbol=len(symbols), **tacotron2).to(device).eval()
        self.wavernn = models.WaveRNN(**wavernn).to(device).eval()

    @property
    def rate(self) -> int:
        rate: int = self._settings["rate"]
        return rate

    @classmethod
    def from_bundle(cls, bundle: Any = None) -> Self:
        """The networks of a bundle of torchaudio with a WaveRNN, which reads letters.

        They are fetched by torchaudio, and unpickled by a reader that makes tensors and nothing
        else. If no bundle is given, it is TACOTRON2_WAVERNN_CHAR_LJSPEECH.

        Raises InputError for a bundle of another kind, HubError if it cannot be fetched.
        """
        torchaudio = _torchaudio()
        known = torchaudio.pipelines.TACOTRON2_WAVERNN_CHAR_LJSPEECH
        bundle = known if bundle is None else bundle
        if type(bundle) is not type(known):
            raise InputError(
                "A bundle of torchaudio that reads letters and has a WaveRNN is taken, such as "
                f"TACOTRON2_WAVERNN_CHAR_LJSPEECH; {type(bundle).__name__} came."
            )
        try:
            return cls._of(bundle, torchaudio)
        except URLError as error:
            raise HubError(
                f"The networks of torchaudio cannot be fetched: {error.reason}."
            ) from error

    @classmethod
    def _of(cls, bundle: Any, torchaudio: Any) -> Self:
        how = {"weights_only": True}
        model = cls("".join(bundle.get_text_processor().tokens), {}, _WAVERNN)
        model.tacotron2.load_state_dict(bundle.get_tacotron2(dl_kwargs=how).state_dict())
        inside = bundle.get_vocoder(dl_kwargs=how).modules()
        (wavernn,) = (one for one in inside if isinstance(one, torchaudio.models.WaveRNN))
        model.wavernn.load_state_dict(wavernn.state_dict())
        return model

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        check_seed(options.get("seed", 0))

    def _sentences(self, text: str) -> list[Sentence]:
        return english_sentences(text, LONGEST_SENTENCE)

    def _speak(self, sentence: Sentence, *, seed: int = 0, **options: Any) -> Samples:
        text = sentence.text.lower()
        numbers = [self._numbers[sign] for sign in text if sign in self._numbers]
        if not numbers:
            return np.empty(0, np.float32)
        with torch.inference_mode(), seeded(seed, self.device), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a text found no end: then it is long enough
            spectrogram, *_ = self.tacotron2.infer(torch.tensor([numbers], device=self.device))
            codes, _ = self.wavernn.infer(_decibels(spectrogram))
        return _expanded(codes[0, 0].float().cpu().numpy(), self.wavernn.n_classes)

    def _to_weights(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays = {
            f"{part}/{name}": values.cpu().numpy()
            for part, network in self._networks().items()
            for name, values in network.state_dict().items()
        }
        return self._settings, arrays

    def _networks(self) -> dict[str, nn.Module]:
        return {"tacotron2": self.tacotron2, "wavernn": self.wavernn}

    @classmethod
    def _from_weights(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str
    ) -> Self:
        if not all(np.isfinite(one).all() for one in arrays.values()):
            raise ValueError("numbers that are not finite")
        model = cls(
            settings["symbols"],
            settings["tacotron2"],
            settings["wavernn"],
            rate=int(settings["rate"]),
            device=device,
        )
        for part, network in model._networks().items():
            network.load_state_dict(
                {
                    name.removeprefix(f"{part}/"): torch.from_numpy(array)
                    for name, array in arrays.items()
                    if name.startswith(f"{part}/")
                }
            )
        return model


def _torchaudio() -> Any:
    torchaudio_rescue.make_importable()
    try:
        import torchaudio.models
        import torchaudio.pipelines
    except ImportError as error:
        raise MissingDependencyError(
            "Tacotron 2 and WaveRNN need torchaudio: pip install torchaudio."
        ) from error
    return torchaudio


def _decibels(spectrogram: Tensor) -> Tensor:
    """Log magnitudes [1, mels, T] as the WaveRNN has learned them: 0 for -100 dB, 1 for 0 dB."""
    decibels = 20 * torch.log10(torch.exp(spectrogram).clamp(min=_FLOOR))
    return (1 + decibels / _RANGE).clamp(0, 1)


def _expanded(codes: NDArray[np.float32], classes: int) -> Samples:
    """Samples of codes in -1..1 that stand for them by the µ-law."""
    mu = np.float32(classes - 1)
    samples = np.sign(codes) * (np.power(1 + mu, np.abs(codes)) - 1) / mu
    return np.asarray(samples, np.float32)
