"""Text to phones: words from the dictionary or by letter-to-sound, stress, syllables, phrases.

Where phrases end: at marks, and where a phrase would be longer than a breath, before a word that
begins a group (the rule of function words; Liberman and Church, "Text Analysis and Word
Pronunciation in Text-to-Speech Synthesis", 1992).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zoo.tts.dictionary import Phones, cmu_dictionary
from zoo.tts.letter_to_sound import SHIPPED, LetterToSound
from zoo.tts.normalization import normalize
from zoo.tts.syllables import VOWELS, Place, syllabify

LONGEST_PHRASE = 14  # words
_LEAST_REST = 3  # words that are left on either side where a long phrase is broken
_TOKEN = re.compile(r"[A-Za-z']+|[,.?!;:]")
_LETTERS = {  # names of letters for which the dictionary has a word, or nothing
    "A": ("EY1",),
    "W": ("D", "AH1", "B", "AH0", "L", "Y", "UW0"),
    "Z": ("Z", "IY1"),
}
_BEGINNERS = frozenset(
    (
        *("and", "or", "but", "nor", "so", "yet", "for", "at", "by", "from", "in", "into"),
        *("of", "on", "onto", "over", "to", "under", "with", "without", "about", "after"),
        *("before", "between", "through", "during", "until", "because", "if", "when"),
        *("while", "where", "which", "who", "that", "than", "as", "although", "though"),
        *("since", "unless"),
    )
)
_DETERMINERS = frozenset(
    (
        *("a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her"),
        *("its", "our", "their", "no", "any", "some", "each", "every", "new", "another"),
        *("of",),
    )
)
# The word as a noun or adjective, after a determiner, and as a verb.
_HETERONYMS: dict[str, tuple[str, str]] = {
    "conduct": ("K AA1 N D AH0 K T", "K AH0 N D AH1 K T"),
    "conflict": ("K AA1 N F L IH0 K T", "K AH0 N F L IH1 K T"),
    "content": ("K AA1 N T EH0 N T", "K AH0 N T EH1 N T"),
    "contract": ("K AA1 N T R AE2 K T", "K AH0 N T R AE1 K T"),
    "contrast": ("K AA1 N T R AE2 S T", "K AH0 N T R AE1 S T"),
    "convert": ("K AA1 N V ER0 T", "K AH0 N V ER1 T"),
    "excuse": ("IH0 K S K Y UW1 S", "IH0 K S K Y UW1 Z"),
    "house": ("HH AW1 S", "HH AW1 Z"),
    "increase": ("IH1 N K R IY2 S", "IH0 N K R IY1 S"),
    "insult": ("IH1 N S AH2 L T", "IH0 N S AH1 L T"),
    "object": ("AA1 B JH EH0 K T", "AH0 B JH EH1 K T"),
    "permit": ("P ER1 M IH2 T", "P ER0 M IH1 T"),
    "present": ("P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T"),
    "produce": ("P R OW1 D UW0 S", "P R AH0 D UW1 S"),
    "progress": ("P R AA1 G R EH2 S", "P R AH0 G R EH1 S"),
    "project": ("P R AA1 JH EH0 K T", "P R AH0 JH EH1 K T"),
    "protest": ("P R OW1 T EH2 S T", "P R AH0 T EH1 S T"),
    "record": ("R EH1 K ER0 D", "R IH0 K AO1 R D"),
    "refund": ("R IY1 F AH2 N D", "R IH0 F AH1 N D"),
    "refuse": ("R EH1 F Y UW2 Z", "R IH0 F Y UW1 Z"),
    "reject": ("R IY1 JH EH0 K T", "R IH0 JH EH1 K T"),
    "subject": ("S AH1 B JH IH0 K T", "S AH0 B JH EH1 K T"),
    "suspect": ("S AH1 S P EH2 K T", "S AH0 S P EH1 K T"),
    "transfer": ("T R AE1 N S F ER0", "T R AE0 N S F ER1"),
    "use": ("Y UW1 S", "Y UW1 Z"),
}
# As nouns unless a word that asks for a verb is before; the others as verbs unless a determiner is.
_AS_NOUNS = frozenset(
    (
        *("conflict", "content", "contract", "contrast", "house", "object", "present"),
        *("produce", "progress", "project", "protest", "refund", "subject", "suspect"),
        *("transfer",),
    )
)
_BEFORE_VERBS = frozenset(
    (
        *("to", "will", "would", "can", "could", "shall", "should", "may", "might", "must"),
        *("not", "please", "you", "we", "they", "i", "don't", "didn't", "cannot", "can't"),
        *("won't", "let's", "and", "or"),
    )
)
_ADDED = {  # names, which no rule knows
    **{"caret": "K EH1 R AH0 T", "dahdi": "D AA1 D IY0", "digium": "D IH1 JH IY0 AH0 M"},
    **{"prepend": "P R IY0 P EH1 N D", "prepending": "P R IY0 P EH1 N D IH0 NG"},
    **{"rerecord": "R IY2 R IH0 K AO1 R D"},
    **{"unistim": "Y UW1 N IH0 S T IH2 M", "xray": "EH1 K S R EY2"},
}
_PREFIXES = (
    "un",
    "re",
    "pre",
    "non",
    "mis",
    "dis",
    "sub",
    "out",
    "over",
    "under",
    "inter",
    "multi",
)
_LEAST_STEM, _LEAST_PART = 4, 4  # letters of a word after a prefix, and of the parts of a compound
_REDUCED = {"the": (("DH", "AH0"), ("DH", "IY0")), "a": (("AH0",), ("AH0",))}
_REDUCED |= {"to": (("T", "AH0"), ("T", "UW0"))}


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone of a word.

    symbol: of ARPAbet. stress: of its syllable, 0 none, 1 primary, 2 secondary. syllable: its
    number within the word, from 0. place: in the syllable.
    """

    symbol: str
    stress: int
    syllable: int
    place: Place

    @property
    def vowel(self) -> bool:
        return self.symbol in VOWELS

    def __str__(self) -> str:
        return f"{self.symbol}{self.stress}" if self.vowel else self.symbol


