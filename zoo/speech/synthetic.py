"""Digits spoken by speech synthesisers, in many voices and accents, to learn from.

eSpeak NG computes speech by rules, in voices that differ in pitch, resonances and roughness; Flite
puts it together from models of recorded people. Both are too regular to be tried on, but a network
that has heard six people learns from them in how many ways a word can be said. Whoever speaks
English as a foreign language has yet other ways: hence voices that read by other languages' rules.
"""

from __future__ import annotations

import functools
import io
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from zoo.audio import Audio, read_audio
from zoo.errors import DataError
from zoo.espeak import Espeak
from zoo.speech.strings import WORDS

RATE = 8000
_SEED = 1791
_ACCENTS = (
    "en-029",
    "en",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-gb-x-rp",
    "en-us",
    "en-us-nyc",
)
_ACCENTS_A_VOICE = 3
# The words, in their order, spelled so that whoever reads by the rules of the language says them
# as people do who speak English as a foreign one.
_FOREIGN = {
    "cs": "zírou uan tů srí fór fajv siks sevn ejt najn",
    "de": "siero wann tu trie foor faif siks sewen ejt nein",
    "el": "ζίροου ουάν του θρι φορ φάιβ σιξ σέβεν έιτ νάιν",
    "es": "sírou uán tu tri for faif sics séven éit náin",
    "fi": "siirou uan tuu thrii foor faiv siks seven eit nain",
    "fr": "zirro ouane toux srie faure faillve sixe sévène eillte naillne",
    "hi": "ज़ीरो वन टू थ्री फोर फाइव सिक्स सेवन एट नाइन",
    "hu": "zíró uan tú szrí fór fájv sziksz szeven éjt nájn",
    "it": "ziro uan tu tri fór faiv sics séven éit nain",
    "nl": "zierou wan toe srie foor faaif siks seven eet nain",
    "pl": "zirou łan tu sri for fajw siks sewen ejt najn",
    "pt-br": "zírou uãn tu trí fór fáiv sics séven êit náin",
    "ro": "zirou uan tu tri for faiv sics seven eit nain",
    "ru": "зи́роу уа́н ту сри фо́р файв сыкс сэ́вэн эйт найн",
    "sv": "sirå oann to tri får fajv siks seven ejt najn",
    "tr": "ziro van tu tri for fayv siks sevın eyt nayn",
}
# Those of eSpeak's voices that could be a person's.
_VOICES = (
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5"),
    *("Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Hugo", "Jacky"),
    *("Lee", "Marco", "Mario", "Michael", "Mike", "adam", "anika", "antonio", "aunty", "belinda"),
    *("benjamin", "boris", "caleb", "david", "ed", "edward", "grandma", "john", "linda", "max"),
    *("michel", "norbert", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby"),
    *("steph", "travis", "victor", "zac"),
)
_SPEEDS, _PITCHES, _RANGES = (110, 230), (25, 75), (20, 80)  # words a minute; eSpeak's own scales
_FLITE_VOICES = ("kal", "kal16", "awb", "rms", "slt")
_STRETCHES = ("0.8", "1.0", "1.25")  # of the duration
_FRAME = 0.01  # seconds over which loudness is taken
_QUIET = 0.02  # of the loudest
_BEFORE, _AFTER = 0.02, 0.03  # seconds that are left at either end


def espeak_digits(split: str) -> Iterator[tuple[Audio, str, str]]:
    """Each digit in each voice, in some of the accents; the group is voice and accent."""
    yield from _espeak_digits()


def espeak_accents(split: str) -> Iterator[tuple[Audio, str, str]]:
    """Each digit in each voice, as speakers of some other languages say it."""
    yield from _espeak_accents()


@functools.cache  # it takes seconds
def _espeak_digits() -> list[tuple[Audio, str, str]]:
    return list(_spoken({accent: dict(zip(WORDS, WORDS, strict=True)) for accent in _ACCENTS}))


@functools.cache
def _espeak_accents() -> list[tuple[Audio, str, str]]:
    read = {
        language: dict(zip(WORDS, texts.split(), strict=True))
        for language, texts in _FOREIGN.items()
    }
    return list(_spoken(read))


def _spoken(read: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[Audio, str, str]]:
    """read: for an accent, what stands for each word."""
    speaker = Espeak()
    random = np.random.default_rng(_SEED)
    for voice in _VOICES:
        for accent in random.permutation(tuple(read))[:_ACCENTS_A_VOICE].tolist():
            how = [int(random.integers(*limits)) for limits in (_SPEEDS, _PITCHES, _RANGES)]
            for word, text in read[accent].items():
                audio = speaker.say(text, f"{accent}+{voice}", *how)
                yield _trimmed(audio.at(RATE)), word, f"espeak {accent} {voice}"


def flite_digits(root: Path, split: str) -> Iterator[tuple[Audio, str, str]]:
    """Each digit in each voice, slow, as it is and fast; the group is the voice and how fast."""
    libraries = [str(folder) for folder in (root / "usr/lib").glob("*-linux-gnu*")]
    path = os.pathsep.join([*libraries, os.environ.get("LD_LIBRARY_PATH", "")])
    for voice in _FLITE_VOICES:
        for stretch in _STRETCHES:
            for word in WORDS:
                done = subprocess.run(
                    [
                        *(str(root / "usr/bin/flite"), "-voice", voice, "-t", word),
                        *("--setf", f"duration_stretch={stretch}", "-o", "/dev/stdout"),
                    ],
                    env=os.environ | {"LD_LIBRARY_PATH": path},
                    capture_output=True,
                    check=False,
                )
                if done.returncode != 0:
                    reason = done.stderr.decode(errors="replace").strip() or "no reason given"
                    raise DataError(f"Flite cannot speak as {voice}: {reason}.")
                audio = read_audio(io.BytesIO(done.stdout), RATE)
                yield _trimmed(audio), word, f"flite {voice} {stretch}"


def _trimmed(audio: Audio) -> Audio:
    """Without the silence at either end."""
    size = round(_FRAME * audio.rate)
    loudness = np.convolve(np.abs(audio.samples), np.full(size, 1 / size), mode="same")
    loud = np.flatnonzero(loudness > _QUIET * loudness.max())
    first = max(0, int(loud[0]) - round(_BEFORE * audio.rate))
    return Audio(audio.samples[first : int(loud[-1]) + round(_AFTER * audio.rate)], audio.rate)
