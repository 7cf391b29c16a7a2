"""Search for the most probable translation, many sentences at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zoo.translate.pieces import END, PADDING, START, UNKNOWN
from zoo.translate.transformer_network import TransformerNetwork

_NEVER = (UNKNOWN, START, PADDING)


@dataclass(frozen=True, slots=True)
class Found:
    """The pieces of a translation, without signs, and the mean logarithm of their probability."""

    pieces: list[int]
    score: float


def search(
    network: TransformerNetwork,
    sources: Tensor,
    mask: Tensor,
    longest: Sequence[int],
    *,
    beams: int,
) -> list[Found]:
    """The best translation of each source that beam search finds; with one beam it is greedy.

    sources: [B, S] pieces, with all signs. mask: [B, S], true where there is one.
    longest: how many pieces each translation may have.

    Hypotheses are compared by their mean log-probability a piece, the end included (Wu et al. 2016,
    eq. 14, with an exponent of 1). A sentence is done when as many hypotheses as there are beams
    have ended.
    """
    count = len(sources)
    device = sources.device
    limits = torch.tensor(list(longest), device=device)
    encoded = network.encode(sources, mask)
    rows = torch.arange(count, device=device).repeat_interleave(beams)
    cache = network.start(encoded, mask).select(rows)
    alive = torch.arange(count, device=device)  # the sentences that are still searched for
    texts = torch.full((count, beams, 1), START, device=device)
    scores = torch.full((count, beams), -torch.inf, device=device)
    scores[:, 0] = 0.0  # all beams begin alike, and one of them is enough
    done: list[list[tuple[float, list[int]]]] = [[] for _ in range(count)]
    never = torch.tensor(_NEVER, device=device)
    while len(alive):
        length = texts.shape[2]  # of the translation with the next piece: the start counts as none
        vectors = network.decode(texts[:, :, -1].reshape(-1, 1), cache)[:, 0]
        logs = network.logits(vectors).float().log_softmax(-1).view(len(alive), beams, -1)
        logs[:, :, never] = -torch.inf
        over = length > limits[alive]
        if bool(over.any()):  # nothing but the end is left
            ends = logs[:, :, END].clone()
            logs[over] = -torch.inf
            logs[:, :, END] = ends
        totals = scores[:, :, None] + logs
        # Twice as many as there are beams: half of them can be ends.
        best, places = totals.flatten(1).topk(2 * beams, dim=1)
        origins, pieces = places // logs.shape[2], places % logs.shape[2]
        ended = pieces == END
        for row, rank in ended.nonzero().tolist():
            if rank < beams and torch.isfinite(best[row, rank]):
                text = texts[row, origins[row, rank], 1:].tolist()
                done[int(alive[row])].append((float(best[row, rank]) / length, text))
        going = best.masked_fill(ended, -torch.inf)
        scores, kept = going.topk(beams, dim=1)
        origins, pieces = origins.gather(1, kept), pieces.gather(1, kept)
        texts = torch.cat(
            (texts.gather(1, origins[:, :, None].expand(-1, -1, length)), pieces[:, :, None]), dim=2
        )
        open_ends = [len(done[sentence]) < beams for sentence in alive.tolist()]
        stays = torch.tensor(open_ends, device=device) & scores[:, 0].isfinite()
        chosen = origins + torch.arange(len(alive), device=device)[:, None] * beams
        if bool(stays.all()):
            cache.reorder(chosen.flatten())
        else:
            cache = cache.select(chosen[stays].flatten())
            alive, texts, scores = alive[stays], texts[stays], scores[stays]
    return [_best(one) for one in done]


def _best(done: list[tuple[float, list[int]]]) -> Found:
    score, pieces = max(done, key=lambda one: one[0])
    return Found(pieces, score)
