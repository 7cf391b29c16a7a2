"""Messages of programs: which translations are fit to learn from, and when two are the same."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

LANGUAGES = ("en", "de", "fr", "cs", "es")

_MOST_WORDS = 60  # a message, not a page
_LETTER = r"[^\W\d_]"

# What a program fills in or reads, and no translator may change.
PLACEHOLDER = re.compile(
    r"%\([^)]*\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]"  # %(name)s
    r"|%[-#0+]*\d*(?:\.\d+)?[sdifuxXeEgGcr](?![^\W_])"  # %s, but not 50%ig
    r"|\{\{.*?\}\}|\{%.*?%\}|\{[^{}]*\}"  # {{ name }}, {% tag %}, {name}
    r"|\$\{?[A-Za-z_]\w*\}?"  # $name
    r"|</?[A-Za-z][^<>]*>|<\d+/?>|</\d+>|<!--.*?-->"  # <b>, <0>
    r"|&\w+;|&#\w+;"  # &nbsp;
    r"|https?://[^\s)\]}>\"']+"
)
# The mark of the letter that a menu underlines: &File, E&xit, _Open. Not R&D.
_MNEMONIC = re.compile(
    rf"(?<!&)(?:(?<![A-Z])&(?={_LETTER})|&(?=[^\W\d_A-Z]))(?!\w+;)|(?<!\w)_(?=[A-Z][a-z])"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n|\\n")
_BROKEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\ufffd\ue000-\uf8ff]"
    "|[ÃÂ][\u0080-\u00bf\u20ac\u0161\u017e]|â€|Ä[\u0080-\u00bf]|Å[\u0080-\u00bf]"
)
_OTHER_SCRIPT = re.compile("[\u0400-\u06ff\u0900-\u1cff\u1f00-\u1fff\u2e80-\uabff\uf900-\ufdff]")
_IDENTIFIER = re.compile(r"\S*_\S*|\w+(?:\.\w+)+|[/\\]\S*|[a-z]{2,}[A-Z]\w*")
_REFERENCE = re.compile(r"\[%key:|\$t\(")  # to another message, not resolved
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(rf"{_LETTER}+")
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")

# Frequent words that are no words of the other four languages.
_COMMON = {
    "en": "the of and is are this that with for you your not be from will have it which has been",
    "de": "der das und nicht ist ein eine einen zu dem für mit auf wird werden sie von kann wurde",
    "fr": "le les est une pour dans vous cette pas avec sur sont qui votre être au aux été",
    "es": "el los las una para con por del está este esta como debe puede su sus ha sido",
    "cs": "není nelze byl byla bylo jsou který nebo při jako pouze musí být této tento že pokud",
}
_LANGUAGE_OF = {word: language for language, words in _COMMON.items() for word in words.split()}


def clean(text: str) -> str:
    """The message as a line of text: composed (NFC), without mnemonics, single spaces.

    Empty if it is not fit to learn from, whatever its translation: no words, an identifier,
    paragraphs, wrongly decoded characters, another script.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if _PARAGRAPHS.search(text) or _REFERENCE.search(text):
        return ""
    text = _INVISIBLE.sub("", text)
    if "://" not in text:
        text = _MNEMONIC.sub("", text)
    text = " ".join(text.split())
    words = _words(text)
    if sum(map(len, words)) < 2 or len(text.split()) > _MOST_WORDS:
        return ""
    if _BROKEN.search(text) or _OTHER_SCRIPT.search(text) or _IDENTIFIER.fullmatch(text):
        return ""
    if set(PLACEHOLDER.sub("", text)) & {"{", "}"}:  # of a plural or select form
        return ""
    return text


def translates(english: str, text: str, language: str) -> bool:
    """Whether a cleaned text may be a translation of a cleaned English one.

    Not if it is a copy, in another language than it should be, of a wholly different length, or
    with other placeholders, tags or numbers.
    """
    if english.casefold() == text.casefold():
        return False
    if _fixed(english) != _fixed(text):
        return False
    short, long = sorted((len(english), len(text)))
    if long > 2.5 * short + 12:
        return False
    return _speaks(english, "en") and _speaks(text, language) and not _left_over(english, text)


def normal_form(text: str) -> str:
    """What is left when only the words count: two messages with one normal form are the same.

    Letters and digits in folded case; no placeholders, tags, mnemonics, punctuation or spaces.
    """
    text = PLACEHOLDER.sub(" ", unicodedata.normalize("NFKC", text))
    return _NO_LETTER_OR_DIGIT.sub("", text.casefold())


def _fixed(text: str) -> tuple[Counter[str], Counter[str]]:
    """What is the same in every language: placeholders, and numbers outside of them."""
    return Counter(PLACEHOLDER.findall(text)), Counter(_NUMBER.findall(PLACEHOLDER.sub(" ", text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(PLACEHOLDER.sub(" ", text).casefold())


def _speaks(text: str, language: str) -> bool:
    """False if frequent words tell that the text is in another of the languages."""
    said = Counter(_LANGUAGE_OF[word] for word in _words(text) if word in _LANGUAGE_OF)
    other = max((said[one] for one in LANGUAGES if one != language), default=0)
    return other < 2 or said[language] >= other


def _left_over(english: str, text: str) -> bool:
    """Whether a longer text still consists of the English words for the most part."""
    words, known = _words(text), set(_words(english))
    return len(words) > 3 and sum(word in known for word in words) >= 0.75 * len(words)
