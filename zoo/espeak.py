"""eSpeak NG, a formant synthesiser, as the package espeakng-loader brings it.

Its library is called through its C interface (speak_lib.h).
"""

from __future__ import annotations

import ctypes
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zoo.audio import Audio
from zoo.errors import DataError, MissingDependencyError

RATE = 22_050  # Hz
SPEED, PITCH, SPREAD = 175, 50, 50  # its own defaults: words a minute, and scales from 0 to 100

_SYNCHRONOUS, _CHARACTERS, _UTF8 = 2, 1, 1
_SPEED, _PITCH, _RANGE = 1, 3, 4
_SEED = 1791  # the year of von Kempelen's speaking machine


class Espeak:
    """One speaker, whom others do not disturb.

    What it says depends on what it has said before, but for voices without breath and flutter. Its
    1.5 MiB of memory are kept until the process ends.

    Raises MissingDependencyError, DataError.
    """

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise MissingDependencyError(
                "eSpeak NG needs espeakng-loader: pip install 'software-zoo[tts]'."
            ) from error
        # A library has one state, part of which setting it up anew leaves as it was: a copy has its
        # own. Once it is loaded its file can go, but on systems that hold on to it.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            copy = shutil.copy(espeakng_loader.get_library_path(), folder)
            try:
                self._library: Any = ctypes.CDLL(copy)
            except OSError as error:
                raise DataError(
                    f"eSpeak NG cannot be loaded ({error}); if no program may run from the folder "
                    "for temporary files, let TMPDIR name another."
                ) from error
        data = str(Path(espeakng_loader.get_data_path()).parent).encode()
        if self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0) != RATE:
            raise DataError("eSpeak NG does not find its data.")
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))  # of breath
        self._lock = threading.Lock()  # threads that share a speaker take turns
        self._parts: list[NDArray[np.int16]] = []
        callback = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._callback = callback(self._take)  # kept, or it would be gone when it is called

    def say(
        self, text: str, voice: str, speed: int = SPEED, pitch: int = PITCH, spread: int = SPREAD
    ) -> Audio:
        """The sound of a text.

        voice: a language, and perhaps a variant, as in "en-us+f2". spread: how far pitch moves.

        Raises DataError if there is no such voice.
        """
        with self._lock:
            self._library.espeak_SetSynthCallback(self._callback)
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise DataError(f"eSpeak NG has no voice {voice!r}.")
            for name, value in ((_SPEED, speed), (_PITCH, pitch), (_RANGE, spread)):
                self._library.espeak_SetParameter(name, value, 0)
            content = text.encode()
            self._parts.clear()
            self._library.espeak_Synth(
                content, len(content) + 1, 0, _CHARACTERS, 0, _UTF8, None, None
            )
            self._library.espeak_Synchronize()
            return Audio(np.concatenate([np.empty(0, np.int16), *self._parts]), RATE)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0  # go on
