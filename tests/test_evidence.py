"""What a card quotes, by the folder that one is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo.errors import ResultsError
from zoo.evidence import Evidence, read_evidence
from zoo.studies import Row, Study, write_studies


def test_studies_of_something_else_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_evidence(None) == Evidence([], [])
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "biology.txt").write_text("mitosis")
    assert read_evidence(None) == Evidence([], [])
    study = Study(title="Depth", text="How deep.", header=("n",), rows=(Row(("a/b",), ("1",)),))
    write_studies(tmp_path / "studies", [study])
    assert read_evidence(None) == Evidence([], [study])


def test_a_folder_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="There is no results folder at"):
        read_evidence(tmp_path / "absent")
