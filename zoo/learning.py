"""How networks are taught: one loop, from which a run that was cut off goes on."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from threadpoolctl import ThreadpoolController
from torch import Tensor, nn

from zoo.errors import InputError
from zoo.muon import Muon
from zoo.parallel import side_by_side
from zoo.precision import check_precision, faster_precision
from zoo.progress import Progress
from zoo.resume import Checkpoint

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)
N = TypeVar("N", bound=nn.Module)


class Lesson(Protocol[B_co]):
    """Makes the batches: the same for the same seed and step, whatever came before."""

    seed: int

    def batch(self, step: int) -> B_co: ...

    def fingerprint(self) -> str:
        """What the batches depend on, as text."""
        ...


# Of a checkpoint's tensors and of what a step does: raised when either changes.
_LAYOUT = 3

_AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How a network is trained.

    steps: batches. learning_rate: of Muon (Jordan et al. 2024), which learns the matrices; what is
        no matrix between layers learns with Adam, at `table_rate`.
    warm_up: steps until these are reached; over the last `cooling` share of the steps they fall to
        nothing in a straight line. Up to there nothing depends on how many steps there will be.
    averaging: steps over which the weights are averaged, exponentially; the average is kept.
    log_every: steps between two lines of the log, a look at validation, and a checkpoint.
    precision: "float32" or "bfloat16", or "auto" for the one in which the device is faster.
    """

    steps: int
    learning_rate: float = 0.01
    table_rate: float = 0.006
    weight_decay: float = 0.02
    warm_up: int = 100
    cooling: float = 0.3
    averaging: int = 300
    log_every: int = 250
    precision: str = "auto"

    def __post_init__(self) -> None:
        if min(self.steps, self.averaging, self.log_every) < 1 or self.warm_up < 0:
            raise InputError("Training takes at least one step.")
        if not self.learning_rate > 0 or not self.table_rate > 0 or not self.weight_decay >= 0:
            raise InputError("A learning rate is positive, weight decay is not negative.")
        if not 0 <= self.cooling <= 1:
            raise InputError("Cooling is a share of the steps, from 0 to 1.")
        check_precision(self.precision, _AUTO)

    @property
    def cools_at(self) -> int:
        return round(self.steps * (1 - self.cooling))

    def rate(self, step: int) -> float:
        """The share of the learning rates at a step."""
        warm = min(1.0, (step + 1) / (self.warm_up + 1))
        if step < self.cools_at:
            return warm
        return warm * (self.steps - step) / (self.steps - self.cools_at)


def learn(
    network: N,
    lesson: Lesson[B],
    loss_of: Callable[[N, B, str], Tensor],
    schedule: Schedule,
    *,
    tables: Collection[str],
    facts: Mapping[str, Any],
    validate: Callable[[N], dict[str, float]],
    report: Progress,
    checkpoint: Path | None,
    split: Callable[[B], Sequence[B]] | None = None,
) -> N:
    """Train `network` and answer the average of its weights, in evaluation mode.

    loss_of: what is to become small, computed in a precision. tables: modules whose weights are no
    matrices between layers. facts: what the run depends on beside the schedule, JSON-able.
    checkpoint: the file from which the same run goes on. split: of a batch into parts, which are
    learned from side by side, each on a core, and count alike; what the network draws at random
    must hang on the part alone then.
    """
    precision = schedule.precision
    if precision == _AUTO:
        precision = faster_precision(next(network.parameters()).device)
    report.log(event="learning", precision=precision)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimisers = _optimisers(network, tables, schedule, precision)
    rates = [[group["lr"] for group in one.param_groups] for one in optimisers]
    step = 0
    runs = []
    if checkpoint is not None:
        runs = [Checkpoint(checkpoint, run) for run in fingerprints(facts, schedule)]
        for run, latest in zip(runs, (schedule.cools_at, schedule.steps), strict=True):
            stored = run.read()
            # One from beyond the cooling's begin, of a run that was to be longer, is of no use.
            if stored is not None and stored[1]["step"] <= latest:
                step = stored[1]["step"]
                _restore(stored[0], network, average, optimisers)
    losses = []
    # The next batch is made while this one is learned from.
    with (
        ThreadPoolExecutor(1) as ahead,
        side_by_side(split is not None) as each,
        _arrays_on_one_thread(),
    ):
        coming = ahead.submit(lesson.batch, step)
        for now in report.track(
            range(step, schedule.steps), "Learning", total=schedule.steps - step
        ):
            batch = coming.result()
            coming = ahead.submit(lesson.batch, now + 1)
            torch.manual_seed(lesson.seed * 1_000_003 + now)  # of dropout, where there is any
            network.train()
            losses.append(
                _descend(
                    lambda part: loss_of(network, part, precision),
                    list(network.parameters()),
                    [batch] if split is None else split(batch),
                    each,
                )
            )
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for optimiser, full in zip(optimisers, rates, strict=True):
                for group, rate in zip(optimiser.param_groups, full, strict=True):
                    group["lr"] = rate * schedule.rate(now)
            list(each(_step, optimisers))
            # Early on the average forgets faster, so that it does not remember the first weights.
            _move(average, network, 1 / min(schedule.averaging, (now + 1) / 4 + 1))
            if (now + 1) % schedule.log_every == 0 or now + 1 == schedule.steps:
                report.log(step=now + 1, loss=float(np.mean(losses)), **validate(average))
                losses.clear()
                if runs:
                    run = runs[now + 1 > schedule.cools_at]
                    run.write(_tensors(network, average, optimisers), step=now + 1)
    return average


