"""The network of the AlphaZero player: a board in, a probability for every move and a value out.

Silver et al., "Mastering the game of Go without human knowledge", Nature 2017, methods: a residual
tower with a policy head and a value head; here with squeeze and excitation after each residual
pair (Hu et al., CVPR 2018), which lets a small tower see the whole board at once.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from zoo.games.evaluators import Evaluator
from zoo.games.rules import Rules, State

_POLICY_PLANES, _VALUE_PLANES, _VALUE_WIDTH = 32, 16, 64


class _Convolution(nn.Module):
    """A convolution and its normalisation, which `fold` puts into one."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.norm(self.convolution(x))
        return result

    def fold(self) -> None:
        norm, convolution = self.norm, self.convolution
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        # (w * x - mean) gain / sqrt(var + eps) + bias  =  (scale w) * x + (bias - scale mean)
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        convolution.weight = nn.Parameter(convolution.weight * scale[:, None, None, None])
        convolution.bias = nn.Parameter(norm.bias - scale * norm.running_mean)
        self.norm = nn.Identity()


class _Block(nn.Module):
    """A residual pair of convolutions: [B, C, H, W] -> the same shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _Convolution(width, width, 3)
        self.second = _Convolution(width, width, 3)
        self.squeeze = nn.Linear(width, width // 4)
        self.excite = nn.Linear(width // 4, width)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.second(functional.relu(self.first(x)))
        share = torch.sigmoid(self.excite(functional.relu(self.squeeze(residual.mean((2, 3))))))
        return functional.relu(x + residual * share[:, :, None, None])


class PolicyValueNetwork(nn.Module):
    """Boards [B, planes, H, W] -> logits of every action [B, actions] and values [B] in -1..1."""

    def __init__(
        self, *, shape: Sequence[int], actions: int, width: int = 64, blocks: int = 5
    ) -> None:
        super().__init__()
        planes, height, across = shape
        squares = height * across
        self.enter = _Convolution(planes, width, 3)
        self.tower = nn.Sequential(*(_Block(width) for _ in range(blocks)))
        self.policy_planes = _Convolution(width, _POLICY_PLANES, 1)
        self.policy = nn.Linear(_POLICY_PLANES * squares, actions)
        self.value_planes = _Convolution(width, _VALUE_PLANES, 1)
        self.value_hidden = nn.Linear(_VALUE_PLANES * squares, _VALUE_WIDTH)
        self.value = nn.Linear(_VALUE_WIDTH, 1)

    def forward(self, boards: Tensor) -> tuple[Tensor, Tensor]:
        x = self.tower(functional.relu(self.enter(boards)))
        logits: Tensor = self.policy(functional.relu(self.policy_planes(x)).flatten(1))
        hidden = self.value_hidden(functional.relu(self.value_planes(x)).flatten(1))
        return logits, torch.tanh(self.value(functional.relu(hidden))).squeeze(1)

    def folded(self) -> Self:
        """A copy for inference, without normalisation layers."""
        network = copy.deepcopy(self).eval()
        for module in network.modules():
            if isinstance(module, _Convolution):
                module.fold()
        return network.requires_grad_(False)


class NetworkEvaluator:
    """A folded network as a search's evaluator (see `zoo.games.evaluators`).

    symmetric: whether to average over all symmetric views of a position, so that mirrored
        positions are judged the same.
    """

    def __init__(
        self,
        rules: Rules,
        network: PolicyValueNetwork,
        *,
        device: str = "cpu",
        precision: torch.dtype = torch.float32,
        symmetric: bool = False,
    ) -> None:
        self._rules = rules
        self._device = device
        self._precision = precision
        self._symmetric = symmetric
        self._network = copy.deepcopy(network).to(
            device, precision, memory_format=torch.channels_last
        )  # type: ignore[call-overload]

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        boards = self._rules.observe(states)
        if not self._symmetric:
            return self._judge(boards)
        # Each view's answer is turned back by applying the view's symmetry to a table of actions.
        numbers = np.tile(np.arange(self._rules.actions, dtype=np.float32), (len(boards), 1))
        views = self._rules.symmetries(boards, numbers)
        priors, values = self._judge(np.concatenate([board for board, _ in views]))
        mean = np.zeros((len(boards), self._rules.actions), np.float32)
        for view, (_, moved) in zip(np.split(priors, len(views)), views, strict=True):
            mean[:, moved[0].astype(int)] += view / len(views)
        return mean, values.reshape(len(views), -1).mean(0)

    def _judge(
        self, boards: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.inference_mode():
            x = torch.from_numpy(boards).to(self._device, self._precision)
            logits, values = self._network(x.contiguous(memory_format=torch.channels_last))
            priors = torch.softmax(logits.float(), 1)
            return priors.cpu().numpy(), values.float().cpu().numpy()


class RememberingEvaluator:
    """An evaluator's answers, each asked for once; of one that sees what `Rules.observe` gives.

    Games lead to the same positions by different moves, and a search looks at much of what the
    search before it has looked at.

    most: how many answers are kept; when there are more, all are forgotten. As many as fit into
        64 MiB, unless it is given.
    """

    def __init__(self, rules: Rules, evaluator: Evaluator, *, most: int | None = None) -> None:
        self._rules = rules
        self._evaluator = evaluator
        self._most = (1 << 24) // rules.actions if most is None else most
        self._rows: dict[bytes, int] = {}
        self._priors = np.empty((0, rules.actions), np.float32)
        self._values = np.empty(0, np.float32)

    def __call__(self, states: Sequence[State]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        boards = self._rules.observe(states)
        keys = [hashlib.blake2b(board, digest_size=16).digest() for board in boards]
        if len(self._rows) > self._most:
            self._rows.clear()
        fresh = {
            key: state for key, state in zip(keys, states, strict=True) if key not in self._rows
        }
        if fresh:
            self._keep(list(fresh), *self._evaluator(list(fresh.values())))
        rows = [self._rows[key] for key in keys]
        return self._priors[rows], self._values[rows]

    def _keep(
        self, keys: list[bytes], priors: NDArray[np.float32], values: NDArray[np.float32]
    ) -> None:
        first = len(self._rows)
        end = first + len(keys)
        if end > len(self._values):
            more = max(end, min(2 * len(self._values), self._most)) - len(self._values)
            self._priors = np.pad(self._priors, ((0, more), (0, 0)))
            self._values = np.pad(self._values, (0, more))
        self._priors[first:end], self._values[first:end] = priors, values
        self._rows.update(zip(keys, range(first, end), strict=True))
