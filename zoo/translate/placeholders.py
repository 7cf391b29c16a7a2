"""What in a message is no text, and has to be in its translation as it is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_PLACEHOLDER = re.compile(
    r"""
    \{\{[^{}]*\}\} | \{%[^{}]*%\} | \{\#[^{}]*\#\}       # Django, Jinja: {{ x }}, {% url %}
    | <!--.*?--> | </?[A-Za-z][^<>]*>                    # HTML, XML
    | (?:https?|ftp)://[^\s<>"')\]]*[\w/]
    | (?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]+)+
    | %\([^()]*\)[-+0\#]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa] # Python: %(name)s
    | %(?:\d+\$)?[-+0\#']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|L|q|j|z|t)?[diouxXeEfFgGaAcspn@]
    | %%
    | %L?\d{1,2}                                         # Qt: %1
    | \$\{[^{}]*\}                                       # shell: ${name}
    | \{\s*[^{}\s]*\s*\}                                 # Python: {}, {name}, {0:>10}
    | &(?:\#\d+|\#x[0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]+);   # &nbsp;
    """,
    re.VERBOSE | re.DOTALL,
)
# Messages in which text is nested in placeholders: {count, plural, one {a file} other {files}}.
_NESTED = re.compile(r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\s*,")
_BY_PLACE = re.compile(r"\{[:!}]|%(?!\(|%|\d+\$|L?\d+\Z)")  # these are told apart by their order
_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)[^<>]*?(/?)>")
_EMPTY_TAGS = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_MNEMONIC = re.compile(r"(?<!&)&(?=[^\W_])(?!\w+;)")
_COMPANY = re.compile(r"[A-Z0-9]&[A-Z0-9]")  # AT&T is no word with a mnemonic
_ENDS = ("...", "…", ":", "：")
_MASKS = re.compile(r"(?i)QX\d+")


def placeholders(text: str) -> list[str]:
    """All of them, in order."""
    return _PLACEHOLDER.findall(text)


def is_nested(text: str) -> bool:
    """Whether there is text within placeholders, as in plurals of ICU."""
    return _NESTED.search(text) is not None


def damage(source: str, translation: str) -> str | None:
    """What of the placeholders is not in a translation as it has to be; None if all is well."""
    wanted, found = placeholders(source), placeholders(translation)
    if lost := Counter(wanted) - Counter(found):
        return f"it loses {next(iter(lost))}"
    if new := Counter(found) - Counter(wanted):
        return f"it invents {next(iter(new))}"
    if _by_place(wanted) != _by_place(found):
        return f"it changes the order of {' and '.join(_by_place(wanted))}"
    if _is_well_formed(wanted) and not _is_well_formed(found):
        return "it mixes up the tags"
    return None


def _by_place(found: list[str]) -> list[str]:
    return [one for one in found if _BY_PLACE.match(one)]


def _is_well_formed(found: list[str]) -> bool:
    """Whether every tag that is opened is closed, and in the right order."""
    opened: list[str] = []
    for match in filter(None, map(_TAG.fullmatch, found)):
        closing, name, empty = match.groups()
        if empty or name.lower() in _EMPTY_TAGS:
            continue
        if not closing:
            opened.append(name)
        elif not opened or opened.pop() != name:
            return False
    return not opened


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with short words that stand for its placeholders."""

    text: str
    hidden: tuple[tuple[str, str], ...]  # (the word, what it stands for), in order

    def unmask(self, translation: str) -> str | None:
        """A translation with the placeholders in it again; None unless each word is there once."""
        stood_for = dict(self.hidden)
        words = _MASKS.findall(translation)
        if sorted(word.upper() for word in words) != sorted(stood_for):
            return None
        return _MASKS.sub(lambda match: stood_for[match[0].upper()], translation)


def mask(text: str) -> Masked | None:
    """Put words that a translator takes for names in the place of placeholders.

    None if the text has such words of its own.
    """
    hidden: list[tuple[str, str]] = []
    if _MASKS.search(text):
        return None

    def hide(match: re.Match[str]) -> str:
        word = f"QX{len(hidden) + 1}"
        hidden.append((word, match[0]))
        return word

    return Masked(_PLACEHOLDER.sub(hide, text), tuple(hidden))


@dataclass(frozen=True, slots=True)
class Message:
    """A message taken apart.

    text: what is to be translated.
    start, end: blank space before it, and after it with a colon or an ellipsis.
    mnemonic: the letter that "&" stood before, in lower case; "" without one.
    """

    text: str
    start: str
    end: str
    mnemonic: str

    def assemble(self, translation: str) -> str:
        """The message with the translation in the place of its text."""
        text = translation.strip()
        ending = self.end.strip()
        if ending:
            text = _without_end(text)
        if self.mnemonic:
            text = _with_mnemonic(text, self.mnemonic)
        return f"{self.start}{text}{self.end}"


def take_apart(message: str) -> Message:
    body = message.lstrip()
    start = message[: len(message) - len(body)]
    text = _without_end(body) or body.rstrip()
    end = body[len(text) :]
    marks = list(_MNEMONIC.finditer(_PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)))
    if len(marks) != 1 or _COMPANY.search(text):
        return Message(text, start, end, "")
    at = marks[0].start()
    return Message(text[:at] + text[at + 1 :], start, end, text[at + 1].lower())


def _without_end(text: str) -> str:
    text = text.rstrip()
    for end in _ENDS:
        if text.endswith(end):
            return text.removesuffix(end).rstrip()
    return text


def _with_mnemonic(text: str, letter: str) -> str:
    """With "&" before the same letter if there is one, rather at a word's start, or the first."""
    bare = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), text)
    same = re.escape(letter)
    for pattern in (rf"(?i)\b{same}", rf"(?i){same}", r"[^\W\d_]"):
        if found := re.search(pattern, bare):
            return f"{text[: found.start()]}&{text[found.start() :]}"
    return text


def has_words(text: str) -> bool:
    """Whether anything is left to translate without the placeholders."""
    return any(map(str.isalpha, _PLACEHOLDER.sub(" ", text)))
