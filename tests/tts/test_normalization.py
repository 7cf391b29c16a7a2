from __future__ import annotations

import time

import pytest

from zoo.errors import InputError
from zoo.tts.normalization import LONGEST, normalize

WORDS = {"at", "nasa", "stop", "youtube", "pin", "who", "us", "it", "usb", "laser"}

GOLDEN = {
    # plain text
    "Hello, world!": "hello, world!",
    "Wait... what?! No\u2014never": "wait. what? no, never",
    "John's cat, 'quoted' and \"x\"": "john's cat, quoted and x",
    "rock \u2019n\u2019 roll isn\u2019t dead": "rock n roll isn't dead",
    "one - two -- three": "one, two, three",
    "a well-known word": "a well known word",
    "(see below) then [go on]": "see below, then, go on,",
    "First paragraph\n\nSecond": "first paragraph. second",
    "one\nline": "one line",
    # numbers
    "0 1 12 100 1,234": "zero one twelve one hundred one thousand two hundred thirty four",
    "1,234,567": "one million two hundred thirty four thousand five hundred sixty seven",
    "3.14 and .5 and 0.05": "three point one four and zero point five and zero point zero five",
    "-5 degrees": "minus five degrees",
    "007": "zero zero seven",
    "12345678901234567890": "one two three four five six seven eight nine zero "
    "one two three four five six seven eight nine zero",
    "6.02e23": "six point zero two times ten to the twenty three",
    "10-20 people": "ten to twenty people",
    "10\u201320 people": "ten to twenty people",
    "5 x 7": "five by seven",
    "2+2=4": "two plus two equals four",
    "v2.0.1": "version two point zero point one",
    "192.168.0.1": "one ninety two dot one sixty eight dot zero dot one",
    "Call 911, or called 1911": "call nine one one, or called nineteen eleven",
    "911 people": "nine hundred eleven people",
    "You may 5 times": "you may five times",
    "They march 10 miles": "they march ten miles",
    # ordinals and fractions
    "1st 2nd 3rd 21st 100th": "first second third twenty first one hundredth",
    "1/2 and 3/4": "one half and three quarters",
    "\u00bd cup, 1\u00bd cups": "one half cup, one and a half cups",
    "5 2/3": "five and two thirds",
    "5/1000": "five over one thousand",
    "24/7, 9/11, 50/50 and 3/7": "twenty four seven, nine eleven, fifty fifty and three sevenths",
    # years and decades
    "in 1984": "in nineteen eighty four",
    "in 1900, 1905 and 2007": "in nineteen hundred, nineteen oh five and two thousand seven",
    "1066": "one thousand sixty six",
    "2024-25": "twenty twenty four to twenty five",
    "1939-1945": "nineteen thirty nine to nineteen forty five",
    "the 1990s and '80s": "the nineteen nineties and eighties",
    # times
    "at 3:30 p.m. He left": "at three thirty P M. he left",
    "at 9:05": "at nine oh five",
    "at 12:00": "at twelve o'clock",
    "18:00": "eighteen hundred",
    "9 a.m. to 5 p.m.": "nine A M to five P M.",
    "10:15:30": "ten fifteen and thirty seconds",
    # dates
    "2024-03-05": "march fifth, twenty twenty four",
    "3/5/24": "march fifth, twenty twenty four",
    "25/12/1999": "december twenty fifth, nineteen ninety nine",
    "March 5, 2024, was": "march fifth, twenty twenty four, was",
    "Jan. 5th": "january fifth",
    "the 21st of May 2020": "the twenty first of may twenty twenty",
    "4 July 1776": "the fourth of july seventeen seventy six",
    "in May 2020": "in may twenty twenty",
    # money
    "$5.20": "five dollars and twenty cents",
    "$1 and $0.99": "one dollar and ninety nine cents",
    "\u00a31.01": "one pound and one penny",
    "$1.5 million": "one point five million dollars",
    "\u00a33bn": "three billion pounds",
    "5 \u20ac": "five euros",
    "\u20ac1,000.00": "one thousand euros",
    "\u00a5500": "five hundred yen",
    "-$5": "minus five dollars",
    "5 USD": "five U S dollars",
    # telephone numbers
    "555-1234": "five five five, one two three four",
    "(555) 123-4567": "five five five, one two three, four five six seven",
    "1-800-555-1234": "one, eight hundred, five five five, one two three four",
    "+44 20 7946 0958": "plus four four, two zero, seven nine four six, zero nine five eight",
    "dial 8500": "dial eight five zero zero",
    # percentages and units
    "5%": "five percent",
    "99.9 %": "ninety nine point nine percent",
    "5 km, 1 km": "five kilometers, one kilometer",
    "10 ft. away": "ten feet away",
    "60 mph or 100km/h": "sixty miles per hour or one hundred kilometers per hour",
    "20\u00b0C and -5 \u00b0F": "twenty degrees celsius and minus five degrees fahrenheit",
    "5 m\u00b2 of 2.4GHz": "five square meters of two point four gigahertz",
    "5'10\" tall": "five feet ten inches tall",
    "16GB": "sixteen gigabytes",
    "We open at 5 in the morning.": "we open at five in the morning.",
    "4 in 10 people, 3-in-1": "four in ten people, three in one",
    "5 in. long, 6 in by 7 in": "five inches long, six inches by seven inches",
    "I have 3 A grades in room 5 A": "i have three A grades in room five A",
    "1.5 A, 3 A of current, a 240V plug": "one point five amps, three amps of current, "
    "a two hundred forty volts plug",
    # abbreviations
    "Mr. and Mrs. Smith": "mister and missus smith",
    "Dr. Smith lives on Elm Dr.": "doctor smith lives on elm drive.",
    "Elm St. near St. Paul": "elm street near saint paul",
    "e.g. this, i.e. that": "for example this, that is that",
    "apples, pears, etc.": "apples, pears, et cetera.",
    "X vs. Y": "X versus Y",
    "No. 5, p. 12": "number five, page twelve",
    "No! No. 1": "no! number one",
    "w/ milk w/o sugar": "with milk without sugar",
    "J. R. R. Tolkien": "J R R tolkien",
    "King Jr. spoke": "king junior spoke",
    "The cat sat. Then": "the cat sat. then",
    "The cat sat. 5 saw it": "the cat sat. five saw it",
    "Sat. night": "saturday night",
    "We met on Mon. Then": "we met on monday. then",
    "Fri. Jan. 5": "friday january fifth",
    "This is apt.": "this is apt.",
    "apt. 5, Apt. B": "apartment five, apartment B",
    "At the max. Then Max. Speed": "at the maximum. then maximum speed",
    # acronyms and letters
    "NASA and the FBI": "nasa and the F B I",
    "the U.S. Navy": "the U S navy",
    "the US and WHO": "the U S and W H O",
    "two PCs": "two P C's",
    "R&D at AT&T": "R and D at A T and T",
    "AT&T's Q&A session": "A T and T's Q and A session",
    "STOP NOW PLEASE": "stop now please",
    "A dog and I": "a dog and i",
    "Plan B": "plan B",
    "vitamin C": "vitamin C",
    "It is vitamin A they lack. A lot": "it is vitamin A they lack. a lot",
    "MP3, 3D, H.323": "M P three, three D, H three twenty three",
    "YouTube and JavaScript": "youtube and java script",
    # addresses
    "https://www.example.com/a_b": "W W W dot example dot com slash A underscore B",
    "see example.org.": "see example dot org.",
    "joe.doe@mail-host.org": "joe dot doe at mail dash host dot org",
    # symbols
    "#5 and #tag": "number five and hashtag tag",
    "press * or #": "press star or pound",
    "a & b": "a and b",
    "5 \u00d7 3 \u2248 15": "five by three about fifteen",
    "\u03c0 \u2264 4": "pi at most four",
    "**bold** and `code`": "bold and code",
    "snake_case": "snake case",
    # other characters
    "caf\u00e9 na\u00efve \u00dcber": "cafe naive uber",
    "cafe\u0301": "cafe",
    "Good \U0001f600 day \U0001f44d\U0001f3fd": "good day",
    "\u041f\u0440\u0438\u0432\u0435\u0442": "privet",
    "\u4f60\u597d": "ni hao",
    "\uff28\uff45\uff4c\uff4c\uff4f": "hello",
    "so\u00adft hy\u200bphen\x00": "soft hyphen",
    # markup
    "<speak>Hello <break time='1s'/> world</speak>": "hello, world",
    "<p>One</p><p>Two &amp; three</p>": "one, two and three,",
    "1 < 2": "one less than two",
}


