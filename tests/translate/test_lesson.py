"""The batches that a Transformer learns from."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from zoo.data import Example
from zoo.errors import InputError
from zoo.text import Passage
from zoo.translate.lesson import Batch, Lesson, Pairs, padded
from zoo.translate.pieces import END, PADDING, START, Pieces

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def _examples(language: str, other: str, count: int = 60) -> list[Example]:
    def text(number: int, name: str) -> str:
        return " ".join([name] + [WORDS[(number + i) % len(WORDS)] for i in range(number % 7)])

    return [
        Example(Passage(text(n, language * 2), language, other), text(n, other * 2))
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def corpora() -> list[tuple[Pairs, float]]:
    captions = [*_examples("en", "de"), *_examples("de", "en"), *_examples("de", "fr")]
    return [(Pairs(captions), 0.75), (Pairs(_examples("es", "en")), 0.25)]


@pytest.fixture(scope="module")
def pieces(corpora: list[tuple[Pairs, float]]) -> Pieces:
    texts = [text for pairs, _ in corpora for text in pairs.texts]
    return Pieces.learn(texts, ("de", "en", "es", "fr"), 290)


def _lesson(corpora: list[tuple[Pairs, float]], pieces: Pieces, **options: object) -> Lesson:
    weights = {("de", "en"): 0.5, ("de", "fr"): 0.0}
    given: dict[str, object] = {"weights": weights, "tokens": 300, "longest": 60, "seed": 1}
    return Lesson(corpora, pieces, **{**given, **options})  # type: ignore[arg-type]


def _directions(batch: Batch, pieces: Pieces) -> list[str]:
    signs = {pieces.sign(one): one for one in pieces.languages}
    return [signs[int(row[0])] for row in batch.source]


def test_a_text_is_kept_once_and_directions_stand_apart() -> None:
    pairs = Pairs([*_examples("en", "de", 7), *_examples("de", "en", 7)])
    assert len(pairs.texts) == 14
    assert {one: len(rows) for one, rows in pairs.directions.items()} == {
        ("de", "en"): 7,
        ("en", "de"): 7,
    }
    assert pairs.languages == {"de", "en"}


def test_a_batch_says_the_language_and_what_comes_next(
    corpora: list[tuple[Pairs, float]], pieces: Pieces
) -> None:
    batch = _lesson(corpora, pieces).batch(3)
    wanted = _directions(batch, pieces)
    for row, language in enumerate(wanted):
        source = batch.source[row][batch.mask[row]].tolist()
        assert source[-1] == END
        target = batch.wanted[row][batch.wanted[row] != PADDING].tolist()
        assert target[-1] == END
        assert batch.target[row, : len(target)].tolist() == [START, *target[:-1]]
        said, answer = pieces.decode([source[1:-1], target[:-1]])
        # The first word names the language, the others are the same in all.
        assert answer.split()[0] == language * 2
        assert said.split()[1:] == answer.split()[1:]
        assert said.split()[0] != answer.split()[0]


def test_batches_do_not_depend_on_what_came_before(
    corpora: list[tuple[Pairs, float]], pieces: Pieces
) -> None:
    one, other = _lesson(corpora, pieces), _lesson(corpora, pieces)
    for step in (0, 1, 49, 50, 120):
        one.batch(step)
    for step in (120, 7):
        a, b = one.batch(step), other.batch(step)
        assert torch.equal(a.source, b.source)
        assert torch.equal(a.wanted, b.wanted)
    assert one.fingerprint() == other.fingerprint()
    changed = _lesson(corpora, pieces, seed=2)
    assert changed.fingerprint() != one.fingerprint()
    assert not torch.equal(changed.batch(7).source, one.batch(7).source)


def test_parts_of_a_batch_are_its_sentences_without_needless_padding(
    corpora: list[tuple[Pairs, float]], pieces: Pieces
) -> None:
    def sentences(batch: Batch) -> list[tuple[list[int], ...]]:
        # After the last piece that is wanted, a target's row says no more.
        said = torch.where(batch.wanted == PADDING, PADDING, batch.target)
        return [
            tuple([x for x in row if x != PADDING] for row in rows)
            for rows in zip(
                *(column.tolist() for column in (batch.source, said, batch.wanted)), strict=True
            )
        ]

    lesson = _lesson(corpora, pieces)
    seeds, narrower = set(), 0
    for step in range(60):
        whole = lesson.batch(step)
        for first, part in enumerate(whole.parts()):
            assert sentences(part) == sentences(whole)[first::2]
            assert torch.equal(part.mask, part.source != PADDING)
            assert part.mask[:, -1].any()
            assert (part.wanted[:, -1] != PADDING).any()
            assert part.target.shape == part.wanted.shape
            narrower += part.source.shape[1] < whole.source.shape[1]
            narrower += part.target.shape[1] < whole.target.shape[1]
            seeds.add(part.seed)
    assert narrower > 0
    assert len(seeds) == 120


def test_a_single_sentence_is_not_parted(
    corpora: list[tuple[Pairs, float]], pieces: Pieces
) -> None:
    batch = _lesson(corpora, pieces).batch(0)
    one = Batch(batch.source[:1], batch.mask[:1], batch.target[:1], batch.wanted[:1], 0)
    assert [len(part.source) for part in one.parts()] == [1]


def test_directions_are_drawn_by_their_weights(
    corpora: list[tuple[Pairs, float]], pieces: Pieces
) -> None:
    lesson = _lesson(corpora, pieces)
    drawn: Counter[str] = Counter()
    pieces_seen = 0
    for step in range(100):
        batch = lesson.batch(step)
        pieces_seen += int(batch.mask.sum()) + int((batch.wanted != PADDING).sum())
        for row in batch.source[:, 1:].tolist():
            drawn[pieces.decode([[x for x in row if x not in (END, PADDING)]])[0].split()[0]] += 1
    total = sum(drawn.values())
    # 3/4 of captions, of which en-de counts twice as much as de-en and de-fr nothing; 1/4 from es.
    assert drawn["enen"] / total == pytest.approx(0.5, abs=0.04)
    assert drawn["dede"] / total == pytest.approx(0.25, abs=0.04)
    assert drawn["eses"] / total == pytest.approx(0.25, abs=0.04)
    assert pieces_seen / 100 == pytest.approx(300, rel=0.1)


def test_long_sentences_are_left_out(corpora: list[tuple[Pairs, float]], pieces: Pieces) -> None:
    lesson = _lesson(corpora, pieces, longest=10)
    for step in range(50):
        batch = lesson.batch(step)
        assert batch.source.shape[1] <= 12
        assert batch.target.shape[1] <= 11


def test_nothing_to_learn_is_refused(corpora: list[tuple[Pairs, float]], pieces: Pieces) -> None:
    with pytest.raises(InputError, match="nothing to learn"):
        _lesson(corpora, pieces, longest=0)


def test_rows_are_padded_at_the_end() -> None:
    assert padded([[5, 6], [7]]).tolist() == [[5, 6], [7, PADDING]]