def fingerprints(facts: Mapping[str, Any], schedule: Schedule) -> tuple[str, str]:
    """What a run depends on, as hexadecimal text: before it cools, and after."""
    every = {
        **facts,
        "layout": _LAYOUT,
        "schedule": {**asdict(schedule), "steps": None, "cooling": None},
    }
    run = hashlib.sha256(json.dumps(every, sort_keys=True).encode()).hexdigest()
    return run, f"{run} cooled {schedule.cooling:g} of {schedule.steps}"


def _arrays_on_one_thread() -> AbstractContextManager[object]:
    """Have the OpenBLAS that comes in the wheels of NumPy and SciPy use one thread.

    Matrices of a lesson are small, and with several threads, which wait busily for cores that torch
    has, a batch can take ten times as long to make. Another library of matrices may be torch's own,
    and is left alone.
    """
    limited: AbstractContextManager[object]
    limited = ThreadpoolController().select(prefix="libscipy_openblas").limit(limits=1)
    return limited


def _descend(
    loss_of: Callable[[B], Tensor],
    parameters: Sequence[nn.Parameter],
    parts: Sequence[B],
    each: Callable[..., Iterable[tuple[float, Sequence[Tensor | None]]]],
) -> float:
    """Put the gradient of the parts' mean loss where optimisers look for it; answer the loss."""

    def gradients(part: B) -> tuple[float, Sequence[Tensor | None]]:
        loss = loss_of(part)
        return float(loss.detach()), torch.autograd.grad(loss, parameters, allow_unused=True)

    losses, every = zip(*each(gradients, parts), strict=True)
    for parameter, *slopes in zip(parameters, *every, strict=True):
        known = [slope for slope in slopes if slope is not None]
        parameter.grad = torch.stack(known).sum(dim=0).div_(len(parts)) if known else None
    return float(np.mean(losses))


def _step(optimiser: torch.optim.Optimizer) -> None:
    optimiser.step()


def _optimisers(
    network: nn.Module, tables: Collection[str], schedule: Schedule, precision: str
) -> list[torch.optim.Optimizer]:
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for name, parameter in network.named_parameters():
        between = parameter.dim() == 2 and name.rpartition(".")[0] not in tables
        (matrices if between else others).append(parameter)
    # Muon sees each matrix by itself, so that two of it can share the work.
    shares = [share for share in (matrices[::2], matrices[1::2]) if share]
    return [
        *(
            Muon(
                share,
                learning_rate=schedule.learning_rate,
                weight_decay=schedule.weight_decay,
                precision=getattr(torch, precision),
            )
            for share in shares
        ),
        torch.optim.AdamW(others, lr=schedule.table_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


@torch.no_grad()
def _move(average: nn.Module, network: nn.Module, share: float) -> None:
    for mean, now in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, share)


def _tensors(
    network: nn.Module, average: nn.Module, optimisers: list[torch.optim.Optimizer]
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
    network: nn.Module,
    average: nn.Module,
    optimisers: list[torch.optim.Optimizer],
) -> None:
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        part, _, name = key.partition("/")
        parts.setdefault(part, {})[name] = value
    network.load_state_dict(parts["network"])
    average.load_state_dict(parts["average"])
    for number, optimiser in enumerate(optimisers):
        states: dict[int, dict[str, Tensor]] = {}
        for key, value in parts[f"optimiser{number}"].items():
            parameter, _, name = key.partition("/")
            states.setdefault(int(parameter), {})[name] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": states})
