"""What `predict` returns: one small frozen class a task."""

from __future__ import annotations

import base64
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import InputError
from zoo.files import write_atomically

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Prediction(ABC):
    """Base of all predictions."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The facts of the prediction as JSON-able values, for scripts."""


@dataclass(frozen=True, slots=True)
class Classification(Prediction):
    """The answer of an `image-classification` model.

    labels: every class that the model knows, in the model's own order.
    probabilities: one per label, in the same order; they sum to 1.
    """

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def label(self) -> str:
        """The most probable label; of equals, the first in the model's order."""
        return self.labels[self.probabilities.index(max(self.probabilities))]

    @property
    def confidence(self) -> float:
        """The probability of `label`."""
        return max(self.probabilities)

    @property
    def scores(self) -> dict[str, float]:
        """Label to probability, the most probable first.

        Of classes with the same name (ImageNet has two cranes) the probabilities are summed.
        """
        scores: dict[str, float] = {}
        for label, probability in self.top(len(self.labels)):
            scores[label] = scores.get(label, 0.0) + probability
        return scores

    def top(self, k: int = 5) -> list[tuple[str, float]]:
        """The `k` most probable labels with their probabilities."""
        pairs = zip(self.labels, self.probabilities, strict=True)
        return sorted(pairs, key=lambda pair: -pair[1])[:k]

    def to_dict(self) -> dict[str, Any]:
        return {"label": self.label, "confidence": self.confidence, "scores": self.scores}

    def __str__(self) -> str:
        first, *rest = (f"{label} {probability:.1%}" for label, probability in self.top(3))
        return first + (f"  (then {', '.join(rest)})" if rest else "")

    def __repr__(self) -> str:
        # Not the generated one: 1,000 probabilities would hide the answer.
        return f"Classification(label={self.label!r}, confidence={self.confidence:.4f})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(label)}</td>"
            f"<td><meter min='0' max='1' value='{probability:.4f}'></meter></td>"
            f"<td>{probability:.1%}</td></tr>"
            for label, probability in self.top()
        )
        return f"<table>{rows}</table>"


