"""WaveNet a sample at a time, in machine code.

What a layer computed before is kept in a queue as long as its dilation, so that a sample costs one
matrix-vector product a layer and tap instead of a whole receptive field (Paine et al., "Fast
Wavenet Generation Algorithm", arXiv:1611.09482). What the layers are told of a frame is projected
for all frames and layers at once, before. All that changes is in a `State`, so sound can be made in
chunks: together they are the same as the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from zoo.compiled import compiled
from zoo.tts.mel import CODES, Codes, Frames
from zoo.tts.wavenet_network import SILENCE, Shape

F = TypeVar("F", bound=Callable[..., Any])
Floats = NDArray[np.float32]


class Matrices(NamedTuple):
    """Weights as they are multiplied from the right, [inputs, outputs], and biases.

    table: [256, width]. taps: [L, 2 width, 2 gates], the past first. residual: [L, gates, width].
    skip: [L · gates, skip]. hidden: [skip, hidden]. out: [hidden, 256].
    dilations, starts: [L], of each layer's part of the queue.
    """

    table: Floats
    taps: Floats
    residual: Floats
    residual_bias: Floats
    skip: Floats
    skip_bias: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: Floats
    dilations: NDArray[np.int64]
    starts: NDArray[np.int64]


@dataclass
class State:
    """Between two chunks: every layer's last inputs [sum of dilations, width].

    made: samples so far. last: the code of the last one.
    """

    queue: Floats
    made: int = 0
    last: int = SILENCE


class Kernel:
    """A network's weights, ready to make sound.

    arrays: of a `WaveNet`, by the names in its state dictionary.
    """

    def __init__(self, shape: Shape, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.shape = shape
        layers = range(len(shape.dilations))

        def weight(name: str) -> Floats:
            return np.ascontiguousarray(arrays[f"{name}.weight"].T, np.float32)

        def bias(name: str) -> Floats:
            return np.ascontiguousarray(arrays[f"{name}.bias"], np.float32)

        self._normal = [np.asarray(arrays[name], np.float32) for name in ("mean", "deviation")]
        self._context = [(weight(name), bias(name)) for name in ("frames", "context")]
        self._told = (
            np.concatenate([weight(f"layers.{n}.told") for n in layers], axis=1),
            np.concatenate([bias(f"layers.{n}.told") for n in layers]),
        )
        dilations = np.array(shape.dilations, np.int64)
        self._matrices = Matrices(
            np.ascontiguousarray(arrays["table.weight"], np.float32),
            np.stack([weight(f"layers.{n}.taps") for n in layers]),
            np.stack([weight(f"layers.{n}.residual") for n in layers]),
            np.stack([bias(f"layers.{n}.residual") for n in layers]),
            weight("skip"),
            bias("skip"),
            weight("hidden"),
            bias("hidden"),
            weight("out"),
            bias("out"),
            dilations,
            np.cumsum(dilations) - dilations,
        )

    def told(self, frames: Frames) -> Floats:
        """What each layer is told of each frame: [T, mels], T > 0, to [T, L, 2 gates].

        Beyond its ends a recording goes on as it begins and ends.
        """
        mean, deviation = self._normal
        margin = self.shape.margin
        x = np.pad((frames - mean) / deviation, ((margin, margin), (0, 0)), mode="edge")
        x = np.concatenate([x[n : n + len(frames)] for n in range(2 * margin + 1)], axis=1)
        for weight, bias in self._context:
            x = np.maximum(x @ weight + bias, 0)
        weight, bias = self._told
        told: Floats = (x @ weight + bias).astype(np.float32)
        return told.reshape(len(frames), len(self.shape.dilations), -1)

    def start(self) -> State:
        """Before the first sample."""
        return State(np.zeros((sum(self.shape.dilations), self.shape.width), np.float32))

    def codes(
        self,
        told: Floats,
        uniforms: NDArray[np.float64],
        state: State,
        temperature: float | NDArray[np.float64] = 1.0,
    ) -> Codes:
        """The next T · hop codes, after which `state` is that behind them.

        told: [T, L, 2 gates]. uniforms: [T · hop], of 0..1, one for the draw of each sample.
        temperature: by which logits are divided, above 0; one for all frames or [T].
        """
        if len(uniforms) != len(told) * self.shape.hop:
            raise ValueError(f"{len(uniforms)} draws for {len(told)} frames")
        codes = np.empty(len(uniforms), np.uint8)
        each = np.broadcast_to(np.asarray(temperature, np.float64), len(told)).copy()
        _generate(
            codes, uniforms, told, each, self.shape.hop, state.made, state.last, state.queue,
            self._matrices,
        )  # fmt: skip
        state.made += len(codes)
        state.last = int(codes[-1]) if len(codes) else state.last
        return codes


def _compiled(function: F) -> F:
    # A product may be fused with a sum; nothing is reordered, so that a machine repeats itself.
    return compiled(function, fastmath={"contract"}, error_model="numpy")


@_compiled
def _add_product(weights: Floats, x: Floats, y: Floats) -> None:
    """y[O] += x[I] weights[I, O], eight rows for each time that y is loaded and stored."""
    for i in range(0, weights.shape[0], 8):
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        x4, x5, x6, x7 = x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        for o in range(weights.shape[1]):
            y[o] += (
                x0 * weights[i, o]
                + x1 * weights[i + 1, o]
                + x2 * weights[i + 2, o]
                + x3 * weights[i + 3, o]
                + x4 * weights[i + 4, o]
                + x5 * weights[i + 5, o]
                + x6 * weights[i + 6, o]
                + x7 * weights[i + 7, o]
            )


@_compiled
def _tanh(x: np.float32) -> np.float32:
    """Within 1e-6, without branches, so that many are computed at once.

    The ninth convergent of Lambert's continued fraction h / (1 + h² / (3 + h² / (5 + …))) at
    h = x / 2, then tanh 2h = 2 tanh h / (1 + tanh² h). From 9 on, tanh is 1 in float32.
    """
    h = min(max(x, np.float32(-9)), np.float32(9)) * np.float32(0.5)
    s = h * h
    above = s + np.float32(990)
    above = above * s + np.float32(135135)
    above = above * s + np.float32(4729725)
    above = h * (above * s + np.float32(34459425))
    below = np.float32(45) * s + np.float32(13860)
    below = below * s + np.float32(945945)
    below = below * s + np.float32(16216200)
    below = below * s + np.float32(34459425)
    return np.float32(2) * above * below / (below * below + above * above)


@_compiled
def _gate(gates: Floats, units: Floats) -> None:
    """tanh(first half) sigmoid(second half): van den Oord et al. 2016, eq. 2."""
    half = np.float32(0.5)
    for g in range(len(units)):
        open_ = half + half * _tanh(half * gates[len(units) + g])
        units[g] = _tanh(gates[g]) * open_


@_compiled
def _rectify(x: Floats) -> None:
    for i in range(len(x)):
        x[i] = max(x[i], np.float32(0))


@_compiled
def _draw(logits: Floats, temperature: float, uniform: float) -> int:
    """The first code with which the cumulated probability exceeds `uniform`; spoils the logits."""
    highest, total = logits.max(), 0.0
    for code in range(len(logits)):
        logits[code] = np.exp((logits[code] - highest) / np.float32(temperature))
        total += logits[code]
    wanted, cumulated = uniform * total, 0.0
    for code in range(len(logits)):
        cumulated += logits[code]
        if cumulated > wanted:
            return code
    return len(logits) - 1


@_compiled
def _generate(
    codes: Codes,
    uniforms: NDArray[np.float64],
    told: Floats,
    temperatures: NDArray[np.float64],
    hop: int,
    made: int,
    code: int,
    queue: Floats,
    matrices: Matrices,
) -> None:
    """Fill `codes` and move `queue` on; `code` is that before, the `made`-th of all."""
    layers, width = len(matrices.dilations), matrices.table.shape[1]
    size = told.shape[2] // 2
    inputs, gates = np.empty(2 * width, np.float32), np.empty(2 * size, np.float32)
    units = np.empty(layers * size, np.float32)
    skip, hidden = np.empty_like(matrices.skip_bias), np.empty_like(matrices.hidden_bias)
    logits = np.empty(CODES, np.float32)
    x = inputs[width:]
    for n in range(len(codes)):
        frame = n // hop
        x[:] = matrices.table[code]
        for layer in range(layers):
            dilation = matrices.dilations[layer]
            slot = matrices.starts[layer] + (made + n) % dilation
            inputs[:width] = queue[slot]
            queue[slot] = x
            gates[:] = told[frame, layer]
            _add_product(matrices.taps[layer], inputs, gates)
            own = units[layer * size : (layer + 1) * size]
            _gate(gates, own)
            for o in range(width):
                x[o] += matrices.residual_bias[layer, o]
            _add_product(matrices.residual[layer], own, x)
        skip[:] = matrices.skip_bias
        _add_product(matrices.skip, units, skip)
        _rectify(skip)
        hidden[:] = matrices.hidden_bias
        _add_product(matrices.hidden, skip, hidden)
        _rectify(hidden)
        logits[:] = matrices.out_bias
        _add_product(matrices.out, hidden, logits)
        code = _draw(logits, temperatures[frame], uniforms[n])
        codes[n] = code
