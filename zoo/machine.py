"""What machine this is: stated beside every measurement."""

from __future__ import annotations

import math
import os
import platform
import resource
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
STATUS = Path("/proc/self/status")
CLEAR_PEAK = Path("/proc/self/clear_refs")


def usable_cores() -> int:
    """How many processors this process may use, which is not always how many there are."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    # A container sees all processors of its host, and is stopped when it uses more than its share.
    with suppress(OSError, ValueError):
        quota, period = CPU_QUOTA.read_text(encoding="utf-8").split()
        cores = min(cores, max(1, math.ceil(int(quota) / int(period))))
    return cores


def usable_threads() -> int:
    """How many threads may compute at once: one a core, or as few as OMP_NUM_THREADS asks for."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").strip()
    cores = usable_cores()
    return min(cores, int(wanted)) if wanted.isdecimal() and int(wanted) > 0 else cores


def describe_cpu() -> str:
    """The processor's name, as the system gives it."""
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def memory_bytes() -> int:
    """Physical memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def peak_memory_bytes() -> int:
    """The largest resident size of this process, since `forget_peak_memory` where that works."""
    # Not ru_maxrss where it can be helped: on Linux a process inherits that of its parent.
    if STATUS.is_file():
        for line in STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024  # others count in KiB


def forget_peak_memory() -> None:
    """Count the peak from the present size on; does nothing where the system cannot."""
    with suppress(OSError):
        CLEAR_PEAK.write_text("5", encoding="ascii")


def describe(device: str = "cpu") -> dict[str, str | int | float]:
    """The facts of this machine that a measurement depends on.

    load_average: how many processes wanted to run in the last minute; figures of time from a
    machine that was busy with something else are worth little.
    """
    facts: dict[str, str | int | float] = {
        "cpu": describe_cpu(),
        "cores": usable_cores(),
        "memory_bytes": memory_bytes(),
        "system": f"{platform.system()} {platform.release()}",
        "load_average": round(os.getloadavg()[0], 2),
    }
    if device.startswith("cuda"):
        import torch

        facts["accelerator"] = torch.cuda.get_device_name(device)
    return facts


_VERSIONED = (
    "software-zoo",
    "numba",
    "numpy",
    "open_spiel",
    "pillow",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "torch",
    "transformers",
)


def versions() -> dict[str, str]:
    """The versions of Python and of every package that a measurement depends on."""
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
