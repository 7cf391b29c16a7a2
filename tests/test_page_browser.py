"""The page in a real browser, where one is installed: see benchmarks/check_page.py."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.page import write_page
from zoo.results import read_results

ROOT = Path(__file__).parent.parent
_LACKING = [
    name
    for name in ("playwright", "axe_playwright_python")
    if importlib.util.find_spec(name) is None
] + ["chromium"] * (shutil.which("chromium") is None)


@pytest.mark.skipif(bool(_LACKING), reason=f"needs {', '.join(_LACKING)}")
def test_a_browser_has_nothing_to_complain_of(tmp_path: Path) -> None:
    results = [
        one for one in read_results(ROOT / "results") if one.task == "automatic-speech-recognition"
    ]
    page = tmp_path / "report.html"
    write_page(page, results)
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/check_page.py"), str(page)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
