"""Written English to the words that are spoken, as in the United States.

What is not a word is one by context: the classes and their order follow Sproat et al.,
"Normalization of Non-Standard Words", Computer Speech and Language, 2001. Every expression is
bounded, so that the time grows with the length of the text and no faster.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Callable

from anyascii import anyascii

from zoo.errors import InputError
from zoo.tts import readings
from zoo.tts.abbreviations import (
    BEFORE_NUMBERS,
    CURRENCIES,
    DOTTED,
    LETTERS,
    SENTENCE_ENDS,
    SMALL_SENTENCE_ENDS,
    STREETS,
    SYMBOLS,
    TITLES,
    WORDS_TOO,
    alternatives,
)

LONGEST = 100_000  # characters of a text

_TAG = re.compile(r"<[/!?]?[A-Za-z][^<>]{0,1000}>|<!--[^<>]{0,1000}-->")
_PAUSING_TAG = re.compile(r"<(?:break|p|/p|s|/s|br|li|/li|h\d|/h\d)(?:\s[^<>]{0,200})?/?>", re.I)
_BLANKS = re.compile(r"[^\S\n]+")
_PARAGRAPH = re.compile(r" ?\n(?: ?\n)+ ?")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'})
_DASH = re.compile(r"[\u2014\u2015]| (?:--?-?|\u2013)(?= )|(?<=\w)--(?=\w)")
_APOSTROPHE = re.compile(r"(?<!\w)'+|'+(?!\w)")
_TITLE = re.compile(rf"\b({alternatives(TITLES)})\. ?(?=[A-Z])")
_STREET = re.compile(rf"(?<=[a-z\d] )({alternatives(STREETS)})\b(\. ?$)?\.?(?!\.? [A-Z])")
_DOTTED = re.compile(rf"(?<![\w.])((?i:{alternatives(DOTTED)}))\.(?=( ?$| [A-Z])?)")
_BEFORE_NUMBER = re.compile(rf"(?<![\w.])({alternatives(BEFORE_NUMBERS)})\. ?(?=\d)", re.I)
_INITIALS = re.compile(r"(?<![\w.])((?:[A-Za-z]\.){2,8})(?=( ?$)?)")
_INITIAL = re.compile(r"\b([A-Z])\.(?= [A-Z][a-z.])")
_WITH = re.compile(r"\bw/(o?)(?= )", re.I)
_CAPITALS = re.compile(r"(?<![\w'])([A-Z]{1,8}(?:&[A-Z]{1,8})+|[A-Z]{2,})(s|'s)?(?![\w])")
_MIXED = re.compile(r"(?<![a-z])([a-z]{1,15}|[A-Z][a-z]{1,15})([A-Z][A-Za-z]{1,20})(?![a-z])")
_GLUED = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_ARTICLE = re.compile(r"(?<![a-z\d] )(?<!&)\bA(?= [a-z])|(?<![A-Z] )\bI\b(?!\.[A-Z])")
_CAPITAL = re.compile(r"\b[A-Z]\b(?!')|\b[A-Z]'s\b")
_SYMBOL = re.compile(f"[{re.escape(''.join(SYMBOLS))}]")
_MARKUP = re.compile(r"\*{2,}|_{2,}|`+|^ ?#{1,6} |^ ?[*+-] ", re.M)
_BRACKET = re.compile(r"[()\[\]{}]")
_NO_SPEECH = re.compile(r"[^A-Za-z' ,.?!;:]+")
_RUN = re.compile(r" ?[,.?!;:][,.?!;: ]*")
_FEWEST_IN_CAPITALS = 3  # words of a text in capitals alone that is shouted, not an acronym


def normalize(text: str, known: Callable[[str], bool] | None = None) -> str:
    """The words of a text and the marks between them.

    Words are in lower case, with their apostrophes; a capital is the name of a letter. Marks are
    , ; : . ? and !, each after a word and before a space. Markup, control characters and emoji are
    dropped; letters of other scripts are transliterated.

    known: whether a word, in lower case, is in the dictionary; capitals and joined words that are
        not are spelled, or parted.

    Raises InputError if the text is none, is too long, or holds nothing that can be spoken.
    """
    if not isinstance(text, str):
        raise InputError(f"A text is a string; {type(text).__name__} came.")
    if len(text) > LONGEST:
        raise InputError(f"A text has at most {LONGEST:,} characters; {len(text):,} came.")
    words = readings.read_all(_clean(text))
    words = _words(words, known or (lambda word: False))
    words = _RUN.sub(_mark, _BLANKS.sub(" ", _NO_SPEECH.sub(" ", words)))
    words = " ".join(_APOSTROPHE.sub(" ", words.lstrip(",.?!;: ")).split())
    if not re.search("[A-Za-z]", words):
        raise InputError("The text holds nothing that can be spoken.")
    return words


def without_markup(text: str) -> str:
    """A text as it was written, without tags and control characters."""
    text = html.unescape(_TAG.sub(" ", _PAUSING_TAG.sub(", ", text)))
    return "".join(one for one in text if one.isspace() or unicodedata.category(one)[0] != "C")


def _clean(text: str) -> str:
    """In ASCII but for symbols that are spoken, without markup."""
    text = html.unescape(_TAG.sub(" ", _PAUSING_TAG.sub(", ", text)))
    text = "".join(map(_character, text.translate(_QUOTES)))
    text = _PARAGRAPH.sub(". ", _BLANKS.sub(" ", text).strip())
    text = _MARKUP.sub(" ", text).replace("\n", " ")
    # An en dash between figures is a range; elsewhere it parts phrases.
    text = re.sub(r"(?<=\d)\u2013(?=[\d$])", "-", text).replace("\u2013", "\u2014")
    return _BLANKS.sub(" ", _DASH.sub(", ", text))


@functools.lru_cache(maxsize=8192)
def _character(one: str) -> str:
    """One character in ASCII, or as the symbol that it is."""
    if one.isascii():
        return one if one.isprintable() or one.isspace() else ""
    if one in SYMBOLS or one in CURRENCIES or one in "\u2013\u2014\u2015":
        return one
    kind = unicodedata.category(one)
    if kind[0] in "CM" or one in "\u2122\u00ae":
        return ""
    if "<fraction>" in unicodedata.decomposition(one):  # set off from the number before
        return f" {unicodedata.normalize('NFKC', one)} ".replace("\u2044", "/")
    if kind[0] == "Z":
        return "\n\n" if one == "\u2029" else " "
    if kind[0] == "S":
        return " "
    plain = anyascii(unicodedata.normalize("NFKC", one))
    # Signs that stand for words of their own would run together.
    return f"{plain} " if unicodedata.name(one, "").startswith("CJK") else plain


def _words(text: str, known: Callable[[str], bool]) -> str:
    text = _ARTICLE.sub(lambda match: match[0].lower(), text)
    text = _STREET.sub(lambda match: STREETS[match[1]] + ("." if match[2] else ""), text)
    text = _TITLE.sub(lambda match: TITLES[match[1]] + " ", text)
    text = _DOTTED.sub(_dotted, text)
    text = _BEFORE_NUMBER.sub(lambda match: BEFORE_NUMBERS[match[1].lower()] + " ", text)
    text = _INITIALS.sub(_initials, text)
    text = _INITIAL.sub(r"\1", text)
    text = _WITH.sub(lambda match: "without" if match[1] else "with", text)
    text = readings.read_numbers(text)
    letters = re.findall(r"\b[A-Za-z]{2,}\b", text)
    if len(letters) >= _FEWEST_IN_CAPITALS and all(word.isupper() for word in letters):
        text = text.lower()
    text = _CAPITALS.sub(lambda match: _capitals(match, known), text)
    text = _MIXED.sub(lambda match: _mixed(match, known), text)
    text = _SYMBOL.sub(lambda match: f" {SYMBOLS[match[0]]} ", text)
    text = _BRACKET.sub(", ", text)
    parts, end = [], 0
    for match in _CAPITAL.finditer(text):  # what is left in capitals names a letter
        parts += [text[end : match.start()].lower(), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].lower()])


def _dotted(match: re.Match[str]) -> str:
    word = match[1].lower()
    if word in WORDS_TOO and not match[1].istitle():
        figure = re.match(r" ?\d", match.string[match.end() : match.end() + 2])
        if not (WORDS_TOO[word] and figure):
            return match[0]
    ends = word in SENTENCE_ENDS or (word in SMALL_SENTENCE_ENDS and match[1].islower())
    return DOTTED[word] + "." if ends and match[2] is not None else DOTTED[word]


def _initials(match: re.Match[str]) -> str:
    letters = " ".join(match[1].replace(".", "").upper())
    return letters if match[2] is None else letters + "."


def _capitals(match: re.Match[str], known: Callable[[str], bool]) -> str:
    word, ending = match[1], match[2]
    low = word.lower()
    spoken = word not in LETTERS and (known(low) or (len(word) > 3 and _pronounceable(low)))
    if spoken and "&" not in word:
        return low + (ending or "")
    letters = " ".join(word)
    return f"{letters}'s" if ending else letters


def _pronounceable(word: str) -> bool:
    """Whether vowels and consonants take turns, at most two of a kind at once."""
    return not re.search("[aeiouy]{3}|[^aeiouy]{3}|^[^aeiouy]{2}(?<!l)(?<!r)|q(?!u)", word)


def _mixed(match: re.Match[str], known: Callable[[str], bool]) -> str:
    whole = match[1] + match[2]
    return whole.lower() if known(whole.lower()) else f"{match[1]} {match[2]}"


def _mark(match: re.Match[str]) -> str:
    """Of several marks in a row the strongest."""
    marks = match[0]
    strongest = next(mark for mark in "?!.;:," if mark in marks)
    return f"{strongest} "