@dataclass(frozen=True, slots=True)
class Move(Prediction):
    """The answer of a `board-game` model.

    action: in the game's own notation, e.g. a column of Connect Four, "1" to "7".
    index: the same as the rules number it.
    value: the expected result for the player to move: -1 loses, 0 draws, 1 wins.
    actions: every legal action, in the order of the rules.
    policy: how good the search holds each of them to be, in the same order; it sums to 1.
    nodes: positions that the search looked at. depth: moves that it looked ahead.
    proven: whether `value` is proven rather than estimated.
    """

    action: str
    index: int
    value: float
    actions: tuple[str, ...]
    policy: tuple[float, ...]
    nodes: int
    depth: int
    proven: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "index": self.index,
            "value": self.value,
            "policy": dict(zip(self.actions, self.policy, strict=True)),
            "nodes": self.nodes,
            "depth": self.depth,
            "proven": self.proven,
        }

    def __str__(self) -> str:
        how = "proven" if self.proven else "expected"
        return (
            f"{self.action}  ({how} result {self.value:+.2f}; {self.nodes:,} positions, "
            f"{self.depth} moves ahead)"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'<b>' if action == self.action else ''}{escape(action)}</td>"
            f"<td><meter min='0' max='1' value='{share:.4f}'></meter></td><td>{share:.1%}</td></tr>"
            for action, share in zip(self.actions, self.policy, strict=True)
        )
        return f"<p>{escape(str(self))}</p><table>{rows}</table>"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a transcript, where it begins and ends, in seconds, and how sure it is."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript(Prediction):
    """The answer of an `automatic-speech-recognition` model.

    text: what was said; empty if nothing was.
    words: its words in order, as far as the model tells their times.
    confidence: of the whole text, 0 to 1.
    seconds: how long the sound is.
    """

    text: str
    words: tuple[Word, ...]
    confidence: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "confidence": self.confidence,
            "seconds": self.seconds,
            "words": [
                {
                    "text": word.text,
                    "start": round(word.start, 3),
                    "end": round(word.end, 3),
                    "confidence": word.confidence,
                }
                for word in self.words
            ],
        }

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{word.start:.2f}</td><td>{word.end:.2f}</td><td>{escape(word.text)}</td>"
            f"<td>{word.confidence:.0%}</td></tr>"
            for word in self.words
        )
        head = "<tr><th>from, s</th><th>to, s</th><th>word</th><th>confidence</th></tr>"
        return f"<p>{escape(self.text)}</p>" + (f"<table>{head}{rows}</table>" if rows else "")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of a source text, the piece that it became, and what each model made of that.

    scores: weighted logarithms, by the name of the feature; their sum is the phrase's share of the
    score of the whole.
    """

    source: str
    target: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Translation(Prediction):
    """The answer of a `translation` model.

    text: in the language `target`. source, target: BCP 47 codes.
    score: how good the model holds it to be, in its own units: it compares translations of one
        text by one model, nothing else.
    phrases: the pieces that it was put together from, in the order of the translation, where the
        model knows.
    """

    text: str
    source: str
    target: str
    score: float
    phrases: tuple[Phrase, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "text": self.text,
            "source": self.source,
            "target": self.target,
            "score": self.score,
        }
        if self.phrases:
            facts["phrases"] = [
                {"source": one.source, "target": one.target, "scores": dict(one.scores)}
                for one in self.phrases
            ]
        return facts

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.source)}</td><td>{escape(one.target)}</td>"
            f"<td>{sum(one.scores.values()):.2f}</td></tr>"
            for one in self.phrases
        )
        head = f"<tr><th>{self.source}</th><th>{self.target}</th><th>score</th></tr>"
        table = f"<table>{head}{rows}</table>" if rows else ""
        return f"<p lang='{self.target}'>{escape(self.text)}</p>{table}"


# Of sound files, by their suffix: (format, subtype) as libsndfile names them.
_SOUND_FILES = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Speech(Prediction):
    """The answer of a `text-to-speech` model.

    samples: [N] float32, full scale being -1..1; read-only. rate: samples a second, in Hz.
    text: what is said, as it was given.
    """

    samples: NDArray[np.float32]
    rate: int
    text: str = ""

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != "float32":
            raise ValueError(
                f"Speech is [N] float32; {self.samples.dtype} of {self.samples.shape} came."
            )
        samples = self.samples.view()
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    def save(self, path: str | Path) -> None:
        """Write it to a .wav, .flac, .ogg or .mp3 file, whole or not at all.

        Raises InputError for any other suffix, ResultsError if the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in _SOUND_FILES:
            known = ", ".join(_SOUND_FILES)
            raise InputError(f"Speech is saved as {known}; {path.name!r} ends in none of these.")
        write_atomically(path, self._encoded(path.suffix.lower()))

    def _encoded(self, suffix: str) -> bytes:
        import soundfile

        kind, subtype = _SOUND_FILES[suffix]
        file = io.BytesIO()
        soundfile.write(file, self.samples, self.rate, format=kind, subtype=subtype)
        return file.getvalue()

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "seconds": round(self.seconds, 4),
            "rate": self.rate,
            "samples": len(self.samples),
            "peak": round(float(abs(self.samples).max(initial=0.0)), 4),
        }

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s of speech at {self.rate:,} Hz"

    def __repr__(self) -> str:
        return f"Speech({self.seconds:.2f} s at {self.rate:,} Hz)"

    def _repr_html_(self) -> str:
        sound = base64.b64encode(self._encoded(".wav")).decode()
        told = f"<p>{escape(self.text)}</p>" if self.text else ""
        return f"{told}<audio controls src='data:audio/wav;base64,{sound}'></audio>"
