"""Beam search, against all translations that there are."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch

from zoo.translate.beam import search
from zoo.translate.pieces import END, PADDING, START
from zoo.translate.transformer_network import Shape, TransformerNetwork

LONGEST = 3


@pytest.fixture(scope="module")
def network() -> TransformerNetwork:
    torch.manual_seed(5)
    shape = Shape(vocabulary=8, width=16, heads=2, hidden=32, encoder_layers=1, decoder_layers=1)
    network = TransformerNetwork(shape).eval()
    with torch.no_grad():  # far from uniform, so that the choices differ
        network.embedding.weight.mul_(4)
    return network


@torch.no_grad()
def _every(network: TransformerNetwork, source: list[int]) -> dict[tuple[int, ...], float]:
    """Each translation of at most LONGEST pieces, with its mean log-probability a piece.

    A piece that no translation has is impossible, not redistributed: as in the search.
    """
    scores = {}
    for length in range(LONGEST + 1):
        for text in itertools.product((4, 5, 6, 7), repeat=length):
            pieces = torch.tensor([[START, *text]])
            sources = torch.tensor([source])
            vectors = network(sources, sources != PADDING, pieces)
            logs = network.logits(vectors)[0].log_softmax(-1)
            wanted = [*text, END]
            total = sum(float(logs[i, piece]) for i, piece in enumerate(wanted))
            scores[text] = total / len(wanted)
    return scores


SOURCES = ([4, 5, 6, 2], [7, 7, 4, 2], [5, 2], [6, 4, 4, 5, 7, 2])


@torch.no_grad()
@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_wide_beam_finds_the_best_of_all(network: TransformerNetwork, source: list[int]) -> None:
    sources = torch.tensor([source])
    found = search(network, sources, sources != PADDING, [LONGEST], beams=400)[0]
    scores = _every(network, source)
    best = max(scores, key=lambda text: scores[text])
    assert tuple(found.pieces) == best
    assert found.score == pytest.approx(scores[best], abs=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_one_beam_takes_the_best_piece_each_time(
    network: TransformerNetwork, source: list[int]
) -> None:
    sources = torch.tensor([source])
    found = search(network, sources, sources != PADDING, [LONGEST], beams=1)[0]
    text: list[int] = []
    while len(text) <= LONGEST:
        logs = network.logits(network(sources, sources != PADDING, torch.tensor([[START, *text]])))
        row = logs[0, -1].log_softmax(-1)
        allowed = [END] if len(text) == LONGEST else [END, 4, 5, 6, 7]
        piece = max(allowed, key=lambda one: float(row[one]))
        if piece == END:
            break
        text.append(piece)
    assert found.pieces == text
    scores = _every(network, source)
    assert found.score == pytest.approx(scores[tuple(text)], abs=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("beams", [1, 2, 5])
def test_together_is_the_same_as_alone(network: TransformerNetwork, beams: int) -> None:
    width = max(map(len, SOURCES))
    sources = torch.tensor([[*one, *[PADDING] * (width - len(one))] for one in SOURCES])
    longest = [1, 12, 3, 7]
    together = search(network, sources, sources != PADDING, longest, beams=beams)
    for source, limit, found in zip(SOURCES, longest, together, strict=True):
        row = torch.tensor([source])
        alone = search(network, row, row != PADDING, [limit], beams=beams)[0]
        assert alone.pieces == found.pieces
        assert alone.score == pytest.approx(found.score, abs=1e-4)
        assert len(found.pieces) <= limit


@torch.no_grad()
def test_more_beams_find_no_worse(network: TransformerNetwork) -> None:
    exact = copy.deepcopy(network).double()  # or rounding would hang on how many rows there are
    for source in SOURCES:
        row = torch.tensor([source])
        found = [
            search(exact, row, row != PADDING, [LONGEST], beams=beams)[0].score
            for beams in (1, 400)
        ]
        assert found[1] >= found[0] - 1e-6
