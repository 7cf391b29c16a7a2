"""What is said of the machine, on machines that differ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zoo import machine


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("10000 100000", 1),
        ("6400000 100000", 8),
        ("", 8),
        ("what is this", 8),
        (None, 8),
    ],
)
def test_a_container_has_the_cores_of_its_share(
    quota: str | None, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(machine, "CPU_QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert machine.usable_cores() == cores


@pytest.mark.parametrize(
    ("asked", "threads"),
    [(None, 4), ("1", 1), (" 3 ", 3), ("64", 4), ("0", 4), ("", 4), ("2,1", 4), ("many", 4)],
)
def test_threads_are_as_few_as_asked_for_and_no_more_than_cores(
    asked: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert machine.usable_threads() == threads


def test_the_processor_is_named_as_the_system_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast CPU: 3 GHz\n")
    assert machine.describe_cpu() == "Fast CPU: 3 GHz"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")  # as on ARM
    assert machine.describe_cpu()


def test_the_peak_is_of_this_process_and_can_be_forgotten() -> None:
    def grow(mebibytes: int) -> int:
        block = bytearray(mebibytes * 2**20)
        block[::4096] = b"1" * len(block[::4096])
        return machine.peak_memory_bytes()

    before = machine.peak_memory_bytes()
    grown = grow(200)
    assert grown >= 200 * 2**20
    assert grown > before or before > 300 * 2**20
    # Though the block is gone; the kernel counts in steps.
    assert machine.peak_memory_bytes() >= grown - 2**20
    machine.forget_peak_memory()
    after = machine.peak_memory_bytes()
    assert after <= grown
    if machine.CLEAR_PEAK.exists() and after < grown:
        assert after < grown - 100 * 2**20


def test_without_the_kernels_files_the_peak_comes_from_the_c_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "STATUS", tmp_path / "nothing")
    monkeypatch.setattr(machine, "CLEAR_PEAK", tmp_path / "no" / "such")
    machine.forget_peak_memory()
    assert 2**20 < machine.peak_memory_bytes() < 2**40


def test_the_facts_are_those_that_a_measurement_depends_on() -> None:
    facts = machine.describe()
    assert set(facts) == {"cpu", "cores", "memory_bytes", "system", "load_average"}
    assert facts["cores"] == machine.usable_cores()
    assert int(facts["memory_bytes"]) > 2**28
