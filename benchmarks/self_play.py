"""How much faster many games at once are played than one game at a time.

    python benchmarks/self_play.py [--width 64] [--blocks 6]

Both sides play Connect Four against themselves with the same network, the same search and the same
numbers of simulations, on one thread. One evaluates the leaves of 256 games together, the other
plays one game after the other and evaluates each leaf when it comes to it.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import torch

from zoo.games.network import PolicyValueNetwork
from zoo.games.rules import Rules
from zoo.games.self_play import Order, SelfPlay, work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--games", type=int, default=512, help="of the many at once")
    options = parser.parse_args()
    rules = Rules("connect_four")
    architecture = {
        "shape": rules.shape,
        "actions": rules.actions,
        "width": options.width,
        "blocks": options.blocks,
    }
    torch.manual_seed(0)
    network = PolicyValueNetwork(**architecture).folded()
    together = Order(
        game=rules.name,
        architecture=architecture,
        arrays={name: value.numpy() for name, value in network.state_dict().items()},
        how=SelfPlay(),
        games=options.games,
        seed=1,
    )
    one_by_one = dataclasses.replace(
        together, how=dataclasses.replace(together.how, slots=1), games=max(8, options.games // 32)
    )
    for order in (together, one_by_one):  # compilation and the first use of each shape
        work(dataclasses.replace(order, games=2))
    rates = []
    for name, order in (("256 games at once", together), ("one game at a time", one_by_one)):
        began = time.perf_counter()
        played = work(order)
        seconds = time.perf_counter() - began
        rates.append(played.games / seconds)
        moves = len(played.results) / seconds
        print(f"{name}: {3600 * rates[-1]:,.0f} games an hour, {moves:,.0f} moves a second")
    print(f"ratio: {rates[0] / rates[1]:.2f}")


if __name__ == "__main__":
    main()
