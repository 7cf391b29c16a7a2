"""Dates, times, amounts and other figures in a text, read as words."""

from __future__ import annotations

import re
from collections.abc import Callable

from zoo.tts import numerals as say
from zoo.tts.abbreviations import (
    AFTER_LETTER_UNITS,
    CAPITAL_MONTHS,
    CURRENCIES,
    LETTER_UNITS,
    MONTHS,
    SCALES,
    SPELLED_DOMAINS,
    TOP_LEVELS,
    UNITS,
    alternatives,
)

Reader = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

_NUMBER = r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,40})?(?!\d)|\d{1,40}(?:\.\d{1,40})?(?!\d)"
_SMALL_MONTHS = {key: 0 for key in MONTHS if key.title() not in CAPITAL_MONTHS}
_MONTH = rf"((?-i:{'|'.join(CAPITAL_MONTHS)})|{alternatives(_SMALL_MONTHS)})\b\.?"
_TOP = "|".join(TOP_LEVELS)
_YEAR_AFTER = r"(?:,? (\d{4})\b)?"
_SIGNS = alternatives({key: 0 for key in CURRENCIES if not key.isalpha()})
_CODES = alternatives({key: 0 for key in CURRENCIES if key.isalpha()})
_UNIT = (
    alternatives({key: 0 for key in UNITS if key != "in"})
    + r"|in(?=[\u00b2\u00b3]| ?$| ?[.,;:!?)\]\"]| (?:by|x|\u00d7) \d)"  # elsewhere it is a word
)
_AFTER_LETTER_UNIT = re.compile(rf" (?:{'|'.join(AFTER_LETTER_UNITS)})\b")
_SCALE = rf"(?: ?({alternatives(SCALES)})\b)?"
_YEAR = re.compile(r"1[1-9]\d\d|20\d\d")
_ADDRESS_SIGNS = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "+": "plus"}
_ADDRESS_SIGNS |= {"?": "question mark", "=": "equals", "&": "and", "#": "hash", ":": "colon"}
_ADDRESS_SIGNS |= {"%": "percent", "~": "tilde"}


def read_all(text: str) -> str:
    """What has to be read before marks and abbreviations are: addresses, dates, times, amounts."""
    for pattern, reader in _FIRST:
        text = pattern.sub(lambda match, read=reader: f" {read(match)} ", text)  # type: ignore[misc]
    return text


def read_numbers(text: str) -> str:
    """Whatever figures are left."""
    for pattern, reader in _LAST:
        text = pattern.sub(lambda match, read=reader: f" {read(match)} ", text)  # type: ignore[misc]
    return text


def _address(match: re.Match[str]) -> str:
    """Word by word; the protocol is not said."""
    text, end = match[0], ""
    while text and text[-1] in ".,;:!?)'\"":
        text, end = text[:-1], text[-1] + end
    text = re.sub(r"^(?:https?|ftp)://|/$", "", text)
    parts = []
    for part in re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]", text):
        if part.isdigit():
            parts.append(say.spelled(part))
        elif part.isalpha():
            spelled = part.lower() in SPELLED_DOMAINS or len(part) == 1
            parts.append(" ".join(part.upper()) if spelled else part.lower())
        else:
            parts.append(_ADDRESS_SIGNS.get(part, ""))
    return " ".join(parts) + end


def _iso_date(match: re.Match[str]) -> str:
    month = int(match[2])
    return say.date(month, match[3], match[1]) if 1 <= month <= 12 else _spelled_parts(match)


def _us_date(match: re.Match[str]) -> str:
    month, day, year = int(match[1]), int(match[2]), match[3]
    if month > 12 >= day:  # as elsewhere in the world
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return _spelled_parts(match)
    if len(year) == 2:
        year = ("20" if int(year) < 50 else "19") + year
    return say.date(month, str(day), year)


def _spelled_parts(match: re.Match[str]) -> str:
    return " slash ".join(say.cardinal(part) for part in re.findall(r"\d+", match[0]))


def _month_day(match: re.Match[str]) -> str:
    return say.date(MONTHS[match[1].lower()], match[2], match[3] or "") + (match[4] or "")


def _day_month(match: re.Match[str]) -> str:
    words = f"the {say.ordinal(match[1])} of {say.MONTHS[MONTHS[match[2].lower()] - 1]}"
    return f"{words} {say.year(match[3])}" if match[3] else words


def _month_year(match: re.Match[str]) -> str:
    return say.date(MONTHS[match[1].lower()], "", match[2])


