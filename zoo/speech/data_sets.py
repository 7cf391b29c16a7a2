"""The speech data sets: literals only, no work."""

from __future__ import annotations

from zoo import asterisk
from zoo.entries import DataSetInfo, Variant
from zoo.sources import DataFolder, PythonPackage, SystemPackage

_TASK = "automatic-speech-recognition"
_FSDD_URL = "https://github.com/Jakobovski/free-spoken-digit-dataset"
_FSDD_HOLDS = f"a clone of {_FSDD_URL}, or its recordings as <split>.parquet"
_FSDD_LICENSE = "CC BY-SA 4.0"

FSDD = DataSetInfo(
    name="fsdd",
    title="FSDD",
    task=_TASK,
    license=_FSDD_LICENSE,
    url=_FSDD_URL,
    splits=("train", "test"),
    sources=(DataFolder(folder="fsdd", holds=_FSDD_HOLDS, reader="zoo.speech.fsdd:digits"),),
    variants=(
        Variant(
            "FSDD",
            {
                "train": "4f860d20e115815d2a6141c40dec8173472a8d472a694233eb5a20b64a541014",
                "test": "bd9801003a7e6f6c863eeacc6ba9f80314cfa27d5ab14d0482bdc14fcb351576",
            },
        ),
    ),
    note="The Free Spoken Digit Dataset: single digits, six speakers, 8 kHz; the official split.",
)

FSDD_STRINGS = DataSetInfo(
    name="fsdd-strings",
    title="FSDD strings",
    task=_TASK,
    license=_FSDD_LICENSE,
    url=_FSDD_URL,
    splits=("test",),
    sources=(DataFolder(folder="fsdd", holds=_FSDD_HOLDS, reader="zoo.speech.fsdd:test_strings"),),
    variants=(
        Variant(
            "FSDD strings",
            {"test": "96937c084c10d5eb19d1bc28ac62f5b5c62e1f792e4cca4aad3fcc044429820b"},
        ),
    ),
    note="Strings of 3 to 7 digits put together from FSDD's test recordings, with pauses; each of "
    "one speaker, each recording five times.",
)

FSDD_SPEAKERS = DataSetInfo(
    name="fsdd-speakers",
    title="FSDD by speaker",
    task=_TASK,
    license=_FSDD_LICENSE,
    url=_FSDD_URL,
    splits=("george", "jackson", "lucas", "nicolas", "theo", "yweweler"),
    sources=(DataFolder(folder="fsdd", holds=_FSDD_HOLDS, reader="zoo.speech.fsdd:speakers"),),
    variants=(
        Variant(
            "FSDD by speaker",
            {
                "george": "b41c8d4d31ded3e66f2812ec07fa05eec5c5cfc482e871b5eb3ca0547e9fe79c",
                "jackson": "2517191d4a6c2bb7a361f88aaaa0d9607eb04d2255d89a1865f08024853e313d",
                "lucas": "77e5666977167d4e4c3a04f390d77f6b264fc47e5df6e0abc13d2650b39995ce",
                "nicolas": "5bf05ce4ad65862601aea38fd5dd0ca2869a398e82289e9a2e16fd73e308c3fb",
                "theo": "4404a07e93e2f0918074b6c46c3e466e70ac0068e25a808c584647dffc708a83",
                "yweweler": "4d6680e853eb240d37d6982f0b95e2018f0c61889a19c82416b5a9bf940b0afc",
            },
        ),
    ),
    note="All recordings of FSDD, a split for each speaker, to learn from five and be tried on the "
    "sixth.",
)

ASTERISK_DIGITS = DataSetInfo(
    name="asterisk-digits",
    title="Asterisk digits",
    task=_TASK,
    license="CC BY-SA 3.0",
    url=asterisk.URL,
    splits=("test",),
    sources=(
        SystemPackage(
            packages=asterisk.PACKAGES, files=asterisk.FILES, reader="zoo.speech.asterisk:digits"
        ),
    ),
    variants=(
        Variant(
            "Asterisk digits",
            {"test": "9289caf05475f7570fbac6003f734da525b8ab3266e34d37369bf03af5511218"},
        ),
    ),
    offline=True,
    note="The digits of a telephone system's prompts, single and in strings of 3 to 7; a voice and "
    "a channel that nothing here was trained on.",
)

ASTERISK_EN = DataSetInfo(
    name="asterisk-en",
    title="Asterisk prompts",
    task=_TASK,
    license="CC BY-SA 3.0",
    url=asterisk.URL,
    splits=("test",),
    sources=(
        SystemPackage(
            packages=asterisk.PACKAGES, files=asterisk.FILES, reader="zoo.speech.asterisk:english"
        ),
    ),
    variants=(
        Variant(
            "Asterisk prompts",
            {"test": "48c8e93f60e7a2668b5e78a16097f89cbe35a7a11955bb921287489ae807e7c8"},
        ),
    ),
    offline=True,
    note="The English prompts of a telephone system, one professional voice, 16 kHz.",
)

ESPEAK_DIGITS = DataSetInfo(
    name="espeak-digits",
    title="eSpeak digits",
    task=_TASK,
    license="of a program's output: none",
    url="https://github.com/espeak-ng/espeak-ng",
    splits=("train",),
    sources=(
        PythonPackage(package="espeakng_loader", reader="zoo.speech.synthetic:espeak_digits"),
    ),
    variants=(
        Variant(
            "eSpeak digits",
            {
                "train": "f5df17be4b366a74f957a3695afa7f4601b7afd37d40e8b279573412fc247954",
            },
        ),
    ),
    note="The digits in 168 voices of the speech synthesiser eSpeak NG; to learn from only.",
)

ESPEAK_ACCENTS = DataSetInfo(
    name="espeak-accents",
    title="eSpeak accents",
    task=_TASK,
    license="of a program's output: none",
    url="https://github.com/espeak-ng/espeak-ng",
    splits=("train",),
    sources=(
        PythonPackage(package="espeakng_loader", reader="zoo.speech.synthetic:espeak_accents"),
    ),
    variants=(
        Variant(
            "eSpeak accents",
            {
                "train": "c6fc709b8cbf8d0f08f3fa801b82ebdff553207fbfbc29336ebd8aac89ecdf10",
            },
        ),
    ),
    note="The digits as the speech synthesiser eSpeak NG says them by the rules of 16 other "
    "languages, in 168 voices; to learn from only.",
)

FLITE_DIGITS = DataSetInfo(
    name="flite-digits",
    title="Flite digits",
    task=_TASK,
    license="of a program's output: none",
    url="https://packages.debian.org/stable/flite",
    splits=("train",),
    sources=(
        SystemPackage(
            packages=("flite", "libflite1"),
            files=("usr/bin/flite",),
            reader="zoo.speech.synthetic:flite_digits",
        ),
    ),
    variants=(
        Variant(
            "Flite digits",
            {
                "train": "149ae233056ee1fa5aed92df143e264f5ab1f1a937f4f10390d8ec68be0b947f",
            },
        ),
    ),
    note="The digits in five voices of the speech synthesiser Flite, slow, as they are and fast; "
    "to learn from only.",
)

DATA_SETS = (
    FSDD,
    FSDD_STRINGS,
    FSDD_SPEAKERS,
    ASTERISK_DIGITS,
    ASTERISK_EN,
    ESPEAK_DIGITS,
    ESPEAK_ACCENTS,
    FLITE_DIGITS,
)
