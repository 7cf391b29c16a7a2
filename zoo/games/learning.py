"""From experience to a better network: the replay window, the optimiser and the checkpoint."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError, WeightsError
from zoo.games.checks import check_real, check_whole
from zoo.games.network import PolicyValueNetwork
from zoo.games.rules import Rules
from zoo.games.self_play import Experience
from zoo.precision import autocast
from zoo.progress import Progress

CHECKPOINT = "checkpoint.safetensors"
REPLAY = "replay"


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a network is trained over a run of self-play, or one stage of it.

    iterations: of self-play, learning and gating. games: of one iteration.
    window: the share of its iterations so far whose experience is learned from, the latest ones.
    passes: how often a position is used on average before it leaves the window, per iteration's
        worth of new positions.
    learning_rate: constant for the first `steady` of the iterations, then falls linearly to a
        fiftieth.
    bootstrap: the weight of the search's own value in the target, beside the game's result.
    averaging: steps over which the weights are averaged, exponentially; the average plays.
    """

    iterations: int = 80
    games: int = 2048
    window: float = 0.5
    passes: float = 3.0
    batch_size: int = 512
    learning_rate: float = 2e-3
    steady: float = 0.6
    weight_decay: float = 1e-2
    bootstrap: float = 0.5
    averaging: int = 500

    def __post_init__(self) -> None:
        check_whole(self, iterations=1, games=2, batch_size=2, averaging=1)
        check_real(self, passes=(0, None), learning_rate=(0, None), weight_decay=(0, None))
        check_real(self, window=(0, 1), steady=(0, 1), bootstrap=(0, 1))
        if self.games % 2 or self.steady == 1:
            raise InputError("Training takes an even number of games, and steady is less than 1.")

    def rate(self, iteration: int) -> float:
        """The learning rate of an iteration."""
        left = (1 - iteration / self.iterations) / (1 - self.steady)
        return self.learning_rate * min(1.0, max(left, 0.02))

    def first_of_window(self, iteration: int) -> int:
        """The earliest iteration whose experience the given one learns from."""
        # The first games are of the weakest player: they leave soon.
        return iteration + 1 - max(min(iteration + 1, 2), round(self.window * (iteration + 1)))


