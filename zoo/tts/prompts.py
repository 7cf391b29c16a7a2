"""The recorded voice: telephone prompts with what is said in them, and which are held out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo import asterisk
from zoo.audio import Audio

_REMARK = re.compile(r"\([^()]*\)|<[^<>]*>")  # on sounds, or on what is not said
_HELD_OUT, _VALIDATION, _SHARES = 10, 5, 100  # per cent, of all and of all
# As they are said, where the texts misspell it, have it in figures, or have other words.
_SPOKEN = {
    "conf-adminmenu-menu8": (
        "Press 1 to list users currently in the conference, 2 to kick all non-administrator users, "
        "3 to mute or unmute all non-administrator users, 4 to record this conference, or 8 to "
        "exit this menu and return to the conference."
    ),
    "digits/h-40": "fortieth",
    "spy-h323": "H. 3 2 3",
}
_NOT_AS_WRITTEN = frozenset(("spy-iax", "spy-iax2"))  # a name that is not read by its letters
_CORRECTED = {
    "Finally, you can press": "You can press",
    "If you would like to learn": "If you'd like to learn",
    "Thank you for trying out": "Thanks for trying out",
    "should I save the message": "should I save this message",
    "represenatives": "representatives",
    "Un-indentified or witheld": "Unidentified or withheld",
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One recording. text: what is said, as it would be written. path: of raw G.722."""

    name: str
    text: str
    path: Path

    @property
    def split(self) -> str:
        """train, validation or test, by a hash of the name."""
        share = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "big") % _SHARES
        if share < _HELD_OUT:
            return "test"
        return "validation" if share < _HELD_OUT + _VALIDATION else "train"

    def audio(self) -> Audio:
        """At 16 kHz. Raises DataError."""
        return asterisk.read_g722(self.path)


def prompts(root: Path, split: str | None = None) -> Iterator[Prompt]:
    """Every prompt in which words are said, or those of a split, in the order of the texts.

    root: of the file system where the Debian packages are installed or unpacked.
    """
    for name, text, path in asterisk.prompts(root):
        said = " ".join(_REMARK.sub(" ", _SPOKEN.get(name, text)).split())
        if name in _NOT_AS_WRITTEN:
            continue
        for wrong, right in _CORRECTED.items():
            said = said.replace(wrong, right)
        if not re.search(r"\w", said):
            continue
        if len(said) == 1:  # the name of a letter
            said = said.upper()
        prompt = Prompt(name, said, path)
        if split is None or prompt.split == split:
            yield prompt


def rows(root: Path, split: str) -> Iterator[tuple[str, Audio]]:
    """Every prompt of a split, as text and sound."""
    for prompt in prompts(root, split):
        yield prompt.text, prompt.audio()
