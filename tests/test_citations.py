"""BibTeX says what the reference says."""

from __future__ import annotations

import re

import pytest

import zoo
from zoo.citations import bibtex
from zoo.entries import Reference


def _cited(*texts: str) -> str:
    return bibtex([Reference(text, "https://example.org/a_b") for text in texts])


def test_a_reference_is_taken_apart() -> None:
    text = "Brown, Della Pietra and Müller, “On 5 % of A, B and C”, Journal 19, 1993 (appendix)"
    assert _cited(text) == (
        "@misc{brown1993,\n"
        "  author = {Brown and {Della Pietra} and Müller},\n"
        "  title = {{On 5 \\% of A, B and C}},\n"
        "  howpublished = {Journal 19},\n"
        "  year = {1993},\n"
        "  url = {https://example.org/a_b},\n"
        "}"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Silver et al., “Mastering it”, CG 2018", "author = {Silver and others}"),
        ("NLLB Team, “No one”, 2022", "author = {{NLLB Team}}"),
        ("Wu, “Going”, 2019", "year = {2019}"),
        ("A paper & more", "title = {{A paper \\& more}}"),
    ],
)
def test_what_is_not_said_is_not_invented(text: str, line: str) -> None:
    cited = _cited(text)
    assert f"  {line},\n" in cited
    assert ("howpublished" in cited) is ("CG" in text)


def test_two_keys_are_never_the_same() -> None:
    texts = [f"Rabiner, “Markov models, part {part}”, 1989" for part in (1, 2, 3)]
    assert re.findall(r"@misc{(.*),", _cited(*texts)) == [
        *("rabiner1989markov", "rabiner1989markov-2", "rabiner1989markov-3")
    ]


def test_every_reference_of_the_registry_has_author_title_and_year() -> None:
    for reference in {one for entry in zoo.models() for one in entry.references}:
        cited = bibtex([reference])
        for field in ("author", "title", "year", "url"):
            assert f"  {field} = {{" in cited, reference.text
