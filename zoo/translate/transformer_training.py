"""Training of a Transformer on sentences in many directions at once."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo import learning
from zoo.errors import InputError
from zoo.precision import autocast
from zoo.progress import Progress
from zoo.translate.lesson import Batch, Lesson
from zoo.translate.pieces import PADDING
from zoo.translate.smoothed_loss import smoothed_cross_entropy
from zoo.translate.transformer_network import TransformerNetwork, drawing_from

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True, kw_only=True)
class Schedule(learning.Schedule):
    """How a network is trained; see `zoo.learning.Schedule`.

    smoothing: the share of a target that is spread over all pieces (Szegedy et al. 2016).
    """

    steps: int = 20_000
    table_rate: float = 0.005
    weight_decay: float = 0.05
    warm_up: int = 300
    averaging: int = 500
    smoothing: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.smoothing < 1:
            raise InputError("Smoothing is from 0 to below 1.")


def loss_of(
    network: TransformerNetwork, batch: Batch, precision: str, *, smoothing: float
) -> Tensor:
    """Cross-entropy of the next pieces, in nats a piece, their targets smoothed."""
    device = batch.source.device
    with autocast(device, precision), drawing_from(batch.seed, device.type):
        vectors = network(batch.source, batch.mask, batch.target)
    counted = batch.wanted != PADDING
    table = network.embedding.weight
    return smoothed_cross_entropy(
        vectors[counted], table, batch.wanted[counted], smoothing, dtype=getattr(torch, precision)
    )


def _hash_of(network: TransformerNetwork) -> str:
    """The SHA-256 of all its numbers."""
    digest = hashlib.sha256()
    for value in network.state_dict().values():
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()


def train(
    network: TransformerNetwork,
    lesson: Lesson,
    schedule: Schedule,
    *,
    validate: Callable[[TransformerNetwork], dict[str, float]],
    report: Progress,
    workspace: Path | None,
    goes_on: bool = False,
) -> TransformerNetwork:
    """Train `network` and answer the average of its weights, in evaluation mode.

    workspace: where a checkpoint is kept, from which the same training goes on.
    goes_on: whether the network has learned before; a checkpoint then counts only for the same one.
    """
    facts: dict[str, Any] = {"shape": asdict(network.shape), "lesson": lesson.fingerprint()}
    if goes_on:
        facts["start"] = _hash_of(network)
    return learning.learn(
        network,
        lesson,
        functools.partial(loss_of, smoothing=schedule.smoothing),
        schedule,
        tables=("embedding",),
        facts=facts,
        validate=validate,
        report=report,
        checkpoint=None if workspace is None else workspace / CHECKPOINT,
        split=Batch.parts,
    )