@dataclass(frozen=True, slots=True)
class PronouncedWord:
    """A word with its phones. by_rule: that the dictionary has none of it."""

    text: str
    phones: tuple[Phone, ...]
    by_rule: bool = False


@dataclass(frozen=True, slots=True)
class BreathGroup:
    """Words that are spoken in one breath.

    mark: what comes after: one of , ; : . ? ! or nothing, where the group ends for its length, or
    with the text.
    """

    words: tuple[PronouncedWord, ...]
    mark: str


class Pronouncer:
    """Pronounces text; without `rules`, only words that the dictionary has can be."""

    def __init__(self, rules: LetterToSound | None = None) -> None:
        self.rules = rules
        self._dictionary = cmu_dictionary()

    def known(self, word: str) -> bool:
        """Whether the dictionary has a word, in lower case."""
        return word in self._dictionary

    def phones(self, text: str) -> tuple[BreathGroup, ...]:
        """The breath groups of a text. Raises InputError if it holds nothing to be spoken."""
        return self.spoken_phones(normalize(text, self.known))

    def spoken_phones(self, normalized: str) -> tuple[BreathGroup, ...]:
        """The same of text that `normalize` made."""
        groups = []
        for words, mark in _phrases(_TOKEN.findall(normalized)):
            pronounced = []
            for index, word in enumerate(words):
                before = words[index - 1].lower() if index else ""
                after = self._variants(words[index + 1])[0][0] if index + 1 < len(words) else ""
                pronounced.append(self._word(word, before, after))
            groups.append(BreathGroup(tuple(pronounced), mark))
        return tuple(groups)

    def variants(self, word: str) -> tuple[Phones, ...]:
        """Every way in which a word of `normalize` may be spoken, whatever is around it."""
        known = [tuple(way.split()) for way in _HETERONYMS.get(word, ())]
        known += [way for way in _REDUCED.get(word, ()) if way not in known]
        return tuple(dict.fromkeys([*known, *self._variants(word)]))

    def _word(self, word: str, before: str, after: str) -> PronouncedWord:
        """after: the first phone of the next word, or nothing."""
        if word in _REDUCED and after:
            phones = _REDUCED[word][after[:2] in VOWELS]
        elif word in _HETERONYMS:
            noun, verb = _HETERONYMS[word]
            as_noun = before in _DETERMINERS or (word in _AS_NOUNS and before not in _BEFORE_VERBS)
            phones = tuple((noun if as_noun else verb).split())
        else:
            phones = self._variants(word)[0]
        return PronouncedWord(word, stressed(phones), not self._in_dictionary(word))

    def _in_dictionary(self, word: str) -> bool:
        return word[0].isupper() or word in self._dictionary

    def _variants(self, word: str) -> tuple[Phones, ...]:
        if word[0].isupper():  # a letter, perhaps with 's
            name = (_LETTERS.get(word[0]) or self._dictionary[f"{word[0].lower()}."][0],)
            return (_with_s(name[0]),) if word.endswith("'s") else name
        found = self._dictionary.get(word)
        if found:
            return found
        stem = word.removesuffix("'s")
        if stem != word and stem in self._dictionary:
            return tuple(_with_s(way) for way in self._dictionary[stem])
        if word in _ADDED:
            return (tuple(_ADDED[word].split()),)
        parts = self._parts(word)
        if parts:
            first, second = (self._dictionary[part][0] for part in parts)
            weaker = 0 if parts[0] in _PREFIXES else 1  # the part that loses its main stress
            ways = [first, second]
            ways[weaker] = tuple(phone.replace("1", "2") for phone in ways[weaker])
            return ((*ways[0], *ways[1]),)
        made = self.rules.pronounce(word) if self.rules else ()
        if not made:
            made = tuple(
                phone for letter in word if letter != "'" for phone in self._letter(letter)
            )
        return (made,)

    def _parts(self, word: str) -> tuple[str, str] | None:
        """A prefix and a word, or two words, that make up a word; of several the longest first."""
        for at in range(len(word) - _LEAST_STEM, 1, -1):
            first, second = word[:at], word[at:]
            both = first in self._dictionary and second in self._dictionary
            if both and (first in _PREFIXES or at >= _LEAST_PART):
                return first, second
        return None

    def _letter(self, letter: str) -> Phones:
        return self._variants(letter.upper())[0]


