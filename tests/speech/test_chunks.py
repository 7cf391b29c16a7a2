from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from zoo.speech.chunks import Chunk, cut, phrases, seam

ZERO = 1000  # the first timestamp


# --- chunks with margins --------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 29, 30, 31, 50, 51, 70, 71, 90, 109, 110, 111, 1000])
@pytest.mark.parametrize("margin", [0, 1, 5, 14])
def test_without_their_margins_chunks_are_the_whole_once(length: int, margin: int) -> None:
    kept: list[int] = []
    chunks = cut(length, 30, margin)
    for chunk in chunks:
        assert chunk.stop - chunk.start <= 30
        kept += range(chunk.start + chunk.left, chunk.stop - chunk.right)
    assert kept == list(range(length))
    assert all(chunk.left == margin for chunk in chunks[1:])
    assert all(chunk.right == margin for chunk in chunks[:-1])
    assert all(chunk.stop - chunk.start == 30 for chunk in chunks[:-1])


def test_what_fits_is_not_cut() -> None:
    assert cut(30, 30, 5) == [Chunk(0, 30, 0, 0)]
    assert cut(31, 30, 5) == [Chunk(0, 30, 0, 5), Chunk(20, 31, 5, 0)]


def test_margins_leave_something() -> None:
    with pytest.raises(ValueError, match="margins of 15 leave nothing of 30"):
        cut(100, 30, 15)


# --- phrases between timestamps -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "keep", "go_on"),
    [
        # Two whole phrases, then one that the end of the chunk has cut.
        ([1000, 1, 2, 1040, 1040, 3, 1080, 1080, 4], 7, 80),
        # The last phrase is whole, and nothing comes after it.
        ([1000, 1, 2, 1040, 1040, 3, 1080], 7, None),
        # A phrase began, and of its text there is nothing.
        ([1000, 1, 2, 1040, 1045], 4, 40),
        # One phrase as long as the chunk, with its end or without.
        ([1000, 1, 2, 3, 1100], 5, None),
        ([1000, 1, 2, 3], 4, None),
        # No timestamps, or nothing at all.
        ([1, 2, 3], 3, None),
        ([], 0, None),
        # Going on from there would be no step ahead.
        ([1000, 1000, 1, 2], 4, None),
        ([1000, 1, 1009, 1009, 2], 5, None),
        ([1000, 1, 1010, 1010, 2], 3, 10),
    ],
)
def test_a_chunk_is_kept_up_to_its_last_whole_phrase(
    tokens: list[int], keep: int, go_on: int | None
) -> None:
    assert phrases(tokens, ZERO, least=10) == (keep, go_on)


# --- texts that overlap ---------------------------------------------------------------------------


def join(parts: list[list[int]]) -> list[int]:
    whole: list[int] = []
    last = parts[0]
    for part in parts[1:]:
        keep, drop = seam(last, part)
        whole += last[:keep]
        last = part[drop:]
    return whole + last


def test_a_seam_leaves_out_what_was_heard_wrong_at_the_cut() -> None:
    assert join([[1, 2, 3, 4, 5, 6, 99], [88, 5, 6, 7, 8, 9, 10]]) == list(range(1, 11))


def test_where_nothing_is_alike_nothing_is_left_out() -> None:
    assert join([[1, 2, 3], [4, 5, 6]]) == [1, 2, 3, 4, 5, 6]
    assert join([[1, 2, 3], [3, 4, 5]]) == [1, 2, 3, 3, 4, 5]  # one token is no evidence
    assert join([[], [1, 2], []]) == [1, 2]


def test_a_refrain_elsewhere_is_no_seam() -> None:
    left = [7, 8, 9, 1, 2, 3, 4, 5, 6]
    right = [4, 5, 6, 10, 11, 12, 7, 8, 9]
    assert join([left, right]) == [7, 8, 9, 1, 2, 3, 4, 5, 6, 10, 11, 12, 7, 8, 9]


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_transcript_comes_back_whole(seed: int) -> None:
    """Heard in windows that overlap by a third, with a wrong token at each cut."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 500, 400).tolist()
    heard = []
    for chunk in cut(len(said), 60, 10):
        part = said[chunk.start : chunk.stop]
        if chunk.left:
            part = [501, *part[1:]]
        if chunk.right:
            part = [*part[:-2], 502]  # and one that was not heard
        heard.append(part)
    assert len(heard) > 5
    assert join(heard) == said


def test_needs_neither_transformers_nor_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None; "
        "from zoo.speech.chunks import cut; print(len(cut(100, 30, 5)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "5"
