"""Studies are read as they were written, and told by model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zoo.errors import ResultsError
from zoo.studies import TABLES, Row, Study, read_studies, write_studies

STUDY = Study(
    title="Noise",
    text="How it was measured.",
    header=("Model", "10 dB"),
    rows=(
        Row(("a/one",), ("a/one", "90 %")),
        Row(("a/two",), ("a/two", "80 %")),
        Row(("a/one", "a/two"), ("one against two", "won")),
    ),
)


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    write_studies(tmp_path, [STUDY, STUDY])
    assert read_studies(tmp_path) == [STUDY, STUDY]


def test_a_model_is_told_with_those_beside_it() -> None:
    alone, both = STUDY.table("a/one"), STUDY.table("a/one", beside=["a/two"])
    assert alone is not None
    assert both is not None
    assert alone.rows == (("a/one", "90 %"),)
    assert both.rows == tuple(row.cells for row in STUDY.rows)
    assert STUDY.table("a/three", beside=["a/one"]) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "it cannot be read (No such file or directory)"),
        ("{", "JSONDecodeError"),
        ('["x"]', "TypeError"),
        ('[{"title": "x"}]', "KeyError: 'rows'"),
        (json.dumps([{"title": "", "text": "", "header": ["a"], "rows": []}]), "as wide as"),
        (
            json.dumps(
                [{"title": "", "text": "", "header": ["a"], "rows": [{"models": [], "cells": []}]}]
            ),
            "ValueError: its rows are not as wide as its header",
        ),
    ],
)
def test_a_broken_file_is_named_with_what_to_do(text: str | None, why: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / TABLES).write_text(text)
    with pytest.raises(ResultsError) as error:
        read_studies(tmp_path)
    assert why in str(error.value)
    assert str(error.value).startswith(f"'{tmp_path / TABLES}' holds no studies: ")
    assert str(error.value).endswith("; python benchmarks/studies.py makes it anew.")
