"""Cards in their folders: written, and met again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cards.toys import LEARNED, WRITTEN, card_of, toy_registry
from zoo import weights
from zoo.cards import check_cards, write_cards
from zoo.errors import ResultsError
from zoo.evidence import Evidence
from zoo.results import Result


def test_cards_are_written_under_the_folder_and_beside_the_weights(
    trained: Path, tmp_path: Path, results: list[Result]
) -> None:
    written = write_cards([WRITTEN, LEARNED], Evidence(results), tmp_path, beside_weights=True)
    assert written == [
        tmp_path / "toys" / "written.md",
        tmp_path / "toys" / "written.eval_results.yaml",
        tmp_path / "toys" / "learned.md",
        tmp_path / "toys" / "learned.eval_results.yaml",
        trained / "README.md",
    ]
    for path in (written[2], written[4]):
        assert path.read_text(encoding="utf-8") == card_of(LEARNED, results)
    weights.read(trained)  # a card does not break the folder


def test_a_card_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "toys").write_text("a file")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.registry.registry", toy_registry)
        with pytest.raises(ResultsError, match=r"written\.md' cannot be written"):
            write_cards([WRITTEN], Evidence([]), tmp_path)


def test_a_card_edited_by_hand_is_met_with_what_to_do(
    trained: Path, tmp_path: Path, results: list[Result]
) -> None:
    evidence = Evidence(results)
    write_cards([WRITTEN, LEARNED], evidence, tmp_path, beside_weights=True)
    check_cards([WRITTEN, LEARNED], evidence, tmp_path, beside_weights=True)
    page = tmp_path / "toys" / "learned.md"
    page.write_text(page.read_text(encoding="utf-8").replace("95.00 %", "99.00 %"), "utf-8")
    with pytest.raises(
        ResultsError,
        match=r"^'.*learned\.md' is not what .*: it was edited by hand, .*zoo card --write\.$",
    ):
        check_cards([LEARNED], evidence, tmp_path)
    page.unlink()
    with pytest.raises(ResultsError, match=r"^'.*learned\.md' is not what"):
        check_cards([LEARNED], evidence, tmp_path)
