"""Speech recognisers from the Hub that write text token by token: Whisper and its kin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.errors import InputError, UnknownNameError
from zoo.predictions import Transcript, Word
from zoo.speech import chunks
from zoo.speech.hub_models import SEQ2SEQ
from zoo.speech.transformers import CHUNK_SECONDS, MARGIN_SECONDS, TransformersRecognizer

_SHORTEST_SECONDS = 0.1  # shorter sound is filled up with silence
_LEAST_STEP = 1 / 30  # of a chunk's length, that it goes on from the one before
_TOKENS_A_SECOND = 6.5  # of Moonshine, by its model card; beyond, it repeats itself


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a network made of a stretch of sound.

    tokens: without the end's. logs: the log-probability of each. end: that of the end, if it came.
    times: where each token begins and ends, in seconds of the whole sound; empty if not known.
    """

    tokens: list[int]
    logs: list[float]
    times: list[tuple[float, float]]
    end: float | None

    def part(self, start: int, stop: int) -> _Heard:
        """The tokens start..stop."""
        at = slice(start, stop)
        return _Heard(self.tokens[at], self.logs[at], self.times[at], self.end)


class TransformersSeq2SeqRecognizer(TransformersRecognizer):
    """Whisper, and other transformers checkpoints that write text token by token.

    Decoding is greedy, so that the same sound is always the same text. The confidence of the text
    is the geometric mean of the probabilities of its tokens and of its end, 0 where there is
    neither; that of a word is the same of its tokens. Words have times where the checkpoint says
    which of its attention heads follow the sound (`alignment_heads` in its generation_config.json);
    else `words` is empty. What is written without spaces is one word.

    Sound longer than what the network takes at once is heard in chunks. Whisper goes on from the
    end of the last whole phrase; of other networks, the texts of overlapping chunks are joined.

    Options of `predict`:
    language: what is spoken, by its name or code; found out if not given.
    translate: write English, whatever is spoken.
    """

    adapter = SEQ2SEQ
    auto_class = "AutoModelForSpeechSeq2Seq"
    tokenizer_files = (("tokenizer.json",), ("vocab.json", "merges.txt"))
    predict_options: ClassVar[frozenset[str]] = frozenset({"language", "translate"})

    def __init__(
        self, network: Any, feature_extractor: Any, tokenizer: Any, *, device: str = "cpu"
    ) -> None:
        super().__init__(network, feature_extractor, tokenizer, device=device)
        self._is_whisper = network.config.model_type == "whisper"
        generation = network.generation_config
        self._ends = set(np.ravel(generation.eos_token_id).tolist())
        self._special = set(tokenizer.all_special_ids)
        self._zero = _setting(generation, "no_timestamps_token_id", math.inf) + 1
        self._languages: Mapping[str, int] = {
            token.strip("<|>"): number
            for token, number in _setting(generation, "lang_to_id", {}).items()
        }
        self._tasks: Mapping[str, int] = _setting(generation, "task_to_id", {})
        self._aligns = self._is_whisper and bool(_setting(generation, "alignment_heads", []))
        if self._is_whisper:
            # A timestamp is one step of the encoder, which halves the rate of the spectrogram.
            self._step = 2 * int(feature_extractor.hop_length)
            self._limit = int(network.config.max_source_positions) * self._step
            if feature_extractor.n_samples != self._limit:
                raise ValueError(
                    f"spectrograms of {feature_extractor.n_samples} samples for a network that "
                    f"takes {self._limit}"
                )
        else:
            self._limit = CHUNK_SECONDS * self.rate
        if self._aligns:  # other implementations of attention do not tell where it lies
            network.set_attn_implementation("eager")

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        language, translate = options.get("language"), options.get("translate", False)
        if not isinstance(translate, bool):
            raise InputError(f"translate is true or false; {translate!r} came.")
        if translate and "translate" not in self._tasks:
            raise InputError("This model does not translate: it writes what it hears.")
        if language is None:
            return
        if not isinstance(language, str):
            raise InputError(f"A language is a name or a code, as 'german' or 'de'; {language!r}.")
        if not self._languages:
            raise InputError(
                f"This model takes no language, for it knows one only; {language!r} came."
            )
        if self._code(language) not in self._languages:
            names = {name for name, code in _codes().items() if code in self._languages}
            raise UnknownNameError.of("language", language, names | set(self._languages))

    @staticmethod
    def _code(language: str) -> str:
        return _codes().get(language.lower(), language.lower())

    def _recognize(self, audio: Audio, **options: Any) -> Transcript:
        settings: dict[str, Any] = {}
        if self._languages:
            settings["task"] = "translate" if options.get("translate") else "transcribe"
            if options.get("language") is not None:
                settings["language"] = self._code(options["language"])
        if len(audio.samples) <= self._limit:
            heard = [self._hear(audio.samples, 0, settings)]
        elif self._zero < math.inf:
            heard = self._by_phrases(audio.samples, settings)
        else:
            heard = self._by_overlap(audio.samples, settings)
        return self._transcript(heard, audio.seconds)

    def _by_phrases(self, samples: NDArray[np.float32], settings: dict[str, Any]) -> list[_Heard]:
        heard: list[_Heard] = []
        least = round(_LEAST_STEP * self._limit / self._step)
        start = 0
        while len(samples) - start >= _SHORTEST_SECONDS * self.rate:
            stretch = samples[start : start + self._limit]
            one = self._hear(stretch, start, settings, timestamps=True)
            if start + len(stretch) == len(samples):  # where nothing was cut, all is whole
                return [*heard, one]
            keep, step = chunks.phrases(one.tokens, int(self._zero), least)
            heard.append(one.part(0, keep))
            start += self._limit if step is None else step * self._step
        return heard

    def _by_overlap(self, samples: NDArray[np.float32], settings: dict[str, Any]) -> list[_Heard]:
        heard: list[_Heard] = []
        margin = MARGIN_SECONDS * self._limit // CHUNK_SECONDS
        for chunk in chunks.cut(len(samples), self._limit, margin):
            one = self._hear(samples[chunk.start : chunk.stop], chunk.start, settings)
            if heard:
                keep, drop = chunks.seam(heard[-1].tokens, one.tokens)
                heard[-1] = heard[-1].part(0, keep)
                one = one.part(drop, len(one.tokens))
            heard.append(one)
        return heard

    def _hear(
        self,
        samples: NDArray[np.float32],
        start: int,
        settings: dict[str, Any],
        *,
        timestamps: bool = False,
    ) -> _Heard:
        """Decode a stretch of at most the network's limit that begins at sample `start`.

        settings: language and task, if the network takes any; the language, where it lacks, is
            found out and put in, so that it holds for the stretches that follow.
        """
        shortest = round(_SHORTEST_SECONDS * self.rate)
        if len(samples) < shortest:
            samples = np.pad(samples, (0, shortest - len(samples)))
        features = self._features(samples, return_attention_mask=True)
        if self._is_whisper:
            # Apart from the decoder, or the whole square of the encoder's attention would be kept.
            encoded = self.network.get_encoder()(features.pop("input_features"))
            if self._languages and "language" not in settings:
                settings["language"] = self._detect(encoded)
            how: dict[str, Any] = {
                "encoder_outputs": encoded,
                "return_timestamps": timestamps,
                "return_token_timestamps": self._aligns or None,
                "force_unique_generate_call": True,
                "temperature": 0.0,
            }
        else:
            how = {"max_new_tokens": math.ceil(len(samples) / self.rate * _TOKENS_A_SECOND)}
        answer = self.network.generate(
            **features,
            **settings,
            **how,
            do_sample=False,
            num_beams=1,
            return_dict_in_generate=True,
            output_scores=True,
        )
        scores = torch.stack(answer["scores"])[:, 0].float().log_softmax(-1)  # [tokens, vocabulary]
        generated = answer["sequences"][0, -len(scores) :]
        logs = scores.gather(1, generated[:, None])[:, 0].tolist()
        tokens = generated.tolist()
        times: list[tuple[float, float]] = []
        if self._aligns:
            # Each is the end of its token; the one before, of a token or of the prompt, its start.
            ends = (answer["token_timestamps"][0] + start / self.rate).tolist()
            times = list(zip(ends[-len(tokens) - 1 : -1], ends[-len(tokens) :], strict=True))
        end = None
        if tokens[-1] in self._ends:
            end = logs.pop()
            tokens.pop()
        return _Heard(tokens, logs, times[: len(tokens)], end)

    def _detect(self, encoded: Any) -> str:
        """The code of the language that is spoken."""
        found = int(self.network.detect_language(encoder_outputs=encoded)[0])
        return next(code for code, number in self._languages.items() if number == found)

    def _transcript(self, heard: list[_Heard], seconds: float) -> Transcript:
        tokens, logs, times = [], [], []
        for one in heard:
            said = [
                i
                for i, token in enumerate(one.tokens)
                if token not in self._special and token < self._zero
            ]
            tokens += [one.tokens[i] for i in said]
            logs += [one.logs[i] for i in said]
            times += [one.times[i] for i in said] if one.times else []
        ends = [one.end for one in heard if one.end is not None]
        words = []
        latest = 0.0
        for group in self._words(tokens) if times else []:
            begin = min(max(times[group[0]][0], latest), seconds)
            latest = min(max(times[group[-1]][1], begin), seconds)
            text = self._text([tokens[i] for i in group]).strip()
            confidence = math.exp(float(np.mean([logs[i] for i in group])))
            words.append(Word(text, begin, latest, confidence))
        confidence = math.exp(float(np.mean(logs + ends))) if logs + ends else 0.0
        return Transcript(self._text(tokens).strip(), tuple(words), confidence, seconds)

    def _words(self, tokens: list[int]) -> list[list[int]]:
        """Positions of the tokens of each word: a word begins where a token does with a space."""
        groups: list[list[int]] = []
        bare = True  # the last group has no letters yet
        for position, token in enumerate(tokens):
            text = self._text([token])
            if not groups or (text[:1].isspace() and not bare):
                groups.append([])
                bare = True
            groups[-1].append(position)
            bare = bare and not text.strip()
        return groups if not bare else groups[:-1]

    def _text(self, tokens: list[int]) -> str:
        # What the library calls cleaning up takes out spaces that were said to be there.
        text: str = self.tokenizer.decode(tokens, clean_up_tokenization_spaces=False)
        return text


def _codes() -> Mapping[str, str]:
    """The codes of languages by their English names."""
    # Not at the top: see `zoo.torchaudio_rescue`.
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    codes: Mapping[str, str] = TO_LANGUAGE_CODE
    return codes


def _setting(generation: Any, name: str, default: Any) -> Any:
    """A setting that only some checkpoints have."""
    value = getattr(generation, name, None)
    return default if value is None else value