@functools.cache
def english() -> Pronouncer:
    """With the dictionary, and the rules that come with it."""
    return Pronouncer(LetterToSound.read(SHIPPED))


def stressed(phones: Phones) -> tuple[Phone, ...]:
    """Phones of the dictionary with the stress and place of their syllables."""
    bare = [phone.rstrip("012") for phone in phones]
    places = syllabify(bare)
    stress = {
        syllable: int(phone[-1])
        for phone, (syllable, place) in zip(phones, places, strict=True)
        if place is Place.NUCLEUS
    }
    return tuple(
        Phone(symbol, stress.get(syllable, 0), syllable, place)
        for symbol, (syllable, place) in zip(bare, places, strict=True)
    )


def _with_s(phones: Phones) -> Phones:
    """With the ending of a plural or genitive."""
    last = phones[-1]
    if last in ("S", "Z", "SH", "ZH", "CH", "JH"):
        return (*phones, "AH0", "Z")
    return (*phones, "S" if last in ("P", "T", "K", "F", "TH") else "Z")


def _phrases(tokens: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """Words and the mark after them."""
    words: list[str] = []
    for token in tokens:
        if token[0].isalpha() or token[0] == "'":
            words.append(token)
            continue
        if words:
            yield from _breaths(words, token)
        words = []
    if words:
        yield from _breaths(words, "")


def _breaths(words: list[str], mark: str) -> Iterator[tuple[list[str], str]]:
    """Long phrases are broken as near to their middle as may be, before a word that begins."""
    start = 0
    while len(words) - start > LONGEST_PHRASE:
        middle = min((len(words) - start) // 2, LONGEST_PHRASE * 3 // 4) + start
        window = range(start + _LEAST_REST, min(start + LONGEST_PHRASE, len(words) - _LEAST_REST))
        at = min(window, key=lambda one: (words[one] not in _BEGINNERS, abs(one - middle)))
        yield words[start:at], ""
        start = at
    yield words[start:], mark
