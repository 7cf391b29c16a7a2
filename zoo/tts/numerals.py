"""Numbers as they are spoken in the United States: lower-case words, no hyphens, no "and"."""

from __future__ import annotations

import functools

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_LONGEST = 15  # digits; a longer number is read digit by digit
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_HALVES = {2: ("half", "halves"), 4: ("quarter", "quarters")}


@functools.lru_cache(maxsize=4096)
def cardinal(digits: str) -> str:
    """12 or 1,200: a whole number; one with a leading zero, or too long, digit by digit."""
    from num2words import num2words

    digits = digits.replace(",", "")
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return spelled(digits)
    return _plain(num2words(int(digits)))


@functools.lru_cache(maxsize=4096)
def ordinal(digits: str) -> str:
    """12th or 1,200th, without its ending."""
    from num2words import num2words

    digits = digits.replace(",", "")
    if len(digits) > _LONGEST:
        return spelled(digits)
    return _plain(num2words(int(digits), to="ordinal"))


def spelled(digits: str) -> str:
    """Digit by digit."""
    return " ".join(_DIGITS[int(digit)] for digit in digits)


def number(text: str) -> str:
    """A number with or without a sign, separators of thousands and decimals."""
    sign = "minus " if text[:1] in "-\u2212" else ""
    whole, point, decimals = text.lstrip("+-\u2212").partition(".")
    words = cardinal(whole) if whole else "zero"
    return f"{sign}{words} point {spelled(decimals)}" if point and decimals else sign + words


def year(digits: str) -> str:
    """1984 as nineteen eighty four, 1900 as nineteen hundred, 2007 as two thousand seven."""
    high, low = int(digits[:-2] or 0), int(digits[-2:])
    if len(digits) != 4 or (high % 10 == 0 and low < 10):
        return cardinal(digits)
    if low == 0:
        return f"{cardinal(str(high))} hundred"
    tail = f"oh {cardinal(str(low))}" if low < 10 else cardinal(str(low))
    return f"{cardinal(str(high))} {tail}"


def decade(digits: str) -> str:
    """1990 of 1990s as nineteen nineties, 80 of 80s as eighties."""
    words = year(digits) if len(digits) == 4 else cardinal(digits)
    return words[:-1] + "ies" if words.endswith("y") else words + "s"


def clock(hours: int, minutes: int, half: str = "") -> str:
    """A time of day. half: "am", "pm" or nothing, by which whole hours get their o'clock."""
    words = cardinal(str(hours))
    if minutes:
        words += f" oh {cardinal(str(minutes))}" if minutes < 10 else f" {cardinal(str(minutes))}"
    elif not half:
        words += " o'clock" if 0 < hours <= 12 else " hundred"
    return f"{words} {half[0].upper()} M" if half else words


def fraction(above: str, below: str) -> str:
    """Three quarters, one twelfth; over, where no one would say so."""
    top, bottom = int(above), int(below)
    if bottom < 2 or bottom > 100 or (bottom > 20 and bottom % 10):
        return f"{cardinal(above)} over {cardinal(below)}"
    one, many = _HALVES.get(bottom, (ordinal(below), ordinal(below) + "s"))
    return f"{cardinal(above)} {one if top == 1 else many}"


def date(month: int, day: str, of: str = "") -> str:
    """Month 1 to 12, a day, and perhaps a year."""
    words = MONTHS[month - 1]
    if day:
        words += f" {ordinal(day)}"
    if of:
        words += (", " if day else " ") + year(of)
    return words


def _plain(words: str) -> str:
    words = words.replace(",", " ").replace("-", " ")
    return " ".join(word for word in words.split() if word != "and")
