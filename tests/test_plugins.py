"""A third party's package adds models without a line changed in zoo."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.plugin_package import DISTRIBUTION, environment, install

_USE = """
import json, sys
import numpy as np
import zoo
answers = {}
for name in ("toys/brightness-mnist", "toys/brightness-net-mnist"):
    model = zoo.load(name)
    batch = model.predict_batch([np.full((9, 9), level, np.uint8) for level in (0, 85, 255)])
    answers[name] = [model.info.name, *(prediction.label for prediction in batch)]
print(json.dumps({
    "answers": answers,
    "toys": [entry.name for entry in zoo.models(domain="toys")],
    "domains": sorted({entry.domain for entry in zoo.models()}),
    "baseline": zoo.info("toys/brightness-net-mnist").baseline,
}))
"""


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_third_partys_models_are_listed_loaded_and_answer(plugin: Path) -> None:
    done = _run(_USE, plugin)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["answers"] == {
        "toys/brightness-mnist": ["toys/brightness-mnist", "0", "3", "9"],
        "toys/brightness-net-mnist": ["toys/brightness-net-mnist", "0", "3", "9"],
    }
    assert found["toys"] == ["toys/brightness-mnist", "toys/brightness-net-mnist"]
    assert {"toys", "vision"} <= set(found["domains"])
    assert found["baseline"] == "toys/brightness-mnist"


def test_a_package_that_does_not_import_is_named(tmp_path: Path) -> None:
    folder = install(tmp_path, module="import a_package_that_is_not_there\n")
    done = _run("import zoo; zoo.models()", folder)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    assert last.startswith("zoo.errors.CatalogError: The catalog 'zoo_brightness:CATALOG'")
    assert repr(DISTRIBUTION) in last
    assert "a_package_that_is_not_there" in last


def test_a_third_party_cannot_take_a_name_that_is_there(tmp_path: Path) -> None:
    module = "from zoo.vision.catalog import CATALOG\n"
    done = _run("import zoo; zoo.models()", install(tmp_path, module=module))
    assert done.returncode != 0
    assert "is already there" in done.stderr.strip().splitlines()[-1]


def test_a_third_partys_models_pass_the_contract_test(plugin: Path) -> None:
    contract = Path(__file__).with_name("test_contract.py")
    command = [sys.executable, "-m", "pytest", "-q", "-rN", str(contract), "-k", "toys"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        env=environment(plugin),
        cwd=contract.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_third_partys_models_are_on_the_command_line(plugin: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from zoo.cli import main; main()", "list", "toys", "--json"],
        env=environment(plugin),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [model["name"] for model in json.loads(done.stdout)] == [
        "toys/brightness-mnist",
        "toys/brightness-net-mnist",
    ]
