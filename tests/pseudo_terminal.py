"""A process that sits at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping, Sequence


def shown(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command shows on a terminal until it ends."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while chunk := os.read(ours, 4096):
            told += chunk
    except OSError:  # how a terminal tells that its other end is closed
        pass
    os.close(ours)
    process.wait(timeout=60)
    return told.decode()
