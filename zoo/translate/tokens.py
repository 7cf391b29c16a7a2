"""Words out of text, and text out of words again, by the rules of Moses; the case of first words.

Koehn et al., "Moses: Open Source Toolkit for Statistical Machine Translation", ACL 2007; true
casing: Lita, Ittycheriah, Roukos and Kambhatla, "tRuEcasIng", ACL 2003.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zoo.errors import MissingDependencyError
from zoo.translate.packing import deflated, inflated

_STAND_IN = "\ue000"  # a private character, which the rules of every language leave alone
_GLUE = "\ue001"
_PRIVATE = re.compile(f"[{_STAND_IN}{_GLUE}]")
_APOSTROPHE = re.compile(r"(?<=\w)[’ʼ](?=\w)")
# What stays one word whatever is in it, or is no letter and no punctuation of Moses' rules.
# Runs of signs are taken whole and from where they begin, so that none is read again and again.
_RULES = r"""
      https?://[^\s<>"']+[^\s<>"'.,;:!?)\]}]      # addresses
    | www\.[^\s<>"']+[^\s<>"'.,;:!?)\]}]
    | (?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]+)+
    | </?[A-Za-z][^<>\n]*>                        # tags and entities
    | &(?:\#\d+|[A-Za-z]+);
    | %\([^\s()]++\)[#0+-]*+\d*+(?:\.\d++)?+[A-Za-z]   # what programs fill in
    | %(?:\d++\$)?+[#0+-]*+\d*+(?:\.\d++)?+(?:hh?|ll?|z)?[A-Za-z](?![a-z])
    | %\d+
    | \{\{[^{}\n]*\}\} | \$?\{[^{}\s]*\} | \$\w+
    | \\[nrt]
    | (?<![\w-])--?[A-Za-z][\w-]*                 # options of programs
    | (?<!\w)\w*_\w+
    | [^\w\s.,:;!?'"`´()\[\]{}%$€£¥-]
    """
_ATOM = re.compile(_RULES, re.VERBOSE)
# Right behind another atom they may begin within a run; an address has 64 signs before its @.
_NEXT = re.compile(
    _RULES.replace(r"(?<![\w.+-])[\w.+-]++", r"[\w.+-]{1,64}+").replace(r"(?<!\w)\w", r"\w"),
    re.VERBOSE,
)
_CONTRACTION = re.compile(r"'\w*")
# Beside these the rules set or leave out blank space by themselves.
_LOOSE_BEFORE, _LOOSE_AFTER = frozenset("([{\"'"), frozenset(".,:;!?%)]}\"'")


class Tokens:
    """The words of a language.

    What must stay as it is (a placeholder such as `%(name)s` or `{name}`, a tag, an address) is one
    word, and so is every sign that Moses has no rule for. Such a word remembers, by a private
    character on that side, that no blank space parted it from its neighbour.
    """

    def __init__(self, language: str) -> None:
        moses = _sacremoses()
        self._rules: Any = moses.MosesTokenizer(language)
        self._inverse: Any = moses.MosesDetokenizer(language)

    def split(self, text: str) -> list[str]:
        """The words of a text; a typographic apostrophe within a word becomes a plain one."""
        text = _APOSTROPHE.sub("'", _PRIVATE.sub(" ", text))
        atoms, plain, end = [], [], 0
        for match in _atoms(text):
            before = text[max(match.start() - 1, 0) : match.start()]
            after = text[match.end() : match.end() + 1]
            left = _GLUE if before and not before.isspace() and before not in _LOOSE_BEFORE else ""
            right = _GLUE if after and not after.isspace() and after not in _LOOSE_AFTER else ""
            atoms.append(f"{left}{match[0]}{right}".replace(" ", "\u00a0"))
            plain += [text[end : match.start()], f" {_STAND_IN} "]
            end = match.end()
        words: list[str] = self._rules.tokenize("".join([*plain, text[end:]]), escape=False)
        rest = iter(atoms)
        return [next(rest) if word == _STAND_IN else word for word in words]

    def join(self, words: Sequence[str]) -> str:
        """The text that words make; English 's and ' follow their word in every language."""
        atoms = [word for word in words if is_atom(word)]
        shown: list[str] = []
        for place, word in enumerate(words):
            sign = _STAND_IN if is_atom(word) else word.replace(_STAND_IN, "")
            if _belongs_to_the_left(words, place):
                shown[-1] += sign
            else:
                shown.append(sign)
        plain: str = self._inverse.detokenize(shown, unescape=False)
        first, *parts = plain.split(_STAND_IN)
        text = first
        for atom, part in zip(atoms, parts, strict=True):
            if atom.startswith(_GLUE):
                text = text.rstrip()
            content = atom.strip(_GLUE).replace("\u00a0", " ")
            text += content + (part.lstrip() if atom.endswith(_GLUE) else part)
        return text


def has_rules(language: str) -> bool:
    """Whether Moses has rules for a language; it would take all others for English."""
    return language in _sacremoses().corpus.NonbreakingPrefixes().available_langs.values()


def _sacremoses() -> Any:
    try:
        import sacremoses
    except ImportError:
        raise MissingDependencyError(
            "Translation by phrases needs sacremoses: pip install 'software-zoo[translate]'."
        ) from None
    return sacremoses


def _atoms(text: str) -> Iterator[re.Match[str]]:
    match = _ATOM.search(text)
    while match:
        yield match
        match = _NEXT.match(text, match.end()) or _ATOM.search(text, match.end())


def _belongs_to_the_left(words: Sequence[str], place: int) -> bool:
    """Whether a word is what English contracts, as 's, or an apostrophe that quotes nothing."""
    word = words[place]
    if not place or not _CONTRACTION.fullmatch(word) or not words[place - 1][-1:].isalnum():
        return False
    if word != "'":
        return True
    before, after = words[:place], words[place + 1 :]
    quotes = before.count("'") % 2 == 1 or any(other.endswith("'") for other in after)
    return not quotes and not (after and (is_atom(after[0]) or after[0][:1].isdigit()))


def is_atom(word: str) -> bool:
    """Whether a word is a placeholder, a tag, an address or a sign: never another case."""
    return _GLUE in word or _ATOM.fullmatch(word.replace("\u00a0", " ")) is not None


@dataclass(frozen=True)
class TrueCase:
    """The case that words have within sentences, for those that begin one.

    usual: the words as they are mostly written, by their lower case.
    """

    usual: dict[str, str]

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]]) -> Self:
        """Count words where no sentence begins; of equals, the first in alphabetical order."""
        counts: Counter[str] = Counter()
        for words in sentences:
            first = _first(words)
            counts.update(word for word in words[first + 1 :] if word[:1].isalpha())
        usual: dict[str, str] = {}
        for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            usual.setdefault(word.lower(), word)
        return cls(usual)

    def lowered(self, words: Sequence[str]) -> list[str]:
        """The words, the first of them in its usual case; one never met stays as it is."""
        words = list(words)
        first = _first(words)
        if first < len(words):
            words[first] = self.usual.get(words[first].lower(), words[first])
        return words

    def to_array(self) -> NDArray[np.uint8]:
        text = "\n".join(self.usual.values())
        return deflated(np.frombuffer(text.encode(), np.uint8))

    @classmethod
    def of_array(cls, array: NDArray[np.uint8]) -> Self:
        words = inflated(array).tobytes().decode().split("\n")
        return cls({word.lower(): word for word in words if word})


def raised(words: Sequence[str]) -> list[str]:
    """The words, the first of them with a capital, unless that must stay as it is."""
    words = list(words)
    first = _first(words)
    if first < len(words):
        words[first] = words[first][:1].upper() + words[first][1:]
    return words


def begins_with_capital(words: Sequence[str]) -> bool:
    first = _first(words)
    return first < len(words) and words[first][:1].isupper()


def _first(words: Sequence[str]) -> int:
    """Where a sentence begins, behind quotation marks and brackets; their count if nowhere."""
    for i, word in enumerate(words):
        if is_atom(word):
            if len(word.strip(_GLUE)) > 1:  # a placeholder may stand for the first word
                break
        elif word[:1].isalnum():
            return i
    return len(words)
