"""Training of a Transformer on sentences in many directions at once."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zoo.errors import InputError
from zoo.progress import Progress
from zoo.resume import Checkpoint
from zoo.translate.lesson import Batch, Lesson
from zoo.translate.pieces import PADDING
from zoo.translate.smoothed_loss import smoothed_cross_entropy
from zoo.translate.transformer_network import TransformerNetwork

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How a network is trained.

    steps: batches. learning_rate: of Muon (Jordan et al. 2024), which learns the matrices; what is
        no matrix between layers learns with Adam, at `table_rate`.
    warm_up: steps until these are reached; over the last `cooling` share of the steps they fall to
        nothing in a straight line. Up to there nothing depends on how many steps there will be.
    smoothing: the share of a target that is spread over all pieces (Szegedy et al. 2016).
    averaging: steps over which the weights are averaged, exponentially; the average is kept.
    log_every: steps between two lines of the log, a look at validation, and a checkpoint.
    """

    steps: int = 20_000
    learning_rate: float = 0.01
    table_rate: float = 0.005
    weight_decay: float = 0.05
    warm_up: int = 300
    cooling: float = 0.3
    smoothing: float = 0.1
    averaging: int = 500
    log_every: int = 250

    def __post_init__(self) -> None:
        if min(self.steps, self.averaging, self.log_every) < 1 or self.warm_up < 0:
            raise InputError("Training takes at least one step.")
        if not self.learning_rate > 0 or not self.table_rate > 0 or self.weight_decay < 0:
            raise InputError("A learning rate is positive, weight decay is not negative.")
        if not 0 <= self.smoothing < 1 or not 0 <= self.cooling <= 1:
            raise InputError("Smoothing is from 0 to below 1, cooling from 0 to 1.")

    @property
    def cools_at(self) -> int:
        return round(self.steps * (1 - self.cooling))

    def rate(self, step: int) -> float:
        """The share of the learning rates at a step."""
        warm = min(1.0, (step + 1) / (self.warm_up + 1))
        if step < self.cools_at:
            return warm
        return warm * (self.steps - step) / (self.steps - self.cools_at)


def loss_of(network: TransformerNetwork, batch: Batch, smoothing: float) -> Tensor:
    """Cross-entropy of the next pieces, in nats a piece, their targets smoothed."""
    with torch.autocast(batch.source.device.type, dtype=torch.bfloat16):
        vectors = network(batch.source, batch.mask, batch.target)
    counted = batch.wanted != PADDING
    table = network.embedding.weight
    return smoothed_cross_entropy(vectors[counted], table, batch.wanted[counted], smoothing)


def train(
    network: TransformerNetwork,
    lesson: Lesson,
    schedule: Schedule,
    *,
    validate: Callable[[TransformerNetwork], dict[str, float]],
    report: Progress,
    workspace: Path | None,
) -> TransformerNetwork:
    """Train `network` and answer the average of its weights, in evaluation mode.

    workspace: where a checkpoint is kept, from which the same training goes on.
    """
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimisers = _optimisers(network, schedule)
    rates = [[group["lr"] for group in one.param_groups] for one in optimisers]
    step = 0
    runs = []
    if workspace is not None:
        path = workspace / CHECKPOINT
        runs = [Checkpoint(path, run) for run in _fingerprints(network, lesson, schedule)]
        for run, latest in zip(runs, (schedule.cools_at, schedule.steps), strict=True):
            stored = run.read()
            # One from beyond the cooling's begin, of a run that was to be longer, is of no use.
            if stored is not None and stored[1]["step"] <= latest:
                step = stored[1]["step"]
                _restore(stored[0], network, average, optimisers)
    losses = []
    with ThreadPoolExecutor(1) as ahead:  # the next batch is made while this one is learned from
        coming = ahead.submit(lesson.batch, step)
        for now in report.track(
            range(step, schedule.steps), "Learning", total=schedule.steps - step
        ):
            batch = coming.result()
            coming = ahead.submit(lesson.batch, now + 1)
            torch.manual_seed(lesson.seed * 1_000_003 + now)  # of dropout
            network.train()
            loss = loss_of(network, batch, schedule.smoothing)
            network.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for optimiser, full in zip(optimisers, rates, strict=True):
                for group, rate in zip(optimiser.param_groups, full, strict=True):
                    group["lr"] = rate * schedule.rate(now)
                optimiser.step()
            losses.append(float(loss.detach()))
            # Early on the average forgets faster, so that it does not remember the first weights.
            _move(average, network, 1 / min(schedule.averaging, (now + 1) / 4 + 1))
            if (now + 1) % schedule.log_every == 0 or now + 1 == schedule.steps:
                report.log(step=now + 1, loss=float(np.mean(losses)), **validate(average))
                losses.clear()
                if runs:
                    run = runs[now + 1 > schedule.cools_at]
                    run.write(_tensors(network, average, optimisers), step=now + 1)
    return average


def _optimisers(network: TransformerNetwork, schedule: Schedule) -> list[torch.optim.Optimizer]:
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for name, parameter in network.named_parameters():
        between = parameter.dim() == 2 and not name.startswith("embedding")
        (matrices if between else others).append(parameter)
    return [
        torch.optim.Muon(
            matrices,
            lr=schedule.learning_rate,
            weight_decay=schedule.weight_decay,
            # So scaled, its steps are as large as Adam's (Liu et al. 2025, eq. 4).
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(others, lr=schedule.table_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


@torch.no_grad()
def _move(average: TransformerNetwork, network: TransformerNetwork, share: float) -> None:
    for mean, now in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, share)


def _tensors(
    network: TransformerNetwork,
    average: TransformerNetwork,
    optimisers: list[torch.optim.Optimizer],
) -> dict[str, Tensor]:
    parts = {"network": network.state_dict(), "average": average.state_dict()}
    for number, optimiser in enumerate(optimisers):
        for parameter, state in optimiser.state_dict()["state"].items():
            parts[f"optimiser{number}/{parameter}"] = {
                name: torch.as_tensor(value) for name, value in state.items()
            }
    return {f"{part}/{name}": x for part, values in parts.items() for name, x in values.items()}


def _restore(
    tensors: dict[str, Tensor],
    network: TransformerNetwork,
    average: TransformerNetwork,
    optimisers: list[torch.optim.Optimizer],
) -> None:
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        part, _, name = key.partition("/")
        parts.setdefault(part, {})[name] = value
    network.load_state_dict(parts["network"])
    average.load_state_dict(parts["average"])
    for number, optimiser in enumerate(optimisers):
        whole = optimiser.state_dict()
        states: dict[int, dict[str, Tensor]] = {}
        for key, value in parts[f"optimiser{number}"].items():
            parameter, _, name = key.partition("/")
            states.setdefault(int(parameter), {})[name] = value
        optimiser.load_state_dict({**whole, "state": states})


def _fingerprints(
    network: TransformerNetwork, lesson: Lesson, schedule: Schedule
) -> tuple[str, str]:
    """What a run depends on, as hexadecimal text: before it cools, and after."""
    facts = {
        "schedule": {**asdict(schedule), "steps": None, "cooling": None},
        "shape": asdict(network.shape),
        "lesson": lesson.fingerprint(),
    }
    run = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return run, f"{run} cooled {schedule.cooling:g} of {schedule.steps}"
