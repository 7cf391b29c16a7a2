"""What surrounds a phone: by this a spoken one is compared with one that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zoo.tts.alignment import PAUSE, Segment
from zoo.tts.graphones import PHONES
from zoo.tts.pronunciation import Phone, stressed
from zoo.tts.syllables import Place

SYMBOLS = (*PHONES, PAUSE)
FURTHEST = 3  # syllables from the end of a breath group that are told apart
LEAST_PAUSE = 0.08  # seconds of a pause that ends a breath group

_PLACES = tuple(Place)
_INDEX = {symbol: index for index, symbol in enumerate(SYMBOLS)}


@dataclass(frozen=True, slots=True)
class Context:
    """A phone, or a pause, where it stands.

    symbol, before, after: indices of `SYMBOLS`. stress: of its syllable. place: in it, an index.
    first, last: whether the phone is so in its word. left: syllables to the end of the breath
    group, at most `FURTHEST`. progress: through the group, 0 to 1.
    """

    symbol: int
    before: int
    after: int
    stress: int
    place: int
    first: bool
    last: bool
    left: int
    progress: float

    def numbers(self) -> tuple[float, ...]:
        """In the order of the fields."""
        return (
            *(self.symbol, self.before, self.after, self.stress, self.place),
            *(float(self.first), float(self.last), self.left, self.progress),
        )


def contexts(words: Sequence[Sequence[Phone]]) -> list[Context]:
    """Of all phones of one breath group, which has a pause on either side."""
    flat = [(phone, word, index) for word, phones in enumerate(words)
            for index, phone in enumerate(phones)]  # fmt: skip
    symbols = [_INDEX[PAUSE], *(_INDEX[phone.symbol] for phone, _, _ in flat), _INDEX[PAUSE]]
    syllables = [(word, phone.syllable) for phone, word, _ in flat]
    order = {one: index for index, one in enumerate(dict.fromkeys(syllables))}
    return [
        Context(
            symbol=symbols[at + 1],
            before=symbols[at],
            after=symbols[at + 2],
            stress=phone.stress,
            place=_PLACES.index(phone.place),
            first=index == 0,
            last=index + 1 == len(words[word]),
            left=min(FURTHEST, len(order) - 1 - order[syllables[at]]),
            progress=order[syllables[at]] / max(1, len(order) - 1),
        )
        for at, (phone, word, index) in enumerate(flat)
    ]


def pause() -> Context:
    """Of a pause itself."""
    index = _INDEX[PAUSE]
    return Context(index, index, index, 0, 0, True, True, 0, 0.0)


def spoken_contexts(segments: Sequence[Segment]) -> list[Context]:
    """Of all segments of a recording; short pauses are taken for parts of a breath group."""
    found: list[Context] = []
    group: list[Segment] = []
    for segment in segments:
        if segment.symbol == PAUSE and segment.end - segment.start >= LEAST_PAUSE:
            found += [*_group(group), pause()]
            group = []
        else:
            group.append(segment)
    return found + _group(group)


def _group(segments: Sequence[Segment]) -> list[Context]:
    words: dict[int, list[str]] = {}
    for segment in segments:
        if segment.symbol != PAUSE:
            words.setdefault(segment.word, []).append(segment.symbol)
    each = iter(contexts([stressed(tuple(phones)) for phones in words.values()]))
    return [pause() if segment.symbol == PAUSE else next(each) for segment in segments]


def regressors(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """What durations and pitch are predicted from, [N, R], of `Context.numbers` [N, 9]."""
    ids = numbers[:, :8].astype(int)
    symbol, before, after, stress, place, first, last, left = ids.T
    eye = np.eye(len(SYMBOLS))
    vowel = (place == _PLACES.index(Place.NUCLEUS)).astype(float)[:, None]
    stresses, lefts = np.eye(3)[stress], np.eye(FURTHEST + 1)[left]
    progress = numbers[:, 8:]
    return np.concatenate(
        [
            *(eye[symbol], 0.5 * eye[before], 0.5 * eye[after], stresses, stresses * vowel),
            *(lefts, lefts * vowel, np.eye(3)[place], first[:, None], last[:, None]),
            *(progress, progress**2, progress * (stress == 1)[:, None], np.ones((len(ids), 1))),
        ],
        axis=1,
    )