def _time(match: re.Match[str]) -> str:
    words = say.clock(int(match[1]), int(match[2]), _half(match[4]))
    if match[3]:
        words += f" and {say.cardinal(str(int(match[3])))} seconds"
    return words + _closing(match[4], match)


def _hour(match: re.Match[str]) -> str:
    return say.clock(int(match[1]), 0, _half(match[2])) + _closing(match[2], match)


def _half(text: str | None) -> str:
    return f"{text[0].lower()}m" if text else ""


def _closing(half: str | None, match: re.Match[str]) -> str:
    """The full stop of p.m. may be that of the sentence."""
    after = match.string[match.end() : match.end() + 3]
    ends = not after.strip() or re.match(r" [A-Z]", after)
    return "." if half and half.endswith(".") and ends else ""


def _phone(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match[0])
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(_group(group) for group in groups)


def _group(digits: str) -> str:
    return f"{say.cardinal(digits[0])} hundred" if digits in ("800", "900") else say.spelled(digits)


def _amount(number: str, scale: str | None, currency: str) -> str:
    one, many, cent, cents = CURRENCIES[currency]
    if scale:
        return f"{say.number(number)} {SCALES[scale]} {many}"
    whole, _, part = number.partition(".")
    if len(part) != 2 or not cent:
        return f"{say.number(number)} {one if number == '1' else many}"
    words = f"{say.cardinal(whole)} {one if whole == '1' else many}"
    if int(part) == 0:
        return words
    small = f"{say.cardinal(str(int(part)))} {cent if int(part) == 1 else cents}"
    return small if int(whole.replace(",", "")) == 0 else f"{words} and {small}"


def _money(match: re.Match[str]) -> str:
    minus = "minus " if match[1] else ""
    return minus + _amount(match[3], match[4], match[2])


def _money_after(match: re.Match[str]) -> str:
    return _amount(match[1], match[2], match[3])


def _measure(match: re.Match[str]) -> str:
    number = match[1] + match[2]
    after = _AFTER_LETTER_UNIT.match(match.string, match.end())
    if match[3] in LETTER_UNITS and "." not in number and not after:
        return match[0]
    one, many = UNITS[match[3]]
    power = {"\u00b2": "square ", "\u00b3": "cubic "}.get((match[4] or "").strip(), "")
    return f"{say.number(number)} {power}{one if number in ('1', '-1') else many}"


def _pair(match: re.Match[str]) -> str:
    return f"{say.cardinal(match[1])} {say.cardinal(match[2])}"


def _mixed_fraction(match: re.Match[str]) -> str:
    words = say.fraction(match[2], match[3])
    if not match[1]:
        return words
    if match[2] == "1" and "over" not in words:
        words = words.replace("one ", "a ", 1)
    return f"{say.cardinal(match[1].strip())} and {words}"


def _dotted_number(match: re.Match[str]) -> str:
    parts = match[0].lstrip("v").split(".")
    version = "version " if match[0].startswith("v") else ""
    if len(parts) == 4 and not version:  # an address
        return " dot ".join(_short(part) for part in parts)
    return version + " point ".join(say.cardinal(part) for part in parts)


def _decade(match: re.Match[str]) -> str:
    return say.decade(match[1] or match[2])


def _height(match: re.Match[str]) -> str:
    return f"{say.cardinal(match[1])} feet {say.cardinal(match[2])} inches"


def _power(match: re.Match[str]) -> str:
    return f"{say.number(match[1])} times ten to the {say.number(match[2].lstrip('+'))}"


def _range(match: re.Match[str]) -> str:
    first, second = match[1], match[2]
    years = _YEAR.fullmatch(first) and re.fullmatch(r"\d\d|\d{4}", second)
    read = say.year if years else say.number
    return f"{read(first)} to {read(second)}"


def _alphanumeric(match: re.Match[str]) -> str:
    letters, digits = match[1], match[2]
    return f"{letters.upper() if len(letters) == 1 else letters} {_short(digits)}"


def _digit_letter(match: re.Match[str]) -> str:
    return f"{_short(match[1])} {match[2].upper()}"


def _short(digits: str) -> str:
    """Of a name, as of a road or a model: in pairs rather than in hundreds."""
    if len(digits) == 3 and digits[0] != "0" and digits[1:] != "00":
        tail = f"oh {say.cardinal(digits[2])}" if digits[1] == "0" else say.cardinal(digits[1:])
        return f"{say.cardinal(digits[0])} {tail}"
    return say.year(digits) if len(digits) == 4 else say.cardinal(digits)


def _plain_number(match: re.Match[str]) -> str:
    text = match[0]
    return say.year(text) if _YEAR.fullmatch(text) else say.number(text)


