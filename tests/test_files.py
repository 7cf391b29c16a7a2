"""Parts of a page between their marker lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo.errors import ResultsError
from zoo.files import insert_between_markers, markers, write_between_markers

BEGIN, END = markers("results")


def test_what_stands_between_the_markers_is_replaced_and_nothing_else() -> None:
    other = "\n".join(markers("matches"))
    page = f"before\n{BEGIN}\nold\nolder\n{END}\n{other}\nafter\n"
    once = insert_between_markers(page, "results", "new")
    assert once == f"before\n{BEGIN}\nnew\n{END}\n{other}\nafter\n"
    assert insert_between_markers(once, "results", "new") == once


@pytest.mark.parametrize("page", ["", "no markers", BEGIN, END, f"{END}\n{BEGIN}"], ids=repr)
def test_a_page_without_markers_is_refused_and_kept(page: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(page)
    with pytest.raises(ResultsError, match="There are no marker lines"):
        write_between_markers(path, "results", "new")
    assert path.read_text() == page


def test_a_page_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"page\.md' cannot be read"):
        write_between_markers(tmp_path / "page.md", "results", "new")
