"""The command line as a process of its own: pipes, terminals, and what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import plugin_package, pseudo_terminal


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plugin_package.install(tmp_path_factory.mktemp("site packages"))


def _shell(site: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        env=plugin_package.environment(site) | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_that_has_read_enough_causes_no_traceback(site: Path) -> None:
    done = _shell(site, "zoo list --json | head -1; zoo list | head -1")
    assert done.stdout.splitlines()[0] == "["
    assert done.stdout.splitlines()[1].startswith("Model ")
    assert done.stderr == ""


def test_output_to_a_pipe_is_plain_text(site: Path) -> None:
    done = _shell(site, "zoo list toys; zoo info nonsense; zoo predict toys/brightness-mnist x")
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 2


def _on_a_terminal(site: Path, *arguments: str, **variables: str) -> str:
    environment = plugin_package.environment(site) | {"TERM": "xterm"} | variables
    return pseudo_terminal.shown(["zoo", *arguments], environment)


def test_a_terminal_gets_colour_unless_it_is_unwanted(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in _on_a_terminal(site, "info", "nonsense")
    for command in (("info", "nonsense"), ("list", "toys")):
        plain = _on_a_terminal(site, *command, NO_COLOR="1")
        assert plain
        assert "\x1b" not in plain


def test_listing_imports_no_domains_code(site: Path) -> None:
    script = (
        "import json, sys\n"
        "from zoo.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "list"],
        env=plugin_package.environment(site),
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert "zoo.registry" in modules
    heavy = {
        *("torch", "scipy", "sklearn", "skimage", "transformers", "pyarrow", "huggingface_hub"),
        *("numba", "pyspiel"),
    }
    assert modules.isdisjoint(heavy)
    assert modules.isdisjoint({"zoo.bench", "zoo.cards", "zoo.report", "zoo.training"})
    assert "zoo_brightness_commands" not in modules
    vision = {name for name in modules if name.startswith("zoo.vision")}
    assert vision == {"zoo.vision", "zoo.vision.catalog", "zoo.vision.data_sets"}
