"""`zoo translate`, with a translator that is written out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polib
import pytest

from tests.translate.stub import Stub
from zoo import cli, registry
from zoo.errors import UnknownNameError

CATALOG = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "one"
msgstr ""

msgid "two"
msgstr "zwei"

msgid "three %s"
msgstr ""

msgid "%s / %s"
msgstr ""
"""
Zoo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The models that can be loaded, by name."""
    models: dict[str, Any] = {"translate/transformer-multi": Stub()}

    def load(name: str, *, device: str) -> Any:
        if name not in models:
            raise UnknownNameError.of("model", name, models)
        return models[name]

    monkeypatch.setattr(registry, "load", load)
    return models


@pytest.fixture
def zoo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], loaded: dict[str, Any]
) -> Zoo:
    """Run the command in this process: its exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["zoo", "translate", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    path = tmp_path / "messages.po"
    path.write_text(CATALOG)
    return path


def translations(path: Path) -> list[str]:
    return [entry.msgstr for entry in polib.pofile(str(path))]


def test_writes_beside_and_tells(zoo: Zoo, messages: Path) -> None:
    code, out, err = zoo(messages, "--to", "de")
    written = messages.with_name("messages.de.po")
    assert (code, err) == (0, "")
    assert out == (
        "Left alone: '%s / %s': there are no words in it.\n"
        f"2 filled and 1 left alone; written to {str(written)!r}.\n"
    )
    assert translations(written) == ["ONE", "zwei", "THREE %s", ""]
    assert polib.pofile(str(written)).metadata["Language"] == "de"
    assert [entry.fuzzy for entry in polib.pofile(str(written))] == [True, False, True, False]
    assert messages.read_text() == CATALOG
    code, _, err = zoo(messages, "--to", "de")  # it is not written over
    assert code == 2
    assert "is there already: name another file with --out, or say --overwrite." in err
    assert zoo(messages, "--to", "de", "--overwrite", "--limit", 0)[0] == 0
    assert translations(written) == ["", "zwei", "", ""]


def test_a_template_becomes_a_catalog(zoo: Zoo, messages: Path) -> None:
    template = messages.rename(messages.with_suffix(".pot"))
    assert zoo(template, "--to", "pt-BR")[0] == 0
    assert translations(template.with_name("messages.pt-BR.po"))[0] == "ONE"


@pytest.mark.parametrize(
    ("language", "name"), [("deu_Latn", "messages.de.po"), ("pt_br", "messages.pt-BR.po")]
)
def test_a_file_is_named_by_the_standard_code(
    zoo: Zoo, messages: Path, language: str, name: str
) -> None:
    assert zoo(messages, "--to", language)[0] == 0
    assert translations(messages.with_name(name))[0] == "ONE"


def test_writes_where_it_is_told(zoo: Zoo, messages: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.po"
    for given in ([], ["--overwrite"]):
        options = ["--out", out, "--no-fuzzy", "--limit", 1, *given]
        assert zoo(messages, "--to", "de", *options)[0] == 0
        assert translations(out) == ["ONE", "zwei", "", ""]
        assert not any(entry.fuzzy for entry in polib.pofile(str(out)))
    assert zoo(messages, "--to", "de", "--in-place")[0] == 0
    assert translations(messages) == ["ONE", "zwei", "THREE %s", ""]
    code, _, err = zoo(messages, "--to", "de", "--out", out)
    assert (code, "is there already" in err) == (2, True)
    code, _, err = zoo(messages, "--to", "de", "--in-place", "--out", out)
    assert (code, "Either --out or --in-place" in err) == (2, True)


def test_json_for_scripts(zoo: Zoo, messages: Path) -> None:
    code, out, err = zoo(messages, "--to", "de", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "file": str(messages.with_name("messages.de.po")),
        "model": "translate/transformer-multi",
        "filled": 2,
        "left_alone": [{"message": "%s / %s", "why": "there are no words in it"}],
        "interrupted": False,
    }


def test_an_interruption_keeps_what_is_done(
    zoo: Zoo, loaded: dict[str, Any], tmp_path: Path
) -> None:
    def tire(text: str) -> str:
        if text == "end":
            raise KeyboardInterrupt
        return text.upper()

    loaded["translate/transformer-multi"] = Stub(tire)
    path = tmp_path / "a.po"
    texts = [*(f"word a{'b' * i}" for i in range(16)), "end"]
    path.write_text("\n\n".join(f'msgid "{text}"\nmsgstr ""' for text in texts))
    code, out, err = zoo(path, "--to", "de", "--in-place")
    assert code == 130
    assert "16 filled and 0 left alone" in out
    assert f"Interrupted: what was filled so far is in {str(path)!r}." in err
    assert [bool(text) for text in translations(path)] == [True] * 16 + [False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "fr"], "no target language 'fr'; it has cs, de, en, pt-BR."),
        (["--to", "german"], "--to 'german' is no BCP 47 code"),
        (["--to", "de/at"], "--to 'de/at' is no BCP 47 code"),
        (["--to", "../x"], "--to '../x' is no BCP 47 code"),
        (["--to", "d" * 500], f"--to '{'d' * 40}…' is no BCP 47 code"),
        (["--to", "de", "--from", "/"], "--from '/' is no BCP 47 code"),
        (["--to", "de", "--from", "fr"], "no source language 'fr'"),
        (["--to", "en"], "needs no translation"),
        (["--to", "de", "--model", "translate/nothing"], "There is no model named"),
        (["--to", "de", "--model", "deaf"], "deaf is no translator: it is for hearing."),
        (["--to", "de", "--limit", "-1"], "limit"),
        ([], "--to"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    zoo: Zoo, messages: Path, loaded: dict[str, Any], arguments: list[str], words: str
) -> None:
    loaded["deaf"] = type("Deaf", (), {"task": "hearing"})()
    code, out, err = zoo(messages, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert [path.name for path in messages.parent.iterdir()] == ["messages.po"]
    assert messages.read_text() == CATALOG


def test_a_broken_catalog_is_one_sentence(zoo: Zoo, messages: Path, loaded: dict[str, Any]) -> None:
    loaded.clear()  # it is read before any model
    messages.write_text(CATALOG + "nonsense")
    for options in ([], ["--in-place"], ["--json"]):
        code, out, err = zoo(messages, "--to", "de", *options)
        assert (code, out) == (2, "")
        assert err.startswith(f"Error: {str(messages)!r} is no message catalog that can be read")
        assert err.count("\n") == 1
    assert messages.read_text() == CATALOG + "nonsense"


def test_a_folder_is_no_catalog(zoo: Zoo, messages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(messages.parent)
    code, _, err = zoo(".", "--to", "de")
    assert (code, err) == (2, "Error: There is no message catalog '.'.\n")


def test_where_it_cannot_write_is_said_before_the_model_is_loaded(
    zoo: Zoo, messages: Path, loaded: dict[str, Any]
) -> None:
    loaded.clear()
    (messages.parent / "file").write_text("")
    for out in (messages.parent / "file" / "a.po", messages.parent / "no" / "a", "/proc/a.po"):
        code, _, err = zoo(messages, "--to", "de", "--out", out)
        assert (code, "cannot be written" in err) == (2, True)
    code, _, err = zoo(messages, "--to", "de", "--out", messages.parent, "--overwrite")
    assert (code, "is no file" in err) == (2, True)


def test_help_says_how(zoo: Zoo) -> None:
    code, out, _ = zoo("--help")
    assert code == 0
    for words in (
        "--to",
        "--from",
        "--in-place",
        "--no-fuzzy",
        "Example: zoo translate messages.po",
    ):
        assert words in out


def test_nothing_heavy_is_imported_to_list_it() -> None:
    code = (
        "import sys, zoo.translate.commands; "
        "print({'torch', 'polib', 'langcodes', 'transformers', 'numpy'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
