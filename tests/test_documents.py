"""The README and CONTRIBUTING do what they say, and every figure in them comes from results/."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo import weights
from zoo.cards import check_cards
from zoo.evidence import Evidence
from zoo.files import markers
from zoo.games.match_files import markdown_list, read_matches
from zoo.registry import weights_folder
from zoo.report import markdown_table
from zoo.results import read_results
from zoo.studies import TABLES, read_studies

ROOT = Path(__file__).parent.parent
# These make an environment of their own, or need data that no installation brings, or the Hub.
ELSEWHERE = (
    *("make ", "pip ", "ZOO_DATA=", ".venv/", "zoo bench vision/hog-svm-mnist --suite full"),
    *("zoo push", "zoo pull"),
)


def _blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def _commands(document: str) -> list[str]:
    return [
        line
        for block in _blocks(document, "sh")
        for line in block.splitlines()
        if line and not line.startswith(ELSEWHERE)
    ]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the documents' commands find in a clone."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "results", folder / "results")
    # What the cards call them, for any model of the task.
    shutil.copy(ROOT / "examples" / "seven.png", folder / "picture.png")
    shutil.copy(ROOT / "examples" / "call.wav", folder / "call.wav")
    return folder


def _run(command: list[str], folder: Path) -> str:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    "code", _blocks("README.md", "python") + _blocks("CONTRIBUTING.md", "python")
)
def test_python_examples_run_and_print_what_their_comments_say(code: str, workplace: Path) -> None:
    printed = _run([sys.executable, "-c", code], workplace)
    for expected in re.findall(r"print\(.*\)\s+# ([^\s,]+)$", code, flags=re.MULTILINE):
        assert expected in printed.splitlines()
    assert printed


@pytest.mark.parametrize("command", _commands("README.md"))
def test_commands_run(command: str, workplace: Path) -> None:
    assert _run(["bash", "-c", command], workplace)


def test_there_are_examples_to_run() -> None:
    assert len(_blocks("README.md", "python")) >= 2
    assert len(_commands("README.md")) >= 5


def test_make_targets_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake (\w+)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_readme_table_is_the_one_of_the_results() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = markers("results")
    shown = readme.partition(begin)[2].partition(end)[0].strip()
    assert shown == markdown_table(read_results(ROOT / "results")).strip()


def test_readme_tells_of_the_matches_that_are_kept() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    begin, end = markers("matches")
    shown = readme.partition(begin)[2].partition(end)[0].strip()
    assert shown == markdown_list(read_matches(ROOT / "matches")).strip()


def test_studies_are_rendered_from_their_figures(tmp_path: Path) -> None:
    folder = tmp_path / "studies"
    shutil.copytree(ROOT / "studies", folder)
    for name in ("README.md", TABLES):
        (folder / name).unlink()
    folders = ["--folder", str(folder), "--matches", str(ROOT / "matches")]
    _run([sys.executable, str(ROOT / "benchmarks/studies.py"), *folders], tmp_path)
    for name in ("README.md", TABLES):
        written = (folder / name).read_text(encoding="utf-8")
        assert written == (ROOT / "studies" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(read_results(ROOT / "results"), read_studies(ROOT / "studies"))


@pytest.mark.parametrize("entry", zoo.models(), ids=lambda entry: entry.name)
def test_cards_are_rendered_from_entries_and_results(
    entry: zoo.entries.ModelInfo, evidence: Evidence
) -> None:
    check_cards([entry], evidence, ROOT / "cards", beside_weights=True)


@pytest.mark.parametrize("entry", zoo.models(), ids=lambda entry: entry.name)
def test_what_a_card_says_of_use_can_be_done(
    entry: zoo.entries.ModelInfo,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocks = _blocks(f"cards/{entry.name}.md", "python")
    if entry.weights is None and entry.recipe is not None:
        assert not blocks  # it has to be trained first
        return
    (code,) = (compile(block, entry.name, "exec") for block in blocks)
    if entry.weights is not None and entry.weights.startswith("hub:"):
        assert f'zoo.load("{entry.name}")' in blocks[0]  # which no test may fetch
        return
    monkeypatch.chdir(workplace)
    exec(code, {})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    "entry",
    [one for one in zoo.models() if one.recipe and (one.weights or "").startswith("zoo:")],
    ids=lambda entry: entry.name,
)
def test_weights_were_made_by_the_recipe_that_is_told(entry: zoo.entries.ModelInfo) -> None:
    assert entry.recipe is not None
    made = json.loads((weights_folder(entry) / weights.CONFIG).read_text("utf-8"))["training"]
    rounds = [one["options"] for one in (*made.get("earlier_rounds", ()), made)]
    assert rounds == json.loads(json.dumps(entry.recipe.rounds))
    assert made["seed"] == entry.recipe.seed


def test_results_are_of_the_weights_that_ship() -> None:
    for result in read_results(ROOT / "results"):
        entry = zoo.info(result.subject.model)
        if entry.weights is not None and not entry.weights.startswith("hub:"):
            shipped = weights.file_sha256(weights_folder(entry) / weights.ARRAYS)
            assert result.subject.weights == shipped, result.subject.path()
            config = weights.file_sha256(weights_folder(entry) / weights.CONFIG)
            assert result.subject.config == config, result.subject.path()


def test_the_study_of_unseen_directions_is_of_the_weights_that_ship() -> None:
    about = json.loads((ROOT / "studies" / "zero-shot.json").read_text("utf-8"))
    shipped = weights_folder(zoo.info(about["model"])) / weights.ARRAYS
    assert about["learned"]["weights"] == weights.file_sha256(shipped)
