"""What stands for words in written English, and the words it stands for: tables only."""

from __future__ import annotations

import re
from collections.abc import Mapping

# With the full stop that ends them; before a name, or anywhere.
TITLES: Mapping[str, str] = {
    **{"Mr": "mister", "Mrs": "missus", "Ms": "miz", "Dr": "doctor", "Prof": "professor"},
    **{"Capt": "captain", "Gen": "general", "Sgt": "sergeant", "Lt": "lieutenant"},
    **{"Col": "colonel", "Rev": "reverend", "Hon": "honorable", "Gov": "governor"},
    **{"Sen": "senator", "Rep": "representative", "Pres": "president", "St": "saint"},
    **{"Mt": "mount", "Ft": "fort", "Maj": "major", "Cmdr": "commander", "Adm": "admiral"},
}
STREETS: Mapping[str, str] = {
    **{"St": "street", "Ave": "avenue", "Blvd": "boulevard", "Rd": "road", "Ln": "lane"},
    **{"Dr": "drive", "Ct": "court", "Hwy": "highway", "Pkwy": "parkway", "Sq": "square"},
}
DOTTED: Mapping[str, str] = {
    **{"e.g": "for example", "i.e": "that is", "a.m": "A M", "p.m": "P M", "etc": "et cetera"},
    **{"vs": "versus", "jr": "junior", "sr": "senior", "inc": "incorporated", "ltd": "limited"},
    **{"corp": "corporation", "co": "company", "dept": "department", "approx": "approximately"},
    **{"est": "established", "ext": "extension", "tel": "telephone", "apt": "apartment"},
    **{"min": "minimum", "max": "maximum", "misc": "miscellaneous", "govt": "government"},
    **{"mr": "mister", "mrs": "missus", "dr": "doctor", "prof": "professor"},
    **{
        "cf": "compare",
        "al": "al",
        "ph.d": "P H D",
        "intl": "international",
        "assn": "association",
    },
    **{"jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june"},
    **{"jul": "july", "aug": "august", "sept": "september", "sep": "september"},
    **{"oct": "october", "nov": "november", "dec": "december"},
    **{"mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday"},
    **{"thu": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday"},
}
# Words as well, unless they have a capital; to whether a figure after them tells, too.
WORDS_TOO = {"apt": True, "mar": True, "mon": True, "sat": False, "wed": False}
# Whose full stop is that of the sentence, too, where a capital follows.
SENTENCE_ENDS = {
    *("a.m", "p.m", "etc", "inc", "ltd", "corp", "co", "jr", "sr", "al", "ph.d"),
    *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec"),
    *("mon", "tue", "tues", "wed", "thu", "thurs", "fri", "sat"),
}
# The same, but with a capital they may be part of a heading or a name: Max. Speed.
SMALL_SENTENCE_ENDS = {"apt", "assn", "dept", "govt", "intl", "max", "min", "misc"}
BEFORE_NUMBERS: Mapping[str, str] = {
    **{"no": "number", "nos": "numbers", "p": "page", "pp": "pages", "vol": "volume"},
    **{"fig": "figure", "ch": "chapter", "sec": "section", "art": "article", "ca": "circa"},
}
MONTHS: Mapping[str, int] = {
    name[:length] if length else name: number
    for number, name in enumerate(
        (
            *("january", "february", "march", "april", "may", "june", "july", "august"),
            *("september", "october", "november", "december"),
        ),
        1,
    )
    for length in (0, 3, 4)
    if length != 4 or name == "september"
}
# Words as well, but for their capital.
CAPITAL_MONTHS = ("May", "MAY", "March", "MARCH", "Mar", "MAR")

# (one, several); after a number.
UNITS: Mapping[str, tuple[str, str]] = {
    unit: (words, words + "s" if not words.endswith("z") else words)
    for unit, words in {
        **{"km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter"},
        **{"mi": "mile", "yd": "yard", "nm": "nanometer", "\u00b5m": "micrometer"},
        **{"kg": "kilogram", "g": "gram", "mg": "milligram", "lb": "pound", "lbs": "pound"},
        **{"oz": "ounce", "l": "liter", "L": "liter", "ml": "milliliter", "mL": "milliliter"},
        **{"gal": "gallon", "s": "second", "sec": "second", "ms": "millisecond", "h": "hour"},
        **{"hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute", "yrs": "year"},
        **{"KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte"},
        **{"TB": "terabyte", "kbit": "kilobit", "Mbit": "megabit", "Gbit": "gigabit"},
        **{"W": "watt", "kW": "kilowatt", "MW": "megawatt", "V": "volt", "mV": "millivolt"},
        **{"A": "amp", "mA": "milliamp", "J": "joule", "kJ": "kilojoule", "N": "newton"},
        **{"Pa": "pascal", "kPa": "kilopascal", "cal": "calorie", "kcal": "kilocalorie"},
        **{"px": "pixel", "dB": "decibel", "acre": "acre", "ha": "hectare"},
    }.items()
} | {
    **{
        "ft": ("foot", "feet"),
        "in": ("inch", "inches"),
        "mph": ("mile per hour", "miles per hour"),
    },
    **{"Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz")},
    **{"MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz")},
    **{"km/h": ("kilometer per hour", "kilometers per hour"), "rpm": ("R P M", "R P M")},
    **{"kph": ("kilometer per hour", "kilometers per hour"), "fps": ("F P S", "F P S")},
    **{"m/s": ("meter per second", "meters per second")},
    **{"Mbps": ("megabit per second", "megabits per second")},
    **{"Gbps": ("gigabit per second", "gigabits per second")},
    **{"kbps": ("kilobit per second", "kilobits per second")},
    **{"kWh": ("kilowatt hour", "kilowatt hours"), "sq ft": ("square foot", "square feet")},
    **{"\u00b0C": ("degree celsius", "degrees celsius"), "\u00b0": ("degree", "degrees")},
    **{"\u00b0F": ("degree fahrenheit", "degrees fahrenheit")},
}
# Of a grade, a room or a street as well, unless there are decimals or one of the words follows.
LETTER_UNITS = frozenset("AJN")
AFTER_LETTER_UNITS = (
    *("of", "battery", "breaker", "charger", "circuit", "current", "force", "fuse", "load"),
    *("motor", "outlet", "plug", "socket", "supply", "weight"),
)
# (one, several, one hundredth, several of these)
CURRENCIES: Mapping[str, tuple[str, str, str, str]] = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("U S dollar", "U S dollars", "cent", "cents"),
    "\u20ac": ("euro", "euros", "cent", "cents"),
    "\u00a3": ("pound", "pounds", "penny", "pence"),
    "\u00a5": ("yen", "yen", "", ""),
    "\u20b9": ("rupee", "rupees", "paisa", "paise"),
    "\u20a9": ("won", "won", "", ""),
    "\u20bd": ("ruble", "rubles", "kopek", "kopeks"),
    "\u20bf": ("bitcoin", "bitcoins", "", ""),
    "USD": ("U S dollar", "U S dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("British pound", "British pounds", "penny", "pence"),
    "JPY": ("yen", "yen", "", ""),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
}
SCALES: Mapping[str, str] = {
    **{"k": "thousand", "K": "thousand", "m": "million", "M": "million", "bn": "billion"},
    **{"b": "billion", "B": "billion", "T": "trillion", "thousand": "thousand"},
    **{"million": "million", "billion": "billion", "trillion": "trillion"},
}
SYMBOLS: Mapping[str, str] = {
    **{"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "\u2030": "per mille"},
    **{"#": "pound", "*": "star", "<": "less than", ">": "greater than", "/": "slash"},
    **{"\\": "backslash", "~": "tilde", "^": "caret", "|": "pipe", "\u00d7": "times"},
    **{"\u00f7": "divided by", "\u00b1": "plus or minus", "\u2212": "minus", "\u2260": "is not"},
    **{"\u2264": "at most", "\u2265": "at least", "\u2248": "about", "\u221e": "infinity"},
    **{"\u221a": "square root of", "\u2192": "to", "\u00b0": "degrees", "\u00a7": "section"},
    **{"\u00a9": "copyright", "\u00a2": "cents", "\u00b6": "paragraph", "\u2211": "sum of"},
    **{"$": "dollar", "\u20ac": "euro", "\u00a3": "pound", "\u00a5": "yen", "\u20b9": "rupee"},
    **{"\u00b2": "squared", "\u00b3": "cubed", "\u03c0": "pi", "\u00b5": "micro", "\u03bc": "mu"},
}
# Capitals that are no words, though words are spelled so.
LETTERS = frozenset(
    (
        *("US", "IT", "WHO", "UK", "EU", "AI", "ID", "OK", "TV", "PC", "PR", "HR", "AC", "DC"),
        *("LA", "UN", "IP", "IQ", "CEO", "CPU", "API", "URL", "FAQ", "IRA", "SOS", "CD", "PM"),
    )
)
TOP_LEVELS = ("com", "org", "net", "edu", "gov", "info", "io", "de", "uk", "fr", "eu", "us", "ai")
SPELLED_DOMAINS = frozenset(("io", "de", "uk", "fr", "eu", "us", "ai", "www", "html", "php"))


def alternatives(table: Mapping[str, object]) -> str:
    """A regular expression of the keys, of which the longest that fits is taken."""
    return "|".join(re.escape(key) for key in sorted(table, key=len, reverse=True))