@pytest.mark.parametrize(("text", "spoken"), GOLDEN.items())
def test_as_it_is_spoken(text: str, spoken: str) -> None:
    assert normalize(text, WORDS.__contains__) == spoken


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t", "...", "\U0001f600", "<speak></speak>", "\x00\x07", "-", "()"]
)
def test_what_holds_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="nothing that can be spoken"):
        normalize(text)


def test_what_is_no_text_or_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="string"):
        normalize(5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="100,000"):
        normalize("a" * (LONGEST + 1))


@pytest.mark.parametrize(
    "part",
    [
        *("a", "aA", "1", "1.", "1,", " ", "<a", "a@", "a.", "A.", "\n", "(", ",", "a -- ", "-"),
        *("'", "1/", "a st ", "1 ", "\t\n", "1-", "+1 ", "A&", "$", "*", "<", "http://", ":", "1:"),
        "In 1984, Dr. Smith paid $5.20 for 3 kg. ",
    ],
)
def test_long_texts_take_time_in_proportion(part: str) -> None:
    text = (part * LONGEST)[: LONGEST - 2] + " x"
    start = time.monotonic()
    assert normalize(text)
    assert time.monotonic() - start < 20


def test_it_is_a_fixed_point() -> None:
    for spoken in GOLDEN.values():
        assert normalize(spoken, WORDS.__contains__) == spoken
