"""The speech to learn from and to be measured on: literals only, no work."""

from __future__ import annotations

from zoo import asterisk
from zoo.entries import DataSetInfo, Variant
from zoo.sources import SystemPackage

ASTERISK_PROMPTS = DataSetInfo(
    name="asterisk-prompts",
    title="Asterisk prompts to speak",
    task="text-to-speech",
    license="CC BY-SA 3.0",
    url=asterisk.URL,
    splits=("train", "validation", "test"),
    sources=(
        SystemPackage(
            packages=asterisk.PACKAGES, files=asterisk.FILES, reader="zoo.tts.prompts:rows"
        ),
    ),
    variants=(
        Variant(
            "Asterisk prompts to speak",
            {
                "train": "6dea1d709c8dc47a5d85bdbf739df782920c854bd1ffd5021f3f5114123f0dd5",
                "validation": "a44b9007c9e97bf5e7204f72b4623d9f0fb01d7f2a49eb2fe6d937bafff0f364",
                "test": "5b44a62ef995662f06cdbb7adef51a2571d3488056f8e9988caca3329bc46164",
            },
        ),
    ),
    offline=True,
    note="The English prompts of a telephone system with their recordings: one professional voice, "
    "25 minutes, 16 kHz. Split by a hash of their names: a tenth is held out to be measured on, a "
    "twentieth to choose by.",
)

DATA_SETS = (ASTERISK_PROMPTS,)