class Learner:
    """The network in training, its average, the optimiser and the player that last won the gate."""

    def __init__(
        self, rules: Rules, network: PolicyValueNetwork, precision: str = "float32"
    ) -> None:
        self.rules = rules
        self.precision = precision
        self.network = network
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.best = self.average.folded()
        self.iteration = 0
        self.steps = 0
        self._names: dict[Tensor, str] = {p: name for name, p in network.named_parameters()}
        self.optimiser = torch.optim.AdamW(network.parameters())

    def learn(
        self,
        experience: Experience,
        new: int,
        course: Course,
        iteration: int,
        random: np.random.Generator,
        report: Progress,
    ) -> dict[str, float]:
        """Learn from a window of experience of which `new` positions were just added.

        iteration: of the course, from 0.
        """
        steps = max(1, round(course.passes * new / course.batch_size))
        for group in self.optimiser.param_groups:
            group["lr"] = course.rate(iteration)
            group["weight_decay"] = course.weight_decay
        self.network.train()
        losses = []
        for _ in report.track(range(steps), f"learning {self.iteration + 1}", total=steps):
            rows = random.integers(len(experience.results), size=course.batch_size)
            losses.append(self._step(experience, rows, course, random))
        policy, value = torch.stack(losses).mean(0).tolist()
        return {"policy_loss": policy, "value_loss": value}

    def _step(
        self,
        experience: Experience,
        rows: NDArray[np.int64],
        course: Course,
        random: np.random.Generator,
    ) -> Tensor:
        """One step of the optimiser; the losses of policy and value [2]."""
        boards = experience.boards[rows].astype(np.float32)
        policies = experience.policies[rows].astype(np.float32)
        views = self.rules.symmetries(boards, policies)
        which, each = random.integers(len(views), size=len(rows)), np.arange(len(rows))
        boards = np.stack([board for board, _ in views])[which, each]
        policies = np.stack([policy for _, policy in views])[which, each]
        mix = course.bootstrap
        targets = (1 - mix) * experience.results[rows] + mix * experience.values[rows]
        taught = torch.from_numpy(experience.taught[rows]).float()
        device = next(self.network.parameters()).device
        x = torch.from_numpy(boards).to(device).contiguous(memory_format=torch.channels_last)
        with autocast(device, self.precision, cache=True):
            logits, values = self.network(x)
        told = torch.from_numpy(policies).to(device)
        cross = -(told * torch.log_softmax(logits.float(), 1)).sum(1)
        taught = taught.to(device)
        policy_loss = (cross * taught).sum() / taught.sum().clamp(min=1)
        aim = torch.from_numpy(targets.astype(np.float32)).to(device)
        value_loss = functional.mse_loss(values.float(), aim)
        self.optimiser.zero_grad()
        (policy_loss + value_loss).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.steps += 1
        self._move_average(course.averaging)
        return torch.stack((policy_loss, value_loss)).detach()

    @torch.no_grad()
    def _move_average(self, averaging: int) -> None:
        # Early on the average forgets faster, so that it does not remember the initial weights.
        share = 1 / min(averaging, 1 + self.steps / 4)
        now = self.network.state_dict()
        for name, mean in self.average.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(now[name], share)

    # --- on disk ----------------------------------------------------------------------------------

    def write(self, workspace: Path, run: str) -> None:
        """Write a checkpoint, whole or not at all."""
        momenta = {
            f"{self._names[parameter]}/{key}": value
            for parameter, state in self.optimiser.state.items()
            for key, value in state.items()
        }
        parts: dict[str, Mapping[str, Tensor]] = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "best": self.best.state_dict(),
            "optimiser": momenta,
        }
        tensors = {
            f"{part}/{name}": value.contiguous()
            for part, values in parts.items()
            for name, value in values.items()
        }
        facts = {"iteration": self.iteration, "steps": self.steps}
        new = (workspace / CHECKPOINT).with_suffix(".new")
        safetensors.torch.save_file(tensors, new, {"run": run, "facts": json.dumps(facts)})
        new.replace(workspace / CHECKPOINT)

    def read(self, workspace: Path, run: str) -> None:
        """Go on from the workspace's checkpoint, if there is one.

        Raises WeightsError if it is broken, or of a run with another game, seed or options: hours
        of work must not be overwritten by a slip.
        """
        path = workspace / CHECKPOINT
        if not path.is_file():
            return
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (safetensors.SafetensorError, OSError) as error:
            raise WeightsError(f"The checkpoint {str(path)!r} cannot be read: {error}.") from error
        if metadata.get("run") != run:
            raise WeightsError(
                f"{str(workspace)!r} holds a run with another game, seed or options; go on with "
                "those, name another workspace, or delete it."
            )
        parts: dict[str, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            part, _, name = key.partition("/")
            parts.setdefault(part, {})[name] = value
        self.network.load_state_dict(parts["network"])
        self.average.load_state_dict(parts["average"])
        self.best.load_state_dict(parts["best"])
        for parameter, name in self._names.items():
            state = {
                key: parts["optimiser"][f"{name}/{key}"]
                for key in ("step", "exp_avg", "exp_avg_sq")
            }
            # AdamW counts its steps on the CPU, wherever the weights are.
            moved = {key: value.to(parameter.device) for key, value in state.items()}
            self.optimiser.state[parameter] = {**moved, "step": state["step"]}
        facts = json.loads(metadata["facts"])
        self.iteration, self.steps = facts["iteration"], facts["steps"]


@dataclass
class Replay:
    """The experience of the latest iterations, each in a file of its own if there is a folder."""

    folder: Path | None
    held: dict[int, Experience]

    @classmethod
    def opened(cls, folder: Path | None, first: int, end: int) -> Replay:
        """Read the iterations from `first` up to `end`, and delete what is older.

        Raises WeightsError if one is broken.
        """
        held = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob("[0-9]*.safetensors"):  # nobody else's
                if path.name < _file_name(first):
                    path.unlink()
            for iteration in range(first, end):
                path = folder / _file_name(iteration)
                try:
                    held[iteration] = Experience.of(safetensors.numpy.load_file(path))
                except (safetensors.SafetensorError, OSError, LookupError, TypeError) as error:
                    raise WeightsError(
                        f"The experience {str(path)!r} cannot be read: {error}."
                    ) from error
        return cls(folder, held)

    def add(self, iteration: int, experience: Experience) -> None:
        """Keep an iteration's experience."""
        self.held[iteration] = experience
        if self.folder is not None:
            new = self.folder / "new.safetensors"
            safetensors.numpy.save_file(experience.arrays(), new)
            new.replace(self.folder / _file_name(iteration))

    def window(self, first: int) -> Experience:
        """All experience from iteration `first` on; what is older is forgotten."""
        for iteration in [iteration for iteration in self.held if iteration < first]:
            del self.held[iteration]
            if self.folder is not None:
                (self.folder / _file_name(iteration)).unlink(missing_ok=True)
        return Experience.joined([self.held[iteration] for iteration in sorted(self.held)])


def _file_name(iteration: int) -> str:
    return f"{iteration:04d}.safetensors"