_HALF = r"([AaPp]\.? ?[Mm]\b\.?)"
_FIRST: tuple[Reader, ...] = (
    (
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){1,5}"),
        _address,
    ),
    (re.compile(r"\b(?:https?://|ftp://|www\.)[^\s<>\"]{1,2000}"), _address),
    (
        re.compile(
            rf"(?<![\w.-])(?:[A-Za-z\d-]{{1,63}}\.){{1,5}}(?:{_TOP})\b(?:/[^\s<>\"]{{0,2000}})?"
        ),
        _address,
    ),
    (re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?:(?=T\d)|\b)"), _iso_date),
    (re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])"), _us_date),
    (
        re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?!:){_YEAR_AFTER}(,(?=\s))?", re.I),
        _month_day,
    ),
    (
        re.compile(rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}{_YEAR_AFTER}", re.I),
        _day_month,
    ),
    (re.compile(rf"\b{_MONTH} (\d{{4}})\b", re.I), _month_year),
    (re.compile(rf"\b([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?\b(?: ?{_HALF})?"), _time),
    (re.compile(rf"\b(1[0-2]|[1-9]) ?{_HALF}"), _hour),
    (
        re.compile(
            r"(?<![\w+-])(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"
            r"|(?<![\w-])\d{3}-\d{4}(?![\w-])|(?<!\w)\+\d{1,3}(?:[ -]?\d{2,5}){2,5}(?!\w)"
        ),
        _phone,
    ),
    (re.compile(r"\b((?:1[1-9]|20)\d0)s\b|'?\b([2-9]0)s\b"), _decade),
    (re.compile(r"(?<![\w.])(\d)' ?(\d{1,2})\""), _height),
    (re.compile(rf"(-)?({_SIGNS}) ?({_NUMBER}){_SCALE}"), _money),
    (re.compile(rf"(?<![\w.])({_NUMBER}){_SCALE} ?({_SIGNS}|(?:{_CODES})\b)"), _money_after),
    (
        re.compile(
            rf"(?<![\w.])(-?)({_NUMBER})[ -]?({_UNIT})([\u00b2\u00b3])?(?![\w'])"
            r"(?:\.(?= [a-z]))?"
        ),
        _measure,
    ),
    (re.compile(r"(?<![\w/.])(24|9|50)/((?<=24/)7|(?<=9/)11|(?<=50/)50)(?![\w/])"), _pair),
    (re.compile(r"(?<![\w/.])(\d{1,4} )?(\d{1,4})/(\d{1,4})(?![\w/])"), _mixed_fraction),
    (re.compile(r"\bv?\d{1,4}(?:\.\d{1,4}){2,5}\b|\bv\d{1,4}(?:\.\d{1,4})?\b"), _dotted_number),
)
_LAST: tuple[Reader, ...] = (
    (re.compile(r"# ?(?=\d)"), lambda match: "number"),
    (re.compile(r"#(?=[A-Za-z])"), lambda match: "hashtag"),
    (re.compile(r"~ ?(?=\d)"), lambda match: "about"),
    (re.compile(r"(?<=\d) ?[x\u00d7] ?(?=\d)"), lambda match: "by"),
    (re.compile(rf"({_NUMBER})[eE]([+-]?\d{{1,3}})\b"), _power),
    (
        re.compile(r"\b(\d{1,20}(?:,\d{3}){0,5})(?:st|nd|rd|th)\b", re.I),
        lambda match: say.ordinal(match[1]),
    ),
    (
        re.compile(r"\b(dial|extension|password|pin|code) (\d{3,15})\b(?![.,]\d)", re.I),
        lambda match: f"{match[1]} {say.spelled(match[2])}",
    ),
    (
        re.compile(r"\b(call(?:s|ed|ing)?) (911|988|999|112)\b(?![.,]\d)", re.I),  # for help
        lambda match: f"{match[1]} {say.spelled(match[2])}",
    ),
    (re.compile(rf"(?<![\w.-])({_NUMBER})-({_NUMBER})(?![\w-])"), _range),
    (re.compile(r"\b([A-Za-z]{1,12})[-.]?(\d{1,4})\b(?![.,]\d)"), _alphanumeric),
    (re.compile(r"\b(\d{1,4})-?([A-Za-z])\b"), _digit_letter),
    (
        re.compile(rf"(?<![\w.])[-\u2212](?:{_NUMBER}|\.\d{{1,40}})|{_NUMBER}|(?<!\w)\.\d{{1,40}}"),
        _plain_number,
    ),
    (re.compile(r"\d{1,15}"), lambda match: say.spelled(match[0])),
)
